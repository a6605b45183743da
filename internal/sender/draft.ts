import type { Attempt } from "#internal/book";
import { unixSeconds } from "#internal/clock";
import { Fault, invariant, refuse, type Result } from "#internal/fault";
import { decodeTransactionHex, parseAddress, validate } from "#internal/skycoin";
import { changeOf, type Draft } from "./build.ts";
import type { Meeting, SenderDeps } from "./deps.ts";

/** ask puts a draft to our own validator and then to the node, unsigned; neither keeps anything. */
export async function ask(deps: SenderDeps, meeting: Meeting, draft: Draft): Promise<Result<void, string>> {
  const { health, signal } = meeting;
  const spends = draft.inputs.map(({ address, coins, hours, uxid }) => {
    const parsed = parseAddress(address);
    invariant(parsed.ok, `sender: the node lists an output of ${address}`);
    return { uxid, address: parsed.value, coins, hours };
  });
  const rules = {
    burnFactor: health.burnFactor,
    maxSize: health.maxTransactionSize,
    maxDecimals: health.maxDecimals,
  };
  const own = validate({ tx: draft.transaction, spends, rules, form: "unsigned" });
  if (!own.ok) return refuse(own.refusal.text);
  return deps.node.verify(draft.unsignedHex, signal);
}

/** signDraft signs a draft. Throws a `Fault` (`stop`) when a key is missing. Nothing is stored or sent. */
export function signDraft(deps: SenderDeps, meeting: Meeting, draft: Draft): Attempt {
  const owners = draft.inputs.map((input) => input.address);
  const { raw, txid } = deps.signer.sign(draft.unsignedHex, owners);
  const signed = decodeTransactionHex(raw);
  if (!signed.ok)
    throw new Fault("sender.sign", "stop", `the signed payout does not decode: ${signed.refusal}`);
  return {
    txid,
    raw,
    inputs: draft.inputs.map((input) => input.uxid),
    change: changeOf(draft, signed.value),
    fee: draft.fee,
    signed_at: unixSeconds(deps.clock),
    built_on: { seq: meeting.head.seq, hash: meeting.head.hash },
  };
}
