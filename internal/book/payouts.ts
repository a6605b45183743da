import type { Reader, Tx } from "#internal/db";
import { invariant } from "#internal/fault";
import { anchors, openPayouts, payoutByTxid, payouts } from "./buckets.ts";
import { stoppedCoins } from "./chain.ts";
import { infoOf, save, settledElsewhere, stillDue } from "./deposits.ts";
import { record } from "./events.ts";
import type { Anchor, Attempt, DepositInfo, Payout, PayoutOutput } from "./rows.ts";
import { change, take } from "./totals.ts";

const anchorKey = "anchor";

/** anchorOf gives the output that the next payout must spend, or undefined before the first one is chosen. */
export function anchorOf(reader: Reader): Anchor | undefined {
  return reader.get(anchors, anchorKey);
}

/** setAnchor stores the first anchor, chosen when the store first meets the node. Later ones follow from payouts. */
export function setAnchor(tx: Tx, anchor: Anchor): void {
  invariant(anchorOf(tx) === undefined, "book: there is an anchor already");
  tx.put(anchors, anchorKey, anchor);
}

/** payoutOf gives the payout with this number. */
export function payoutOf(reader: Reader, seq: number): Payout | undefined {
  return reader.get(payouts, seq);
}

/** payoutByTransaction gives the payout that one of whose attempts has this txid. */
export function payoutByTransaction(reader: Reader, txid: string): Payout | undefined {
  const seq = reader.get(payoutByTxid, txid);
  return seq === undefined ? undefined : payoutOf(reader, Number(seq));
}

/** latestPayout gives the newest payout of any state. */
export function latestPayout(reader: Reader): Payout | undefined {
  return reader.rows(payouts, { start: Number.MAX_SAFE_INTEGER, end: 0, reverse: true, limit: 1 })[0]?.value;
}

/** unconfirmedPayouts gives payouts that are signed and not confirmed, oldest first. */
export function unconfirmedPayouts(reader: Reader, limit: number): Payout[] {
  return reader.keys(openPayouts, { limit }).map((seq) => mustHave(reader, seq));
}

/** doneSince gives confirmed payouts among the newest `limit` up to `upTo`, newest first. */
export function doneSince(reader: Reader, limit: number, upTo = Number.MAX_SAFE_INTEGER): Payout[] {
  const range = { start: upTo, end: 0, reverse: true, limit } as const;
  return reader.rows(payouts, range).flatMap(({ value }) => (value.state === "confirmed" ? [value] : []));
}

function mustHave(reader: Reader, seq: number): Payout {
  const payout = payoutOf(reader, seq);
  invariant(payout !== undefined, `book: no payout ${seq}`);
  return payout;
}

/** ShareOf is what one deposit gets out of a payout, in droplets. */
export interface ShareOf {
  readonly id: string;
  readonly coins: bigint;
}

/** SignedPayout is a payout as the sender has built and signed it. */
export interface SignedPayout extends Attempt {
  /** The uxid of the anchor that it spends. */
  readonly anchor: string;
  readonly outputs: readonly PayoutOutput[];
  readonly shares: readonly ShareOf[];
}

/**
 * signPayout stores signed bytes, txid, inputs and the new statuses of its deposits. It checks again,
 * in this transaction, that the anchor is still the store's, that no payout is open (so that no input
 * is reserved), that no scanner stopped, and that each deposit is still due with the same amount.
 * Gives the payout, or undefined when any of that has changed: then nothing may leave the machine.
 */
export function signPayout(tx: Tx, signed: SignedPayout): Payout | undefined {
  const { shares, ...facts } = signed;
  const anchor = anchorOf(tx);
  if (anchor === undefined || anchor.uxid !== facts.anchor) return undefined;
  if (tx.keys(openPayouts, { limit: 1 }).length > 0 || stoppedCoins(tx).length > 0) return undefined;
  if (tx.has(payoutByTxid, facts.txid)) return undefined;
  const rows = shares.map((share) => ({ share, info: infoOf(tx, share.id) }));
  const asBuilt = rows.every(
    ({ share, info }) => stillDue(info, "waiting_send") && info.sky_owed === share.coins,
  );
  if (!asBuilt) return undefined;
  mustPayShares(facts.outputs, rows);
  const seq = take(tx, "next_payout");
  const deposits = shares.map(({ id }) => id);
  const payout: Payout = { ...facts, anchor, seq, state: "signed", deposits, earlier: [], dead: "" };
  tx.put(payouts, seq, payout);
  tx.put(payoutByTxid, payout.txid, seq.toString());
  tx.put(openPayouts, seq, payout.txid);
  for (const { share, info } of rows) {
    const sent = { sky_sent: share.coins, txid: payout.txid, payout: seq, updated_at: payout.signed_at };
    save(tx, info, { ...info, ...sent, status: "waiting_confirm" });
  }
  record(tx, payout.signed_at, "payout_signed", seq.toString(), payout.txid);
  return payout;
}

