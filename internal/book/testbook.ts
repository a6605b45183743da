import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Block, SeenOutput } from "#internal/coin";
import type { Reader, Store } from "#internal/db";
import { type CoinType, droplet } from "#internal/money";
import {
  type Anchor,
  anchorOf,
  type Attempt,
  advance,
  bind,
  type ChainReport,
  type ChainRules,
  cursorOf,
  depositInfo,
  type DepositInfo,
  importAddresses,
  knowHeaders,
  openBook,
  type Payout,
  payoutOf,
  rescanFrom,
  rewind,
  setAnchor,
  type SignedPayout,
  signPayout,
  type Stamp,
  startCursor,
} from "./mod.ts";

export const stamp: Stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };

/** rulesFor gives rules under which one confirmation is enough. */
export function rulesFor(coin: CoinType, own: Partial<ChainRules> = {}): ChainRules {
  return { coin, confirmations: 1, window: 100, rate: "500", maxDecimals: 3, buyMethod: "direct", ...own };
}

/** paying makes an output of a block: so much to this address. */
export function paying(address: string, txid: string, own: Partial<SeenOutput> = {}): SeenOutput {
  return { txid, n: 0, value: 100_000n, address, inputs: [`in-${txid}:0`], coinbase: false, ...own };
}

/** firstAnchor is the output with which the test wallet begins. */
export const firstAnchor: Anchor = { uxid: "ux0", address: "hot", coins: droplet(10n ** 12n), payout: 0 };

/** attempt makes a signed transaction that spends the anchor. */
export function attempt(txid: string, own: Partial<Attempt> = {}): Attempt {
  return {
    txid,
    raw: `raw-${txid}`,
    inputs: ["ux0"],
    change: { uxid: `change-${txid}`, address: "hot", coins: droplet(10n ** 11n) },
    fee: 10n,
    signed_at: 1000,
    built_on: { seq: 5, hash: "head5" },
    ...own,
  };
}

/** signedFor makes a payout of what these deposits are owed. */
export function signedFor(reader: Reader, txid: string, ids: readonly string[]): SignedPayout {
  const anchor = anchorOf(reader) ?? firstAnchor;
  const shares = ids.map((id) => ({ id, coins: depositInfo(reader, id)?.sky_owed ?? 0n }));
  const sums = new Map<string, bigint>();
  for (const { id, coins } of shares) {
    const sky = depositInfo(reader, id)?.sky_address ?? "";
    sums.set(sky, (sums.get(sky) ?? 0n) + coins);
  }
  const outputs = Array.from(sums, ([address, coins]) => ({ address, coins: droplet(coins) }));
  return { ...attempt(txid, { inputs: [anchor.uxid] }), anchor: anchor.uxid, outputs, shares };
}

/** TestBook is a store with a pool, cursors at height 0, and a chain a coin that grows and forks as told. */
export interface TestBook {
  readonly dir: string;
  readonly path: string;
  store: Store;
  /** at is the time of the last change; each change is a second later. */
  at: number;
  /** bindTo binds the next free address to a Skycoin address. */
  bindTo(sky: string, coin?: CoinType): Promise<string>;
  /** mine adds a block with these outputs to the coin's chain. */
  mine(outputs?: readonly SeenOutput[], rules?: Partial<ChainRules>, coin?: CoinType): Promise<ChainReport>;
  /** drop takes back the newest so many blocks. */
  drop(depth: number, coin?: CoinType): Promise<ChainReport>;
  /** rescan has the newest so many blocks scanned again, as an operator may at any time. */
  rescan(depth: number, rules?: Partial<ChainRules>): Promise<void>;
  /** height is that of the newest block. */
  height(coin?: CoinType): number;
  /** sign stores a payout for these deposits, and must succeed. */
  sign(txid: string, ids: readonly string[]): Promise<Payout>;
  info(id: string): DepositInfo;
  payout(seq: number): Payout;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** poolOf gives so many addresses of a pool. */
export function poolOf(coin: CoinType, count: number, from = 0) {
  return Array.from({ length: count }, (_, i) => {
    const name = `${coin.toLowerCase()}${(from + i).toString().padStart(4, "0")}`;
    return { address: name, script: Buffer.from(name).toString("hex") };
  });
}

/** Where stores of tests lie: in memory where there is such a folder, because these tests are not about syncs. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** testBook makes a store in a folder of its own, with so many free addresses of each coin. */
export async function testBook(pool = 20): Promise<TestBook> {
  const dir = mkdtempSync(join(scratch, "teller-book-"));
  const path = join(dir, "teller.db");
  const chains: Record<CoinType, Block[]> = { BTC: [], ETH: [], SKY: [] };
  let made = 0;
  const tipOf = (coin: CoinType) => chains[coin].at(-1) ?? { height: 0, hash: `${coin}-genesis` };
  const book: TestBook = {
    dir,
    path,
    store: await openBook(path, stamp),
    at: 1000,
    async bindTo(sky, coin = "BTC") {
      book.at += 1;
      const request = { sky, coin, method: "direct" as const, limit: 0, at: book.at };
      const bound = await book.store.write((tx) => bind(tx, request));
      if (!bound.ok) throw new Error(bound.refusal);
      return bound.value.address;
    },
    mine(outputs = [], rules = {}, coin = "BTC") {
      book.at += 1;
      made += 1;
      const { height, hash } = tipOf(coin);
      const block = { height: height + 1, hash: `${coin}-${height + 1}-${made}`, parent: hash, outputs };
      chains[coin].push(block);
      return book.store.write((tx) => advance(tx, rulesFor(coin, rules), [block], book.at));
    },
    drop(depth, coin = "BTC") {
      book.at += 1;
      chains[coin].splice(Math.max(0, chains[coin].length - depth));
      return book.store.write((tx) => rewind(tx, rulesFor(coin), tipOf(coin), book.at));
    },
    async rescan(depth, rules = {}) {
      book.at += 1;
      const blocks = chains.BTC.slice(-depth);
      const from = chains.BTC.at(-depth - 1) ?? { height: 0, hash: "BTC-genesis" };
      const own = rulesFor("BTC", rules);
      const below = [{ height: 0, hash: "BTC-genesis" }, ...chains.BTC.slice(0, -depth)];
      await book.store.write((tx) => {
        rescanFrom(tx, own, from, book.at);
        knowHeaders(tx, "BTC", below);
      });
      for (const block of blocks) await book.store.write((tx) => advance(tx, own, [block], book.at));
    },
    height: (coin = "BTC") => book.store.read((reader) => cursorOf(reader, coin))?.height ?? -1,
    async sign(txid, ids) {
      const payout = await book.store.write((tx) => signPayout(tx, signedFor(tx, txid, ids)));
      if (payout === undefined) throw new Error(`${txid} was refused`);
      return payout;
    },
    info(id) {
      const info = book.store.read((reader) => depositInfo(reader, id));
      if (info === undefined) throw new Error(`no ${id}`);
      return info;
    },
    payout(seq) {
      const payout = book.store.read((reader) => payoutOf(reader, seq));
      if (payout === undefined) throw new Error(`no payout ${seq}`);
      return payout;
    },
    async reopen() {
      await book.store.close();
      book.store = await openBook(path, stamp);
    },
    async close() {
      await book.store.close();
      rmSync(dir, { recursive: true });
    },
  };
  await book.store.write((tx) => {
    for (const coin of ["BTC", "ETH"] as const) {
      startCursor(tx, coin, { height: 0, hash: `${coin}-genesis` });
      importAddresses(tx, coin, poolOf(coin, pool));
    }
    setAnchor(tx, firstAnchor);
  });
  return book;
}
