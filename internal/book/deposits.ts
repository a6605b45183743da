import type { Reader, Tx } from "#internal/db";
import { Broken, invariant } from "#internal/fault";
import { byStatus, due, errored, infos, skyRows } from "./buckets.ts";
import { record } from "./events.ts";
import type { Deposit, DepositInfo, Passthrough, SkyRow, StoredStatus } from "./rows.ts";
import { mayMove } from "./statuses.ts";
import { change } from "./totals.ts";

/** Statuses in which a worker of ours has the next step. */
const workedStatuses: readonly StoredStatus[] = ["waiting_decide", "waiting_send"];

/** zeroAmount is the documented permanent error of a deposit that buys less than the smallest amount. */
export const zeroAmount = "Skycoin send amount is 0";

/** noPassthrough is the exchange's part of a direct sale. */
export const noPassthrough: Passthrough = {
  exchange_name: "",
  sky_bought: 0n,
  deposit_value_spent: 0n,
  requested_amount: "",
  order: {
    customer_id: "",
    order_id: "",
    completed_amount: "",
    price: "",
    status: "",
    final: false,
    original: "",
  },
};

/** settledElsewhere begins the reason of a hold on a deposit that the operator had settled by another transaction. */
export const settledElsewhere = "its payout died after it was settled: ";

/** needsPerson tells that a row waits for the operator. One that was replaced does not: the other has its money. */
function needsPerson(info: DepositInfo): boolean {
  if (info.settled !== "" || info.replaced_by !== "") return false;
  return info.held !== "" || (info.reversed && info.released !== true);
}

function isDue(info: DepositInfo): boolean {
  const marked = info.held !== "" || info.reversed || info.replaced_by !== "" || info.settled !== "";
  return !marked && workedStatuses.includes(info.status);
}

function isListed(info: DepositInfo): boolean {
  return info.error !== "" || needsPerson(info);
}

/** putOrRemove keeps an index row where `wanted`, and takes it away where not. */
function keep(tx: Tx, bucket: typeof due, key: readonly [string, number], id: string | undefined): void {
  if (id === undefined) tx.remove(bucket, key);
  else tx.put(bucket, key, id);
}

/**
 * save writes a row of `deposit_info` with every index, count and status line that follows from
 * it. It is the only writer of that bucket, so these can never disagree.
 */
export function save(tx: Tx, old: DepositInfo | undefined, info: DepositInfo): void {
  const id = info.deposit_id;
  if (old !== undefined && old.status !== info.status && !mayMove(old.status, info.status)) {
    throw new Broken(`book: ${id} may not move from ${old.status} to ${info.status}`);
  }
  tx.put(infos, id, info);
  if (old?.status !== info.status) {
    if (old !== undefined) tx.remove(byStatus, [old.status, old.seq]);
    tx.put(byStatus, [info.status, info.seq], id);
  }
  if (old !== undefined && isDue(old) && (old.status !== info.status || !isDue(info))) {
    tx.remove(due, [old.status, old.seq]);
  }
  if (isDue(info)) keep(tx, due, [info.status, info.seq], id);
  if (isListed(info)) tx.put(errored, info.seq, id);
  else if (old !== undefined && isListed(old)) tx.remove(errored, info.seq);
  count(tx, old, info);
  showStatus(tx, info);
}

function count(tx: Tx, old: DepositInfo | undefined, info: DepositInfo): void {
  const step = (test: (row: DepositInfo) => boolean) =>
    Number(test(info)) - Number(old !== undefined && test(old));
  const attention = step(needsPerson);
  const failed = step((row) => row.error !== "");
  if (old?.status === info.status && attention === 0 && failed === 0) return;
  change(tx, (now) => {
    const counts = { ...now.by_status };
    if (old !== undefined) counts[old.status] -= 1;
    counts[info.status] += 1;
    return { by_status: counts, errored: now.errored + failed, attention: now.attention + attention };
  });
}

