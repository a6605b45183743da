import type { Tx } from "#internal/db";
import { accept, invariant, refuse, type Result } from "#internal/fault";
import { anchors, deposits, infos, openPayouts, payoutByTxid, payouts } from "./buckets.ts";
import { infoOf, save, settledElsewhere, stillDue } from "./deposits.ts";
import { record } from "./events.ts";
import { anchorOf, payoutByTransaction } from "./payouts.ts";
import { barringRival, standingRival } from "./see.ts";
import type { Anchor, Attempt, DepositInfo, Payout, PayoutOutput } from "./rows.ts";
import { setSkyHead } from "./sky.ts";
import { change, take } from "./totals.ts";

/** Who is a person and the reason that the person gives; both go into the log of events. */
export interface Who {
  readonly who: string;
  readonly why: string;
  /** Unix seconds. */
  readonly at: number;
}

const said = ({ who, why }: Who) => `${who}: ${why}`;

/** Adopted is a confirmed transaction that spends our anchor, and what it pays. */
export interface Adopted extends Attempt {
  readonly anchor: string;
  readonly block: { readonly seq: number; readonly hash: string };
  readonly outputs: readonly PayoutOutput[];
  /** The deposits that it pays, as the operator's command found them. */
  readonly deposits: readonly string[];
  /** Those of which the operator has said before that it paid them. */
  readonly settled?: readonly string[];
}

/**
 * adoptPayout takes a transaction that this store did not know for one of ours: these deposits are paid
 * by it, its change is the anchor. Refused when the anchor moved, a payout is open, or one of the
 * deposits is not due any more.
 */
export function adoptPayout(tx: Tx, adopted: Adopted, who: Who): Result<number, string> {
  const { deposits: paying, settled = [], block, anchor: uxid, ...facts } = adopted;
  const anchor = anchorOf(tx);
  if (anchor?.uxid !== uxid) return refuse("the anchor has moved on meanwhile");
  if (tx.keys(openPayouts, { limit: 1 }).length > 0)
    return refuse("a payout is open: wait until it is settled");
  const known = payoutByTransaction(tx, facts.txid);
  // One that was proved dead and confirmed after all, on a chain that changed, is taken for paid like any other.
  if (known !== undefined && known.state !== "dead") {
    return refuse(`${facts.txid} is a payout of this store already`);
  }
  const rows = paying.map((id) => infoOf(tx, id));
  const notDue = rows.find((info) => !stillDue(info, "waiting_send"));
  if (notDue !== undefined) return refuse(`${notDue.deposit_id} is not due any more`);
  const seq = take(tx, "next_payout");
  const payout: Payout = {
    ...facts,
    anchor,
    seq,
    state: "confirmed",
    block,
    deposits: [...paying, ...settled],
    earlier: [],
    dead: "",
  };
  tx.put(payouts, seq, payout);
  tx.put(payoutByTxid, payout.txid, seq.toString());
  tx.put(anchors, "anchor", { ...payout.change, payout: seq });
  // A chain without this block must be noticed, as for a payout that was settled.
  setSkyHead(tx, block);
  for (const info of rows) {
    const paid = { txid: payout.txid, sky_sent: info.sky_owed, payout: seq, updated_at: who.at };
    save(tx, info, { ...info, ...paid, status: "done" });
  }
  for (const id of settled) {
    const info = infoOf(tx, id);
    invariant(
      info.txid === facts.txid && info.settled !== "",
      `book: ${id} was not settled by ${facts.txid}`,
    );
    // They stand and fall with it: a block that is gone, or a proof that it is dead, is about them as well.
    save(tx, info, { ...info, payout: seq, updated_at: who.at });
  }
  const sum = payout.outputs.reduce((total, output) => total + output.coins, 0n);
  change(tx, (now) => ({ sent: now.sent + sum }));
  record(tx, who.at, "payout_adopted", seq.toString(), `${payout.txid} ${said(who)}`);
  return accept(seq);
}

/**
 * moveAnchor takes another output of the wallet as the anchor, because a transaction that pays none of
 * ours has spent the one before. Refused when the anchor moved, or a payout is open.
 */
