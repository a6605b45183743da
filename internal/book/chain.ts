import type { Block, BlockRef, SeenOutput } from "#internal/coin";
import type { Reader, Tx } from "#internal/db";
import { invariant } from "#internal/fault";
import type { CoinType } from "#internal/money";
import { byHeight, cursors, deposits, headers, infos, scanNotes, uncredited } from "./buckets.ts";
import { record } from "./events.ts";
import { depositsOfAddress } from "./queries.ts";
import type { ChainRules, Cursor, Deposit } from "./rows.ts";
import { giveBack, see } from "./see.ts";
import { infoOf, newInfo, save, updateSkyRow } from "./deposits.ts";
import { addReceived, take, totalsOf } from "./totals.ts";

/** ChainReport is what a commit of the scanner did, for the log and for waking the next worker. */
export interface ChainReport {
  readonly seen: string[];
  readonly credited: string[];
  readonly reversed: string[];
  /** Lines that a person must read. */
  readonly watch: string[];
}

/** Of so many blocks one header is kept for ever: below the window they tell where a chain that is gone began. */
const landmarkEvery = 500;

/** Below every height that there is. */
const lowest = Number.MIN_SAFE_INTEGER;

/** A coinbase output may be spent only that deep, on every Bitcoin network. */
const coinbaseDepth = 100;

const idOf = (output: { txid: string; n: number }) => `${output.txid}:${output.n}`;

/** cursorOf gives the newest block taken in, or undefined before the first start. */
export function cursorOf(reader: Reader, coin: CoinType): Cursor | undefined {
  return reader.get(cursors(coin), "cursor");
}

/** headerAt gives the hash of a block at or below the cursor: of each within the window, of some below it. */
export function headerAt(reader: Reader, coin: CoinType, height: number): string | undefined {
  return reader.get(headers(coin), ["header", height]);
}

/**
 * headerBelow gives the highest block at this height or below whose header is held. Undefined only where nothing was
 * ever scanned: from where a store began, one of every 500 is kept for ever.
 */
export function headerBelow(reader: Reader, coin: CoinType, height: number): BlockRef | undefined {
  const range = { start: ["header", height], end: ["header", lowest], reverse: true, limit: 1 } as const;
  const [row] = reader.rows(headers(coin), range);
  return row === undefined ? undefined : { height: row.key[1], hash: row.value };
}

/** startCursor sets the first cursor of a new store: scanning begins with the block after it. */
export function startCursor(tx: Tx, coin: CoinType, at: BlockRef): void {
  invariant(cursorOf(tx, coin) === undefined, `book: ${coin} has a cursor already`);
  moveCursor(tx, coin, at, 0);
}

/**
 * knowHeaders keeps headers of blocks below the cursor, as the node gives them: without them a reorg right
 * after a first start, or after a rescan, would look deeper than it is.
 */
export function knowHeaders(tx: Tx, coin: CoinType, below: readonly BlockRef[]): void {
  for (const { height, hash } of below) tx.put(headers(coin), ["header", height], hash);
}

function moveCursor(tx: Tx, coin: CoinType, to: BlockRef, window: number): void {
  tx.put(cursors(coin), "cursor", { height: to.height, hash: to.hash });
  tx.put(headers(coin), ["header", to.height], to.hash);
  if (window > 0) leaveWindow(tx, coin, to.height - window);
}

/** Where no landmark is held below, as after a first start, the header has to stand for it. */
function leaveWindow(tx: Tx, coin: CoinType, height: number): void {
  const landmark = height - (height % landmarkEvery);
  if (height === landmark || headerAt(tx, coin, landmark) === undefined) return;
  tx.remove(headers(coin), ["header", height]);
}

/** stoppedCoins gives the coins whose scanner stopped over a reorg too deep to follow, with the reason. */
export function stoppedCoins(reader: Reader): { coin: CoinType; reason: string }[] {
  const coins = ["BTC", "ETH"] as const;
  return coins.flatMap((coin) => {
    const reason = reader.get(scanNotes(coin), "stopped");
    return reason === undefined ? [] : [{ coin, reason }];
  });
}

