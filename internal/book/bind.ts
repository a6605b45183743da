import type { Reader, Tx } from "#internal/db";
import { accept, refuse, type Result } from "#internal/fault";
import type { CoinType } from "#internal/money";
import { bindings, free, scanned, scripts, skyRows, used } from "./buckets.ts";
import { record } from "./events.ts";
import type { BuyMethod, SkyRow } from "./rows.ts";
import { addTo, totalsOf } from "./totals.ts";

/** PoolEntry is one address of a pool file with the bytes a scanner matches. */
export interface PoolEntry {
  readonly address: string;
  /** Hex of the script (BTC) or of the address itself. */
  readonly script: string;
}

/**
 * importAddresses adds pool addresses; one that is known already is left as it is, and a used one
 * is never free again. Gives the number of addresses that are newly free.
 */
export function importAddresses(tx: Tx, coin: CoinType, entries: readonly PoolEntry[]): number {
  let added = 0;
  for (const { address, script } of entries) {
    tx.put(scripts(coin), script, address);
    if (tx.has(used(coin), address) || tx.has(free(coin), address)) continue;
    tx.put(free(coin), address, script);
    added += 1;
  }
  addTo(tx, "free", coin, added);
  return added;
}

/**
 * retireAddresses takes free addresses out of the pool, because the pool file no longer has them.
 * They stay watched: money that reaches one is still told.
 */
export function retireAddresses(tx: Tx, coin: CoinType, addresses: readonly string[]): void {
  const removed = addresses.filter((address) => tx.remove(free(coin), address));
  addTo(tx, "free", coin, -removed.length);
}

/** freeAddresses gives free addresses from `start` on, in key order. */
export function freeAddresses(reader: Reader, coin: CoinType, start: string, limit: number): string[] {
  return reader.keys(free(coin), { start, limit });
}

/** BindDone is a new binding. */
export interface BindDone {
  readonly address: string;
  readonly seq: number;
}

/** BindRefused says why there is no new binding. */
export type BindRefused = "limit" | "empty";

/** lastSkyRow gives the newest line of a Skycoin address' status list. */
export function lastSkyRow(reader: Reader, sky: string): { seq: number; row: SkyRow } | undefined {
  const [last] = reader.rows(skyRows, {
    start: [sky, Number.MAX_SAFE_INTEGER],
    end: [sky, 0],
    reverse: true,
    limit: 1,
  });
  return last === undefined ? undefined : { seq: last.key[1], row: last.value };
}

/**
 * bind takes the first free address and ties it to a Skycoin address, in one transaction with the
 * check of the limit (0 = none). A refusal changes nothing: nothing burns an address.
 */
export function bind(
  tx: Tx,
  request: { sky: string; coin: CoinType; method: BuyMethod; limit: number; at: number },
): Result<BindDone, BindRefused> {
  const { sky, coin, at } = request;
  const last = lastSkyRow(tx, sky);
  const bound = last?.row.bound ?? 0;
  if (request.limit > 0 && bound >= request.limit) return refuse("limit");
  const [address] = tx.keys(free(coin), { limit: 1 });
  if (address === undefined) return refuse("empty");
  const seq = (last?.seq ?? 0) + 1;
  takeAddress(tx, coin, address);
  const binding = {
    sky_address: sky,
    address,
    coin_type: coin,
    buy_method: request.method,
    seq,
    bound_at: at,
  };
  tx.put(bindings(coin), address, binding);
  tx.put(scanned(coin), ["deposit_addresses", address], "");
  const row = { address, coin_type: coin, bound: bound + 1, deposit_id: "", updated_at: at, height: 0 };
  tx.put(skyRows, [sky, seq], { ...row, status: "waiting_deposit" });
  addTo(tx, "bound", coin, 1);
  record(tx, at, "address_bound", address, sky);
  return accept({ address, seq });
}

/** takeAddress marks an address as used for ever. */
export function takeAddress(tx: Tx, coin: CoinType, address: string): void {
  tx.put(used(coin), address, "");
  if (tx.remove(free(coin), address)) addTo(tx, "free", coin, -1);
}

/** freeCount tells how many addresses can still be given out. */
export function freeCount(reader: Reader, coin: CoinType): number {
  return totalsOf(reader).free[coin];
}