/** The book is the last gate: a payout pays each Skycoin address exactly what its deposits are owed, each of them once. */
function mustPayShares(
  outputs: readonly PayoutOutput[],
  rows: readonly { readonly share: ShareOf; readonly info: DepositInfo }[],
): void {
  const left = new Map(outputs.map(({ address, coins }) => [address, BigInt(coins)]));
  invariant(left.size === outputs.length, "book: a payout with two outputs to one address");
  invariant(
    new Set(rows.map(({ share }) => share.id)).size === rows.length,
    "book: a deposit twice in a payout",
  );
  for (const { share, info } of rows) {
    left.set(info.sky_address, (left.get(info.sky_address) ?? 0n) - share.coins);
  }
  invariant(
    Array.from(left.values()).every((sum) => sum === 0n),
    "book: a payout does not pay its deposits",
  );
}

/** attemptsOf lists every transaction of a payout, oldest first. */
export function attemptsOf(payout: Payout): readonly Attempt[] {
  const { txid, raw, inputs, change: rest, fee, signed_at, built_on } = payout;
  const newest = { txid, raw, inputs, change: rest, fee, signed_at, built_on };
  return [...payout.earlier.filter((attempt) => attempt.txid !== txid), newest];
}

/**
 * replacePayout stores another attempt at the only open payout: the same deposits and outputs, the
 * same anchor among its inputs, more fee. Gives false, and stores nothing, when the payout is no
 * longer the only open one or the attempt does not fit it.
 */
export function replacePayout(tx: Tx, seq: number, attempt: Attempt): boolean {
  const payout = mustHave(tx, seq);
  const open = tx.keys(openPayouts, { limit: 2 });
  if (payout.state !== "signed" || open.length !== 1 || open[0] !== seq) return false;
  const fits = attempt.inputs.includes(payout.anchor.uxid) && attempt.fee > payout.fee;
  if (!fits || tx.has(payoutByTxid, attempt.txid)) return false;
  tx.put(payouts, seq, { ...payout, ...attempt, earlier: attemptsOf(payout) });
  tx.put(payoutByTxid, attempt.txid, seq.toString());
  tx.put(openPayouts, seq, attempt.txid);
  for (const id of payout.deposits) {
    const info = infoOf(tx, id);
    save(tx, info, { ...info, txid: attempt.txid, updated_at: attempt.signed_at });
  }
  record(tx, attempt.signed_at, "payout_replaced", seq.toString(), attempt.txid);
  return true;
}

/** SettledPayout says in which block a payout was found, and which of its attempts it was. */
export interface SettledPayout {
  readonly seq: number;
  readonly txid: string;
  readonly block: { readonly seq: number; readonly hash: string };
  readonly at: number;
}

function paidBy(payout: Payout): bigint {
  return payout.outputs.reduce((sum, output) => sum + output.coins, 0n);
}

