import { type AnyBucket, type Bucket, bucket, type Key, text } from "#internal/db";
import { integer } from "#internal/json";
import { type CoinType, droplet } from "#internal/money";
import type {
  Anchor,
  Attempt,
  Binding,
  Cursor,
  Deposit,
  DepositInfo,
  Event,
  Payout,
  SkyRow,
  Stamp,
  Totals,
} from "./rows.ts";

/**
 * The rows were written by this program and the store is checked before it is opened, so a
 * revive only turns integers back into `bigint`; it does not check shapes again.
 */
type Raw = Record<string, unknown>;

const big = (raw: Raw, field: string) => integer(raw[field], field);

function plain<V>(raw: unknown): V {
  return raw as V;
}

function reviveDeposit(raw: unknown): Deposit {
  const row = raw as Raw;
  row["value"] = big(row, "value");
  return row as unknown as Deposit;
}

/** What was parsed just now belongs to nobody else, so the integers are put in their places. */
function reviveInfo(raw: unknown): DepositInfo {
  const row = raw as Raw;
  for (const field of ["deposit_value", "sky_sent", "sky_owed"]) row[field] = big(row, field);
  const deposit = row["deposit"] as Raw;
  deposit["value"] = integer(deposit["value"], "deposit.value");
  const passthrough = row["passthrough"] as Raw;
  for (const field of ["sky_bought", "deposit_value_spent"]) passthrough[field] = big(passthrough, field);
  return row as unknown as DepositInfo;
}

function coins<T extends { readonly coins: unknown }>(row: T) {
  return { ...row, coins: droplet(integer(row.coins, "coins")) };
}

function reviveAttempt<T extends Attempt>(row: T): T {
  return { ...row, change: coins(row.change), fee: integer(row.fee, "fee") };
}

function revivePayout(raw: unknown): Payout {
  const row = reviveAttempt(raw as Payout);
  return {
    ...row,
    anchor: coins(row.anchor),
    outputs: row.outputs.map(coins),
    earlier: row.earlier.map(reviveAttempt),
  };
}

function reviveTotals(raw: unknown): Totals {
  const row = raw as Totals;
  const { BTC, ETH, SKY } = row.received;
  const received = { BTC: integer(BTC, "BTC"), ETH: integer(ETH, "ETH"), SKY: integer(SKY, "SKY") };
  return { ...row, sent: integer(row.sent, "sent"), received };
}

/** The documented buckets carry the documented names; the coin's part of a name is fixed here. */
const usedNames: Record<CoinType, string> = {
  BTC: "used_btc_address",
  ETH: "used_eth_address",
  SKY: "used_sky_address",
};

function perCoin<K extends Key, V>(
  name: (coin: CoinType) => string,
  revive: (raw: unknown) => V,
  options: { readonly busy?: boolean } = {},
) {
  const make = (coin: CoinType): Bucket<K, V> => bucket<K, V>(name(coin), revive, options);
  const made = { BTC: make("BTC"), ETH: make("ETH"), SKY: make("SKY") };
  return (coin: CoinType): Bucket<K, V> => made[coin];
}

const scanMeta = (coin: CoinType) => `scan_meta_${coin.toLowerCase()}`;

/** Deposit addresses that were given out or ever received anything. */
export const used = perCoin<string, string>((coin) => usedNames[coin], text);
/** Pool addresses that may be given out, in key order. */
export const free = perCoin<string, string>((coin) => `free_address_${coin.toLowerCase()}`, text);
/** Script (hex) → pool address: what a scanner matches, bound or not. */
export const scripts = perCoin<string, string>((coin) => `pool_script_${coin.toLowerCase()}`, text);
export const bindings = perCoin<string, Binding>((coin) => `bind_address_${coin}`, plain);
/** ["deposit_addresses", address]: the documented list of scanned addresses, a row a member. */
export const scanned = perCoin<readonly [string, string], string>(scanMeta, text);
/** "cursor" */
export const cursors = perCoin<"cursor", Cursor>(scanMeta, plain, { busy: true });
/** ["header", height] → block hash: a window below the cursor, and one of every 500 blocks below that. */
export const headers = perCoin<readonly [string, number], string>(scanMeta, text);
/** "stopped", "pool": a text each. */
export const scanNotes = perCoin<"stopped" | "pool", string>(scanMeta, text);

/** [Skycoin address, seq]: its status list. A deposit that is seen and credited at once changes its line three times. */
export const skyRows = bucket<readonly [string, number], SkyRow>("sky_deposit_seqs_index", plain, {
  busy: true,
});
export const deposits = bucket<string, Deposit>("deposit_value", reviveDeposit, { busy: true });
export const infos = bucket<string, DepositInfo>("deposit_info", reviveInfo, { busy: true });
/** [deposit address, order] → deposit id. */
export const addressDeposits = bucket<readonly [string, number], string>("btc_txs", text);

/** [coin, height, order] → deposit id, for deposits that are seen and not yet deep enough. */
export const uncredited = bucket<readonly [string, number, number], string>("deposit_uncredited", text);
/** [coin, height, order] → deposit id, for taking back the deposits of a block. */
export const byHeight = bucket<readonly [string, number, number], string>("deposit_height", text);
/** [outpoint, deposit id]: which deposits spend this output. */
export const byOutpoint = bucket<readonly [string, string], string>("deposit_outpoint", text);
/** [status, seq] → deposit id: every deposit in `deposit_info`, for listing. */
export const byStatus = bucket<readonly [string, number], string>("deposit_status", text);
/** [status, seq] → deposit id: only those that a worker may move on now. */
export const due = bucket<readonly [string, number], string>("deposit_due", text);
/** seq → deposit id: permanent errors, held, reversed. */
export const errored = bucket<number, string>("deposit_errored", text);

/** seq */
export const payouts = bucket<number, Payout>("payout", revivePayout);
/** txid → payout seq as text. */
export const payoutByTxid = bucket<string, string>("payout_txid", text);
/** seq of payouts that are signed and not confirmed. */
export const openPayouts = bucket<number, string>("payout_open", text);

/** number */
export const eventRows = bucket<number, Event>("events", plain);

export const totals = bucket<"totals", Totals>("exchange_meta", reviveTotals, { busy: true });
export const stamps = bucket<"stamp", Stamp>("exchange_meta", plain);
export const anchors = bucket<"anchor", Anchor>("exchange_meta", (raw) => coins(raw as Anchor));
/** "sky_genesis" → hash, "sky_head" → `seq:hash`, "sky_decimals" → digits. */
export const skyNotes = bucket<"sky_genesis" | "sky_head" | "sky_decimals", string>("exchange_meta", text);

/** bookBuckets names every table of the store. */
export const bookBuckets: readonly AnyBucket[] = [
  ...(["BTC", "ETH"] as const).flatMap((coin) => [
    used(coin),
    free(coin),
    scripts(coin),
    bindings(coin),
    cursors(coin),
  ]),
  ...[skyRows, deposits, infos, addressDeposits, uncredited, byHeight, byOutpoint, byStatus, due, errored],
  ...[payouts, payoutByTxid, openPayouts, eventRows, totals],
];
