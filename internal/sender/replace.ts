import { type Payout, replacePayout, unconfirmedPayouts } from "#internal/book";
import { unixSeconds } from "#internal/clock";
import { buildReplacement, inputRoom } from "./build.ts";
import type { Meeting, SenderDeps } from "./deps.ts";
import type { Waited } from "./sendings.ts";
import { ask, signDraft } from "./draft.ts";
import { wealth } from "./purse.ts";

/** A payout that is neither confirmed nor dead after so many newer blocks is replaced; */
const lateBlocks = 3;
/** lateMs is how long it waits without them. */
export const lateMs = 600_000;
/** After so many attempts a person must look: more fee does not help. */
export const mostAttempts = 8;

/**
 * isLate tells whether the newest attempt at a payout has waited long enough for another one. Where the
 * chain stands still more fee does not help, so only the first attempt is replaced then: it may wait for
 * a publisher who asks for more than our node says.
 */
export function isLate(payout: Payout, meeting: Meeting, waited: Waited): boolean {
  if (waited.blocks >= lateBlocks) return true;
  const moved = meeting.head.seq > payout.built_on.seq;
  return waited.ms >= lateMs && (moved || payout.earlier.length === 0);
}

/** Replaced tells what became of a late payout: another attempt is stored, or why there is none. */
export type Replaced = { readonly kind: "replaced" } | { readonly kind: "not"; readonly reason: string };

const not = (reason: string): Replaced => ({ kind: "not", reason });

/**
 * replace gives a late payout another attempt: the same deposits and outputs, the same anchor, more
 * fee. It is stored before it is sent, like every attempt; since they share an input, at most
 * one of them confirms (`money-path` rule 5).
 */
export async function replace(deps: SenderDeps, meeting: Meeting, payout: Payout): Promise<Replaced> {
  if (payout.earlier.length + 1 >= mostAttempts) return not(`${mostAttempts} attempts did not confirm`);
  const open = deps.store.read((reader) => unconfirmedPayouts(reader, 2));
  if (open.length > 1) return not("payouts after it spend its change");
  if (!deps.signer.addresses.includes(payout.anchor.address)) {
    return not(`the wallet has no key for ${payout.anchor.address}`);
  }
  const now = await wealth(deps, meeting);
  const anchor = now.outputs.unspent.find((one) => one.uxid === payout.anchor.uxid);
  if (anchor === undefined) return not("the node does not list its anchor as unspent");
  const before = now.outputs.unspent.filter(
    (one) => one.uxid !== anchor.uxid && payout.inputs.includes(one.uxid),
  );
  const known = new Set(payout.inputs);
  const rich = now.spendable
    .filter((one) => !known.has(one.uxid) && one.hours > 0n)
    .sort((a, b) => (a.hours < b.hours ? 1 : -1));
  const room = inputRoom(meeting.health, 1 + before.length, payout.outputs.length);
  const order = { outputs: payout.outputs, changeAddress: payout.change.address, health: meeting.health };
  const draft =
    buildReplacement([anchor, ...before], order, payout.fee) ??
    buildReplacement([anchor, ...before, ...rich.slice(0, room)], order, payout.fee);
  if (draft === undefined) return not("the wallet has no more coin hours to burn");
  const answer = await ask(deps, meeting, draft);
  if (!answer.ok) return not(`a replacement is refused: ${answer.refusal}`);
  const attempt = signDraft(deps, meeting, draft);
  const stored = await deps.store.write((tx) => replacePayout(tx, payout.seq, attempt));
  if (!stored) return not("something changed meanwhile");
  deps.crash("payout.replaced");
  const waited = unixSeconds(deps.clock) - payout.signed_at;
  deps.log.warn("payout replaced", { payout: payout.seq, txid: attempt.txid, fee: attempt.fee, waited });
  return { kind: "replaced" };
}
