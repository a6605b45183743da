import {
  killPayouts,
  type Payout,
  payoutOf,
  setSkyHead,
  settlePayout,
  unconfirmedPayouts,
} from "#internal/book";
import { unixSeconds } from "#internal/clock";
import type { Desk, Meeting, SenderDeps } from "./deps.ts";
import { fateOf, type PayoutFate } from "./fate.ts";
import { isLate, lateMs, replace } from "./replace.ts";
import type { Waited } from "./sendings.ts";

/** Followed tells what became of the oldest open payout; `settled` asks for another look at once. */
export type Followed =
  | { readonly kind: "none" }
  | { readonly kind: "settled" }
  | { readonly kind: "waiting"; readonly trouble: string; readonly payout: Payout };

/**
 * followOpen looks for the oldest payout that is signed and not confirmed: settles it, takes it back
 * on proof that it is dead, or else sends the same bytes again.
 */
export async function followOpen(deps: Desk, meeting: Meeting): Promise<Followed> {
  const [payout] = deps.store.read((reader) => unconfirmedPayouts(reader, 1));
  if (payout === undefined) return { kind: "none" };
  const fate =
    orphaned(deps, meeting, payout) ?? (await fateOf(payout, deps.node, meeting.head, meeting.signal));
  if (fate.kind === "unknown") return resend(deps, meeting, payout);
  const at = unixSeconds(deps.clock);
  if (fate.kind === "dead") {
    await deps.store.write((tx) => killPayouts(tx, payout.seq, fate.proof, at));
    deps.log.watch("payout is dead: its deposits are due again", {
      payout: payout.seq,
      txid: payout.txid,
      proof: fate.proof,
    });
    return { kind: "settled" };
  }
  deps.crash("payout.seen");
  await deps.store.write((tx) => {
    settlePayout(tx, { seq: payout.seq, txid: fate.txid, block: fate.block, at });
    setSkyHead(tx, fate.block);
  });
  deps.crash("payout.settled");
  deps.log.info("payout confirmed", { payout: payout.seq, txid: fate.txid, block: fate.block.seq });
  return { kind: "settled" };
}

const refusedText = (payout: Payout, reason: string) =>
  `the Skycoin node refuses payout ${payout.seq}, which is sent again: ${reason}`;

/** A payout that waits for long without another attempt: the chain makes no blocks, or the node is behind. */
function stalled(payout: Payout, waited: Waited): string {
  if (waited.ms < lateMs) return "";
  const minutes = Math.floor(waited.ms / 60_000);
  return `payout ${payout.seq} (${payout.txid}) is not confirmed after ${minutes} minutes: the chain makes no blocks`;
}

/** As deep as any proof that something is dead. */
const proofDepth = 3;

/** A payout whose anchor is the change of an attempt that lost against another one can never confirm. */
function orphaned(deps: SenderDeps, meeting: Meeting, payout: Payout): PayoutFate | undefined {
  const { payout: seq, uxid } = payout.anchor;
  const before = seq === 0 ? undefined : deps.store.read((reader) => payoutOf(reader, seq));
  if (before?.state !== "confirmed" || before.block === undefined || before.change.uxid === uxid)
    return undefined;
  if (meeting.head.seq - before.block.seq + 1 < proofDepth) return undefined;
  return { kind: "dead", proof: `its anchor ${uxid} is of an attempt that lost against ${before.txid}` };
}

/** resend sends the newest bytes again, or another attempt when they have waited too long. */
async function resend(deps: Desk, meeting: Meeting, payout: Payout): Promise<Followed> {
  const waiting = (trouble: string) => ({ kind: "waiting", trouble, payout }) as const;
  if (!deps.sendEnabled) return waiting("");
  const answer = await deps.node.inject(payout.raw, meeting.signal);
  deps.crash("payout.sent");
  deps.log.debug("payout sent", { payout: payout.seq, txid: payout.txid });
  // A block may have come between the look and the bytes: then their inputs are spent, as they should be.
  const cameThrough = async () =>
    (await fateOf(payout, deps.node, meeting.head, meeting.signal)).kind === "confirmed";
  if (!answer.ok && (await cameThrough())) return { kind: "settled" };
  const waited = deps.sendings.waited(payout.txid, meeting.head);
  if (meeting.behind || !isLate(payout, meeting, waited)) {
    return waiting(answer.ok ? stalled(payout, waited) : refusedText(payout, answer.refusal));
  }
  const replaced = await replace(deps, meeting, payout);
  if (replaced.kind === "replaced") return { kind: "settled" };
  const name = `payout ${payout.seq} (${payout.txid})`;
  return waiting(`${name} does not confirm, and is not replaced: ${replaced.reason}`);
}