/** settlePayout ends an open payout that a block has: its deposits are done, its change is the next anchor. */
export function settlePayout(tx: Tx, settled: SettledPayout): void {
  const payout = mustHave(tx, settled.seq);
  if (payout.state === "confirmed") return;
  const [oldest] = tx.keys(openPayouts, { limit: 1 });
  const isOldest = payout.state === "signed" && oldest === payout.seq;
  invariant(isOldest, `book: payout ${payout.seq} is not the oldest open one`);
  const attempt = attemptsOf(payout).find(({ txid }) => txid === settled.txid);
  invariant(attempt !== undefined, `book: ${settled.txid} is no attempt of payout ${payout.seq}`);
  const earlier = attemptsOf(payout).filter(({ txid }) => txid !== attempt.txid);
  tx.put(payouts, payout.seq, { ...payout, ...attempt, earlier, state: "confirmed", block: settled.block });
  tx.remove(openPayouts, payout.seq);
  tx.put(anchors, anchorKey, { ...attempt.change, payout: payout.seq });
  for (const id of payout.deposits) {
    const info = infoOf(tx, id);
    save(tx, info, { ...info, status: "done", txid: attempt.txid, updated_at: settled.at });
  }
  change(tx, (now) => ({ sent: now.sent + paidBy(payout) }));
  const place = `${settled.block.seq}:${settled.block.hash}`;
  record(tx, settled.at, "payout_confirmed", payout.seq.toString(), place);
}

/**
 * reopenPayouts takes back the confirmation of every payout from `seq` on, because the block of the
 * first of them is gone. Their bytes are sent again, oldest first; the anchor is the first one's.
 */
export function reopenPayouts(tx: Tx, from: number, at: number): void {
  const range = { start: from, limit: Number.MAX_SAFE_INTEGER };
  for (const { value: payout } of tx.rows(payouts, range)) {
    if (payout.state !== "confirmed") continue;
    const { block, ...rest } = payout;
    tx.put(payouts, payout.seq, { ...rest, state: "signed" });
    tx.put(openPayouts, payout.seq, payout.txid);
    for (const id of payout.deposits) {
      const info = infoOf(tx, id);
      save(tx, info, { ...info, status: "waiting_confirm", updated_at: at });
    }
    change(tx, (now) => ({ sent: now.sent - paidBy(payout) }));
    record(tx, at, "payout_reopened", payout.seq.toString(), `${block?.seq}:${block?.hash}`);
  }
  tx.put(anchors, anchorKey, mustHave(tx, from).anchor);
}

/**
 * killPayouts ends an open payout that is proved dead, and every open one that spends its change, or the
 * change of one of those: they can never confirm either. One that spends another output is left alone.
 * Their deposits are due again, unless a payout stands that spends another output: the anchor will be its change, and
 * nobody would ask who spent that of the dead one, and for whom. `proof` says what was seen.
 */
export function killPayouts(tx: Tx, from: number, proof: string, at: number): void {
  const first = mustHave(tx, from);
  const lost = new Set<string>();
  const open = tx.keys(openPayouts, { start: from, limit: Number.MAX_SAFE_INTEGER });
  const dead = open.flatMap((seq) => {
    const payout = mustHave(tx, seq);
    if (seq !== from && !lost.has(payout.anchor.uxid)) return [];
    for (const attempt of attemptsOf(payout)) lost.add(attempt.change.uxid);
    return [payout];
  });
  const reason = dead.length === open.length ? "" : `its payout died beside one that stands: ${proof}`;
  for (const payout of dead) killOne(tx, payout, { proof, reason, at });
  const before = first.anchor.payout === 0 ? undefined : mustHave(tx, first.anchor.payout);
  const standing = before?.state === "confirmed" ? { ...before.change, payout: before.seq } : first.anchor;
  tx.put(anchors, anchorKey, standing);
}

/** Death is how a payout died, and why its deposits are held, if they are. */
interface Death {
  readonly proof: string;
  readonly reason: string;
  readonly at: number;
}

function killOne(tx: Tx, payout: Payout, { proof, reason, at }: Death): void {
  tx.put(payouts, payout.seq, { ...payout, state: "dead", dead: proof });
  tx.remove(openPayouts, payout.seq);
  const own = attemptsOf(payout).map(({ txid }) => txid);
  for (const id of payout.deposits) {
    const info = infoOf(tx, id);
    const unpaid = { txid: "", sky_sent: 0n, payout: 0, settled: "", updated_at: at };
    // What the operator settled by another transaction must not be paid again by itself.
    const byOther = info.settled !== "" && !own.some((txid) => info.settled.startsWith(`paid by ${txid};`));
    const held = byOther ? `${settledElsewhere}${info.settled}` : reason === "" ? info.held : reason;
    save(tx, info, { ...info, ...unpaid, held, status: "waiting_send" });
  }
  record(tx, at, "payout_dead", payout.seq.toString(), proof);
}