function showStatus(tx: Tx, info: DepositInfo): void {
  if (info.sky_address === "" || info.replaced_by !== "") return;
  updateSkyRow(tx, info.sky_address, info.status_seq, (row) => ({
    ...row,
    deposit_id: info.deposit_id,
    status: info.status,
    updated_at: info.updated_at,
    height: 0,
  }));
}

/** updateSkyRow changes one line of a status list, which must be there. */
export function updateSkyRow(tx: Tx, sky: string, seq: number, fn: (row: SkyRow) => SkyRow): void {
  const row = tx.get(skyRows, [sky, seq]);
  invariant(row !== undefined, `book: no status line ${seq} for ${sky}`);
  tx.put(skyRows, [sky, seq], fn(row));
}

/** infoOf gives the row of a deposit that must have been credited. */
export function infoOf(reader: Reader, id: string): DepositInfo {
  const info = reader.get(infos, id);
  invariant(info !== undefined, `book: ${id} is not in deposit_info`);
  return info;
}

/** newInfo is a deposit's row at the moment it is credited. */
export function newInfo(deposit: Deposit, id: string, seq: number, at: number): DepositInfo {
  return {
    seq,
    updated_at: at,
    status: "waiting_decide",
    coin_type: deposit.coin_type,
    sky_address: deposit.sky_address,
    buy_method: deposit.buy_method,
    deposit_address: deposit.address,
    deposit_id: id,
    txid: "",
    conversion_rate: deposit.rate,
    deposit_value: deposit.value,
    sky_sent: 0n,
    passthrough: noPassthrough,
    error: "",
    deposit: {
      coin_type: deposit.coin_type,
      address: deposit.address,
      value: deposit.value,
      height: deposit.shown_height,
      tx: deposit.tx,
      n: deposit.n,
      processed: false,
    },
    sky_owed: 0n,
    max_decimals: deposit.max_decimals,
    status_seq: deposit.status_seq,
    credited_at: at,
    payout: 0,
    held: deposit.held,
    reversed: false,
    replaced_by: "",
    settled: "",
  };
}

/** dueDeposits gives deposits in this status that no mark holds back, oldest first, from `seq` on. */
export function dueDeposits(
  reader: Reader,
  status: "waiting_decide" | "waiting_send",
  query: { from?: number; limit: number },
): DepositInfo[] {
  const range = {
    start: [status, query.from ?? 0],
    end: [status, Number.MAX_SAFE_INTEGER],
    limit: query.limit,
  } as const;
  return reader.rows(due, range).map(({ value }) => infoOf(reader, value));
}

/** stillDue tells whether a row is as the worker saw it: the same status, and no mark. */
export function stillDue(info: DepositInfo, status: StoredStatus): boolean {
  return info.status === status && isDue(info);
}

/**
 * decide freezes what a credited deposit is owed (droplets) and lets it be sent; nothing owed ends
 * it with the documented error. Gives false when the deposit is no longer waiting for a decision.
 */
export function decide(
  tx: Tx,
  decision: { id: string; owed: bigint; decimals: number; at: number },
): boolean {
  const { id, owed, at } = decision;
  const info = infoOf(tx, id);
  if (!stillDue(info, "waiting_decide")) return false;
  const decided = {
    ...info,
    updated_at: at,
    sky_owed: owed,
    max_decimals: decision.decimals,
  };
  if (owed > 0n) save(tx, info, { ...decided, status: "waiting_send" });
  else save(tx, info, { ...decided, status: "done", error: zeroAmount });
  record(
    tx,
    at,
    owed > 0n ? "deposit_decided" : "deposit_done",
    id,
    owed > 0n ? owed.toString() : zeroAmount,
  );
  return true;
}

/** hold keeps a deposit from being paid until a person looks at it; the status stays as it is. */
export function hold(tx: Tx, id: string, reason: string, at: number): void {
  const info = infoOf(tx, id);
  if (info.held !== "") return;
  save(tx, info, { ...info, held: reason, updated_at: at });
  record(tx, at, "deposit_held", id, reason);
}
