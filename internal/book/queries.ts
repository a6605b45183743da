import type { Reader, Tx } from "#internal/db";
import type { CoinType } from "#internal/money";
import {
  addressDeposits,
  bindings,
  byStatus,
  errored,
  infos,
  scanned,
  scanNotes,
  scripts,
  skyRows,
} from "./buckets.ts";
import { dueDeposits, infoOf } from "./deposits.ts";
import type { DepositInfo, SkyRow, StoredStatus } from "./rows.ts";
import { storedStatuses } from "./statuses.ts";

const farthest = Number.MAX_SAFE_INTEGER;

/** skyStatus gives the newest `limit` lines of a Skycoin address' status list, oldest first: one row read a line. */
export function skyStatus(reader: Reader, sky: string, limit: number): { seq: number; row: SkyRow }[] {
  const range = { start: [sky, farthest], end: [sky, 0], reverse: true, limit } as const;
  return reader
    .rows(skyRows, range)
    .map(({ key, value }) => ({ seq: key[1], row: value }))
    .reverse();
}

/** depositInfo gives a credited deposit by its id (`txid:n`). */
export function depositInfo(reader: Reader, id: string): DepositInfo | undefined {
  return reader.get(infos, id);
}

/** depositsOfAddress gives the credited deposits of a deposit address, in the order in which they were first seen. */
export function depositsOfAddress(reader: Reader, address: string, limit: number): DepositInfo[] {
  const range = { start: [address, 0], end: [address, farthest], limit } as const;
  return reader.rows(addressDeposits, range).flatMap(({ value }) => depositInfo(reader, value) ?? []);
}

/** Page asks for at most `limit` rows with a `seq` above `after`. */
interface Page {
  readonly after?: number;
  readonly limit: number;
}

/** depositsByStatus gives credited deposits in order of `seq`, of one status or of all. */
export function depositsByStatus(
  reader: Reader,
  status: StoredStatus | undefined,
  page: Page,
): DepositInfo[] {
  const from = (page.after ?? 0) + 1;
  const lists = (status === undefined ? storedStatuses : [status]).map((one) =>
    reader.rows(byStatus, { start: [one, from], end: [one, farthest], limit: page.limit }),
  );
  const rows = lists.flat().sort((a, b) => a.key[1] - b.key[1]);
  return rows.slice(0, page.limit).map(({ value }) => infoOf(reader, value));
}

/** erroredDeposits gives deposits that failed for good or wait for a person, in order of `seq`. */
export function erroredDeposits(reader: Reader, page: Page): DepositInfo[] {
  const rows = reader.rows(errored, { start: (page.after ?? 0) + 1, limit: page.limit });
  return rows.map(({ value }) => infoOf(reader, value));
}

/** scanAddresses gives bound deposit addresses in key order. */
export function scanAddresses(reader: Reader, coin: CoinType, limit: number): string[] {
  const range = { start: ["deposit_addresses", ""], end: ["deposit_addresses", "\uffff"], limit } as const;
  return reader.keys(scanned(coin), range).map(([, address]) => address);
}

/** boundAddresses gives the Skycoin address that a deposit address is bound to, or undefined. */
export function boundAddresses(reader: Reader, coin: CoinType, address: string): string | undefined {
  return reader.get(bindings(coin), address)?.sky_address;
}

/** watchedScripts gives the scripts (hex) that a scanner matches, from `start` on, in key order. */
export function watchedScripts(reader: Reader, coin: CoinType, start: string, limit: number): string[] {
  return reader.keys(scripts(coin), { start, limit });
}

/** addressOfScript gives the pool address of a script (hex), or undefined. */
export function addressOfScript(reader: Reader, coin: CoinType, script: string): string | undefined {
  return reader.get(scripts(coin), script);
}

/** poolImport gives the fingerprint of the pool file that was imported last. */
export function poolImport(reader: Reader, coin: CoinType): string | undefined {
  return reader.get(scanNotes(coin), "pool");
}

/** setPoolImport notes that a pool file with this fingerprint is imported whole. */
export function setPoolImport(tx: Tx, coin: CoinType, fingerprint: string): void {
  tx.put(scanNotes(coin), "pool", fingerprint);
}

/** oldestUndone gives, of each status before `done`, the oldest deposit that no mark holds back: a row or two each. */
export function oldestUndone(reader: Reader): DepositInfo[] {
  const due = (["waiting_decide", "waiting_send"] as const).flatMap((status) =>
    dueDeposits(reader, status, { limit: 1 }),
  );
  return [...due, ...depositsByStatus(reader, "waiting_confirm", { limit: 1 })];
}
