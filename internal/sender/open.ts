import { killPayouts, type Payout, setSkyHead, settlePayout, unconfirmedPayouts } from "#internal/book";
import { unixSeconds } from "#internal/clock";
import type { Meeting, SenderDeps } from "./deps.ts";
import { fateOf } from "./fate.ts";

/** Followed tells what became of the oldest open payout. */
export type Followed =
  | { readonly kind: "none" }
  | { readonly kind: "settled" }
  | { readonly kind: "waiting"; readonly trouble: string };

/** A payout that is neither confirmed nor dead after so many newer blocks, or so long, is told. */
const lateBlocks = 3;
const lateSeconds = 600;

/**
 * followOpen looks for the oldest payout that is signed and not confirmed: settles it, takes it back
 * on proof that it is dead, or else sends the same bytes again.
 */
export async function followOpen(deps: SenderDeps, meeting: Meeting): Promise<Followed> {
  const [payout] = deps.store.read((reader) => unconfirmedPayouts(reader, 1));
  if (payout === undefined) return { kind: "none" };
  const fate = await fateOf(payout, deps.node, meeting.head, meeting.signal);
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
    settlePayout(tx, { seq: payout.seq, block: fate.block, at });
    setSkyHead(tx, fate.block);
  });
  deps.crash("payout.settled");
  deps.log.info("payout confirmed", { payout: payout.seq, txid: payout.txid, block: fate.block.seq });
  return { kind: "settled" };
}

async function resend(deps: SenderDeps, meeting: Meeting, payout: Payout): Promise<Followed> {
  if (!deps.sendEnabled) return { kind: "waiting", trouble: "" };
  const answer = await deps.node.inject(payout.raw, meeting.signal);
  deps.crash("payout.sent");
  deps.log.debug("payout sent", { payout: payout.seq, txid: payout.txid });
  if (!answer.ok)
    return { kind: "waiting", trouble: `payout ${payout.seq} is refused for now: ${answer.refusal}` };
  return { kind: "waiting", trouble: lateness(deps, meeting, payout) };
}

/** A late payout waits for a replacement, which a person must know of: nothing else is paid before it. */
function lateness(deps: SenderDeps, meeting: Meeting, payout: Payout): string {
  const blocks = meeting.head.seq - payout.built_on.seq;
  const seconds = unixSeconds(deps.clock) - payout.signed_at;
  if (blocks < lateBlocks && seconds < lateSeconds) return "";
  return `payout ${payout.seq} (${payout.txid}) is not confirmed after ${blocks} blocks and ${seconds} seconds; it is held until it is`;
}
