import type { Payout } from "#internal/book";
import {
  decodeTransactionHex,
  type Head,
  hashToSign,
  type Node,
  parseAddress,
  signerAddress,
  txidOf,
} from "#internal/skycoin";

/**
 * Fate is what is known of a signed payout. `dead` needs positive proof; absence, refusals, error
 * texts and age prove nothing (`money-path` rule 4).
 */
export type PayoutFate =
  | { readonly kind: "confirmed"; readonly block: { readonly seq: number; readonly hash: string } }
  | { readonly kind: "dead"; readonly proof: string }
  | { readonly kind: "unknown" };

/** A spend counts as proof when it is this deep, its own block included. */
const proofDepth = 3;

/** fateOf asks the node what became of a payout. */
export async function fateOf(
  payout: Payout,
  node: Node,
  head: Head,
  signal: AbortSignal,
): Promise<PayoutFate> {
  const status = await node.transaction(payout.txid, signal);
  if (status?.confirmed === true && status.blockSeq !== undefined) {
    const hash = await node.blockHash(status.blockSeq, signal);
    if (hash !== undefined) return { kind: "confirmed", block: { seq: status.blockSeq, hash } };
  }
  for (const input of payout.inputs) {
    const proof = await proofOfDeath(payout, input, { node, head, signal });
    if (proof !== undefined) return { kind: "dead", proof };
  }
  return { kind: "unknown" };
}

interface Asking {
  readonly node: Node;
  readonly head: Head;
  readonly signal: AbortSignal;
}

async function proofOfDeath(payout: Payout, input: string, asking: Asking): Promise<string | undefined> {
  const { node, head, signal } = asking;
  const output = await node.uxout(input, signal);
  const spent = output?.spent;
  if (output === undefined || spent === undefined || spent.txid === payout.txid) return undefined;
  if (head.seq - spent.blockSeq + 1 < proofDepth) return undefined;
  const raw = await node.rawTransaction(spent.txid, signal);
  if (raw === undefined || !reallySpends(raw, spent.txid, { uxid: input, owner: output.address }))
    return undefined;
  return `${input} was spent by ${spent.txid} in block ${spent.blockSeq}`;
}

/** reallySpends checks that these bytes are that transaction, spend our output, and carry its owner's signature. */
export function reallySpends(raw: string, txid: string, output: { uxid: string; owner: string }): boolean {
  const decoded = decodeTransactionHex(raw);
  if (!decoded.ok || txidOf(decoded.value) !== txid) return false;
  const at = decoded.value.inputs.indexOf(output.uxid);
  const signature = decoded.value.signatures[at];
  const owner = parseAddress(output.owner);
  if (at < 0 || signature === undefined || !owner.ok) return false;
  const signer = signerAddress(hashToSign(decoded.value, at), signature);
  return signer.ok && signer.value === owner.value;
}
