import type { Reader, Tx } from "#internal/db";
import type { CoinType } from "#internal/money";
import { totals } from "./buckets.ts";
import type { StoredStatus, Totals } from "./rows.ts";
import { storedStatuses } from "./statuses.ts";

const key = "totals";

const perCoin = <T>(value: T): Record<CoinType, T> => ({ BTC: value, ETH: value, SKY: value });

const empty: Totals = {
  next_seq: 1,
  next_order: 1,
  next_event: 1,
  next_payout: 1,
  free: perCoin(0),
  bound: perCoin(0),
  received: perCoin(0n),
  sent: 0n,
  by_status: Object.fromEntries(storedStatuses.map((status) => [status, 0])) as Record<StoredStatus, number>,
  errored: 0,
  attention: 0,
};

/** totalsOf gives the counts and sums: one row, however many deposits there are. */
export function totalsOf(reader: Reader): Totals {
  return reader.get(totals, key) ?? empty;
}

/** change replaces some totals in the commit that changes what they count. */
export function change(tx: Tx, fn: (now: Totals) => Partial<Totals>): Totals {
  const now = totalsOf(tx);
  const next = { ...now, ...fn(now) };
  tx.put(totals, key, next);
  return now;
}

/** CountedNumber is a counter that hands out numbers. */
type CountedNumber = "next_seq" | "next_order" | "next_event" | "next_payout";

/** take hands out the next number of a counter: never the same twice. */
export function take(tx: Tx, counter: CountedNumber): number {
  return change(tx, (now) => ({ [counter]: now[counter] + 1 }))[counter];
}

/** addTo adds to the per-coin count or sum. */
export function addTo(tx: Tx, field: "free" | "bound", coin: CoinType, n: number): void {
  change(tx, (now) => ({ [field]: { ...now[field], [coin]: now[field][coin] + n } }));
}

/** addReceived adds what came in (or takes back, below zero) in smallest units. */
export function addReceived(tx: Tx, coin: CoinType, value: bigint): void {
  change(tx, (now) => ({ received: { ...now.received, [coin]: now.received[coin] + value } }));
}
