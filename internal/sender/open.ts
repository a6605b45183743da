import { killPayouts, type Payout, setSkyHead, settlePayout, unconfirmedPayouts } from "#internal/book";
import { unixSeconds } from "#internal/clock";
import type { Meeting, SenderDeps } from "./deps.ts";
import { fateOf } from "./fate.ts";
import { isLate, replace } from "./replace.ts";

/** Followed tells what became of the oldest open payout; `settled` asks for another look at once. */
export type Followed =
  | { readonly kind: "none" }
  | { readonly kind: "settled" }
  | { readonly kind: "waiting"; readonly trouble: string };

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
    settlePayout(tx, { seq: payout.seq, txid: fate.txid, block: fate.block, at });
    setSkyHead(tx, fate.block);
  });
  deps.crash("payout.settled");
  deps.log.info("payout confirmed", { payout: payout.seq, txid: fate.txid, block: fate.block.seq });
  return { kind: "settled" };
}

/** resend sends the newest bytes again, or another attempt when they have waited too long. */
async function resend(deps: SenderDeps, meeting: Meeting, payout: Payout): Promise<Followed> {
  if (!deps.sendEnabled) return { kind: "waiting", trouble: "" };
  const answer = await deps.node.inject(payout.raw, meeting.signal);
  deps.crash("payout.sent");
  deps.log.debug("payout sent", { payout: payout.seq, txid: payout.txid });
  if (!isLate(payout, meeting, unixSeconds(deps.clock))) {
    const refused = answer.ok
      ? ""
      : `the Skycoin node refuses payout ${payout.seq}, which is sent again: ${answer.refusal}`;
    return { kind: "waiting", trouble: refused };
  }
  const replaced = await replace(deps, meeting, payout);
  if (replaced.kind === "replaced") return { kind: "settled" };
  const name = `payout ${payout.seq} (${payout.txid})`;
  return { kind: "waiting", trouble: `${name} does not confirm, and is not replaced: ${replaced.reason}` };
}