export function moveAnchor(tx: Tx, from: string, to: Omit<Anchor, "payout">, who: Who): Result<void, string> {
  const anchor = anchorOf(tx);
  if (anchor?.uxid !== from) return refuse("the anchor has moved on meanwhile");
  if (tx.keys(openPayouts, { limit: 1 }).length > 0)
    return refuse("a payout is open: wait until it is settled");
  tx.put(anchors, "anchor", { ...to, payout: 0 });
  record(tx, who.at, "anchor_moved", to.uxid, said(who));
  return accept(undefined);
}

/**
 * settleByHand ends a deposit that somebody else's transaction has paid, or takes a deposit that is paid
 * already off the list of those that wait for a person. Refused while signed bytes of ours may pay it.
 */
export function settleByHand(tx: Tx, id: string, txid: string, who: Who): Result<void, string> {
  const info = tx.get(infos, id);
  if (info === undefined) return refuse(`there is no credited deposit ${id}`);
  if (info.settled !== "") return refuse(`${id} is settled already: ${info.settled}`);
  if (info.replaced_by !== "") {
    return refuse(`${id} was replaced by ${info.replaced_by}, which spends the same coin: settle that one`);
  }
  const open = info.payout !== 0 && tx.has(openPayouts, info.payout);
  if (open || info.status === "waiting_confirm") {
    return refuse(
      `${id} is in payout ${info.payout}, whose bytes are signed; only their proved death frees it`,
    );
  }
  const deposit = tx.get(deposits, id);
  const rival = deposit === undefined || info.status === "done" ? undefined : standingRival(tx, deposit);
  if (rival !== undefined) {
    return refuse(
      `${id} is not on the chain, but ${rival}, which spends the same coin: settle that one, or release this one`,
    );
  }
  const note = `paid by ${txid}; ${said(who)}`;
  if (info.status === "done") {
    if (info.held === "" && !info.reversed) return refuse(`${id} is done and waits for nobody`);
    save(tx, info, { ...info, settled: note, updated_at: who.at });
  } else {
    const paid = { txid, sky_sent: info.sky_owed, settled: note, updated_at: who.at };
    save(tx, info, { ...info, ...paid, status: "done" });
  }
  invariant(tx.get(infos, id)?.settled === note, `book: ${id} was not settled`);
  record(tx, who.at, "deposit_settled", id, note);
  return accept(undefined);
}

/**
 * releaseDeposit lets a deposit go on by itself that a person has looked at: one that is held may be paid now, one that
 * a reorg took back waits in silence until it is mined again. Gives what will happen. Refused where the coin
 * was paid for already, or might be.
 */
export function releaseDeposit(tx: Tx, id: string, who: Who): Result<string, string> {
  const info = tx.get(infos, id);
  if (info === undefined) return refuse(`there is no credited deposit ${id}`);
  const refusal = whyNotRelease(tx, info);
  if (refusal !== undefined) return refuse(`${id} ${refusal}`);
  const deposit = tx.get(deposits, id);
  invariant(deposit !== undefined, `book: no deposit ${id}`);
  // Else a reorg that brings it again would bring back the reason of its first sight.
  tx.put(deposits, id, { ...deposit, held: "" });
  save(tx, info, { ...info, held: "", released: info.reversed, updated_at: who.at });
  record(tx, who.at, "deposit_released", id, said(who));
  return accept(
    info.reversed ? `${id} goes on when it is mined again` : `${id} goes on; it was held: ${info.held}`,
  );
}

function whyNotRelease(tx: Tx, info: DepositInfo): string | undefined {
  const { deposit_id: id, status, held, reversed } = info;
  const waits = held !== "" || (reversed && info.released !== true);
  if (!waits || info.settled !== "") return "waits for nobody";
  if (info.replaced_by !== "") return `was replaced by ${info.replaced_by}, which spends the same coin`;
  if (status === "done" || status === "waiting_confirm")
    return "has a payout: what is done can only be settled (paid)";
  if (info.sky_address === "")
    return "belongs to nobody whom teller could pay: it can only be settled (paid)";
  if (held.startsWith(settledElsewhere))
    return `was settled by hand before (${held}): it can only be settled again (paid)`;
  const deposit = tx.get(deposits, id);
  return deposit === undefined ? undefined : barringRival(tx, deposit);
}

/** recordRescan notes that a person had a chain scanned again, from this height on. */
export function recordRescan(tx: Tx, from: number, who: Who): void {
  record(tx, who.at, "rescanned", `from ${from}`, said(who));
}