/** markStopped stops a coin's scanner, and with it all payouts, until a person has looked. */
export function markStopped(tx: Tx, coin: CoinType, reason: string, at: number): void {
  if (tx.has(scanNotes(coin), "stopped")) return;
  tx.put(scanNotes(coin), "stopped", reason);
  record(tx, at, "scanner_stopped", coin, reason);
}

/** clearStopped lets a stopped scanner go on, because the node is back on the chain that the store knows. */
export function clearStopped(tx: Tx, coin: CoinType, at: number): void {
  if (tx.remove(scanNotes(coin), "stopped")) record(tx, at, "scanner_resumed", coin);
}

/**
 * advance takes in the blocks that follow the cursor: their deposits, the new cursor, and the
 * credit of every deposit that is then deep enough, all in the caller's one commit.
 */
export function advance(tx: Tx, rules: ChainRules, blocks: readonly Block[], at: number): ChainReport {
  const report: ChainReport = { seen: [], credited: [], reversed: [], watch: [] };
  const { coin } = rules;
  for (const block of blocks) {
    const cursor = cursorOf(tx, coin);
    invariant(cursor !== undefined, `book: ${coin} has no cursor`);
    const follows = block.height === cursor.height + 1 && block.parent === cursor.hash;
    invariant(follows, `book: ${coin} block ${block.height} ${block.hash} does not follow the cursor`);
    for (const output of block.outputs) takeIn(tx, { rules, block, output, at }, report);
    moveCursor(tx, coin, block, rules.window);
  }
  creditDeep(tx, rules, at, report);
  return report;
}

function takeIn(
  tx: Tx,
  found: { rules: ChainRules; block: Block; output: SeenOutput; at: number },
  report: ChainReport,
): void {
  if (found.output.value === 0n) return;
  const seen = see(tx, found);
  if (seen.fresh) report.seen.push(idOf(found.output));
  if (seen.watch !== "") report.watch.push(seen.watch);
}

/**
 * rewind takes back every block above `fork`, which must be a header that we hold: their deposits
 * are marked as reversed, and those that were due are not due any more. What is signed stays signed.
 */
export function rewind(tx: Tx, rules: ChainRules, fork: BlockRef, at: number): ChainReport {
  const report: ChainReport = { seen: [], credited: [], reversed: [], watch: [] };
  const { coin } = rules;
  const cursor = cursorOf(tx, coin);
  invariant(
    cursor !== undefined && headerAt(tx, coin, fork.height) === fork.hash,
    `book: ${coin} cannot rewind`,
  );
  const limit = Number.MAX_SAFE_INTEGER;
  for (const { key, value } of tx.rows(byHeight, {
    start: [coin, fork.height + 1, 0],
    end: [coin, limit, 0],
    limit,
  })) {
    tx.remove(byHeight, key);
    reverse(tx, value, at, report);
  }
  for (let height = fork.height + 1; height <= cursor.height; height++)
    tx.remove(headers(coin), ["header", height]);
  moveCursor(tx, coin, fork, 0);
  return report;
}

/**
 * rescanFrom sets the cursor to the block before `from.height + 1` on the node's chain, whatever we held:
 * deposits above it are marked as reversed until they are seen again, a stopped scanner goes on.
 * Doing it again changes nothing. The cursor never moves up: nothing may be skipped.
 */
export function rescanFrom(tx: Tx, rules: ChainRules, from: BlockRef, at: number): ChainReport {
  const { coin } = rules;
  const cursor = cursorOf(tx, coin);
  invariant(
    cursor !== undefined && from.height <= cursor.height,
    `book: ${coin} cannot rescan from above its cursor`,
  );
  // Unless we hold this block, what is held below is of a chain that is gone.
  if (headerAt(tx, coin, from.height) !== from.hash) forgetBelow(tx, coin, from.height);
  tx.put(headers(coin), ["header", from.height], from.hash);
  const report = rewind(tx, rules, from, at);
  clearStopped(tx, coin, at);
  return report;
}

function forgetBelow(tx: Tx, coin: CoinType, height: number): void {
  const range = {
    start: ["header", lowest],
    end: ["header", height],
    limit: Number.MAX_SAFE_INTEGER,
  } as const;
  for (const key of tx.keys(headers(coin), range)) tx.remove(headers(coin), key);
}

