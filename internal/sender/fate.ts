import { type Attempt, attemptsOf, type Payout } from "#internal/book";
import { type Head, type Node, reallySpends } from "#internal/skycoin";

/**
 * Fate is what is known of a signed payout. `dead` needs positive proof; absence, refusals, error
 * texts and age prove nothing (`money-path` rule 4).
 */
export type PayoutFate =
  | {
      readonly kind: "confirmed";
      readonly txid: string;
      readonly block: { readonly seq: number; readonly hash: string };
    }
  | { readonly kind: "dead"; readonly proof: string }
  | { readonly kind: "unknown" };

/** A spend counts as proof when it is this deep, its own block included. */
const proofDepth = 3;

/**
 * fateOf asks the node what became of a payout: confirmed when one of its attempts is in a block and the
 * ledger has its change, dead when each of them is proved dead, unknown otherwise.
 */
export async function fateOf(
  payout: Payout,
  node: Node,
  head: Head,
  signal: AbortSignal,
): Promise<PayoutFate> {
  const asking = { node, head, signal };
  const attempts = attemptsOf(payout);
  for (const attempt of attempts.toReversed()) {
    const block = await blockOf(attempt, asking);
    if (block !== undefined) return { kind: "confirmed", txid: attempt.txid, block };
  }
  const own = new Set(attempts.map(({ txid }) => txid));
  let proof = "";
  for (const attempt of attempts) {
    const found = await proofOfDeath(attempt, own, asking);
    if (found === undefined) return { kind: "unknown" };
    proof = found;
  }
  return { kind: "dead", proof };
}

/** One false "confirmed" would settle a payout that was never sent, so the ledger must know its change as well. */
async function blockOf(
  { txid, change }: Attempt,
  { node, signal }: Asking,
): Promise<{ seq: number; hash: string } | undefined> {
  const status = await node.transaction(txid, signal);
  if (status?.confirmed !== true || status.blockSeq === undefined) return undefined;
  if ((await node.uxout(change.uxid, signal)) === undefined) return undefined;
  const hash = await node.blockHash(status.blockSeq, signal);
  return hash === undefined ? undefined : { seq: status.blockSeq, hash };
}

interface Asking {
  readonly node: Node;
  readonly head: Head;
  readonly signal: AbortSignal;
}

/** proofOfDeath finds an input of this attempt that another transaction, none of ours, has really spent. */
async function proofOfDeath(
  attempt: Attempt,
  own: ReadonlySet<string>,
  asking: Asking,
): Promise<string | undefined> {
  const { node, head, signal } = asking;
  for (const input of attempt.inputs) {
    const output = await node.uxout(input, signal);
    const spent = output?.spent;
    if (output === undefined || spent === undefined || own.has(spent.txid)) continue;
    if (head.seq - spent.blockSeq + 1 < proofDepth) continue;
    const raw = await node.rawTransaction(spent.txid, signal);
    if (raw === undefined || !reallySpends(raw, spent.txid, { uxid: input, owner: output.address })) continue;
    return `${input} was spent by ${spent.txid} in block ${spent.blockSeq}`;
  }
  return undefined;
}