function reverse(tx: Tx, id: string, at: number, report: ChainReport): void {
  const deposit = tx.get(deposits, id);
  invariant(deposit !== undefined, `book: no deposit ${id}`);
  tx.put(deposits, id, { ...deposit, height: 0, reversed: true });
  tx.remove(uncredited, [deposit.coin_type, deposit.height, deposit.order]);
  report.reversed.push(id);
  record(tx, at, "deposit_reversed", id);
  const info = tx.get(infos, id);
  if (info === undefined) {
    showUnseen(tx, deposit, at);
    return giveBack(tx, id, deposit, at);
  }
  if (info.reversed) return;
  save(tx, info, { ...info, reversed: true, released: false, updated_at: at });
  addReceived(tx, deposit.coin_type, -deposit.value);
  const paid = info.payout === 0 ? "not paid" : `in payout ${info.payout}`;
  report.watch.push(`a reorg took back the credited deposit ${id} (${info.status}, ${paid})`);
}

/** A reversed deposit that was never credited shows as waited for again. */
function showUnseen(tx: Tx, deposit: Deposit, at: number): void {
  if (deposit.sky_address === "" || deposit.replaced_by !== "") return;
  updateSkyRow(tx, deposit.sky_address, deposit.status_seq, (row) => ({ ...row, updated_at: at, height: 0 }));
}

/** creditDeep credits what is deep enough under the cursor; a coinbase waits for its own depth. */
function creditDeep(tx: Tx, rules: ChainRules, at: number, report: ChainReport): void {
  const { coin } = rules;
  const cursor = cursorOf(tx, coin);
  if (cursor === undefined) return;
  const deepest = cursor.height - Math.max(rules.confirmations, 1) + 1;
  const range = { start: [coin, 0, 0], end: [coin, deepest + 1, 0], limit: Number.MAX_SAFE_INTEGER } as const;
  for (const { key, value } of tx.rows(uncredited, range)) {
    const deposit = tx.get(deposits, value);
    invariant(deposit !== undefined, `book: no deposit ${value}`);
    if (deposit.coinbase && cursor.height - deposit.height + 1 < coinbaseDepth) continue;
    tx.remove(uncredited, key);
    const doubt = credit(tx, value, deposit, at);
    if (doubt !== "") report.watch.push(`${value} is held: ${doubt}`);
    report.credited.push(value);
  }
}

/**
 * credit makes a deposit's row, or clears the mark of one that a reorg had taken back. Gives why a new one is held that
 * nothing was wrong with at first sight, or nothing.
 */
function credit(tx: Tx, id: string, deposit: Deposit, at: number): string {
  tx.put(deposits, id, { ...deposit, processed: true });
  addReceived(tx, deposit.coin_type, deposit.value);
  if (deposit.processed) {
    const info = infoOf(tx, id);
    save(tx, info, { ...info, reversed: false, replaced_by: "", updated_at: at });
    record(tx, at, "deposit_restored", id);
    return "";
  }
  const doubt = deposit.held === "" ? sameMoney(tx, deposit) : "";
  const info = newInfo(deposit, id, take(tx, "next_seq"), at);
  save(tx, undefined, doubt === "" ? info : { ...info, held: doubt });
  record(tx, at, "deposit_credited", id, deposit.value.toString());
  if (doubt !== "") record(tx, at, "deposit_held", id, doubt);
  return doubt;
}

/** More deposits of one address than this are not looked at. */
const mostOfAddress = 10_000;

/**
 * sameMoney says why a deposit may be the money of one that was paid and that a reorg took away: it came to the same
 * address. Their coins tell nothing where a transaction before them was malleated as well. Empty when there is none.
 */
function sameMoney(tx: Tx, { address, tx: txid }: Deposit): string {
  // Who was paid and is gone waits for a person: nearly always nobody does, and there is nothing to look for.
  if (totalsOf(tx).attention === 0) return "";
  const paid = depositsOfAddress(tx, address, mostOfAddress).find(
    (info) =>
      info.deposit.tx !== txid &&
      info.reversed &&
      info.payout !== 0 &&
      info.settled === "" &&
      info.replaced_by === "",
  );
  return paid === undefined
    ? ""
    : `it may be the money of ${paid.deposit_id}, which was paid and is gone from the chain`;
}
