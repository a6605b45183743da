import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  advance,
  bind,
  type ChainRules,
  decide,
  hold,
  importAddresses,
  openBook,
  rewind,
  settleByHand,
  startCursor,
} from "#internal/book";
import { type ManualClock, manualClock } from "#internal/clock";
import type { Store } from "#internal/db";
import { recordingLog, type RecordingLog } from "#internal/log";
import { type Watchdog, watchdog } from "./mod.ts";

const stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };
const rules: ChainRules = {
  coin: "BTC",
  confirmations: 1,
  window: 100,
  rate: "1",
  maxDecimals: 3,
  buyMethod: "direct",
};
const sky = "2EVNa4CK9SKosT4j1GEn8SuuUUEAXaHAMbM";
const hourMs = 3_600_000;
const minuteMs = 60_000;

let dir = "";
let clock: ManualClock;
let store: Store;
let log: RecordingLog;
let scan = { height: 0, tip: 0 };
let dog: Watchdog;
let running: Promise<void>;
let stop: AbortController;
let hashes: string[];
let address = "";

const at = () => Math.floor(clock.now() / 1000);

/** credit mines a deposit of one confirmation. */
async function credit(): Promise<string> {
  const [txid, height, parent] = [`t${hashes.length}`, hashes.length, hashes.at(-1) ?? ""];
  const output = { txid, n: 0, value: 1n, address, inputs: [`c${height}:0`], coinbase: false };
  const block = { height, hash: `h${height}`, parent, outputs: [output] };
  hashes.push(block.hash);
  await store.write((tx) => advance(tx, rules, [block], at()));
  return `${txid}:0`;
}

const settle = (id: string) =>
  store.write((tx) => settleByHand(tx, id, "by-hand", { who: "ann", why: "paid", at: at() }));

/** told gives the lines that a person must read. */
const told = () => log.lines.filter((line) => line.includes("notice=WATCH"));

/** pass lets the loop run for so long, in its own steps. */
async function pass(ms: number): Promise<void> {
  await clock.advance(ms);
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "watchdog-"));
  clock = manualClock();
  log = recordingLog();
  store = await openBook(join(dir, "teller.db"), stamp);
  scan = { height: 5, tip: 5 };
  hashes = ["h0"];
  const request = { sky, coin: "BTC" as const, method: "direct" as const, limit: 0, at: 1 };
  address = await store.write((tx) => {
    startCursor(tx, "BTC", { height: 0, hash: "h0" });
    importAddresses(
      tx,
      "BTC",
      ["a1", "a2"].map((one) => ({ address: one, script: `s${one}` })),
    );
    const bound = bind(tx, request);
    return bound.ok ? bound.value.address : "";
  });
  dog = watchdog({ store, clock, log: log.logger, scanners: { BTC: () => scan } });
  stop = new AbortController();
  running = dog.part.run(stop.signal);
});

afterEach(async () => {
  stop.abort();
  await running;
  await store.close();
  rmSync(dir, { recursive: true });
});

describe("a deposit that is credited and not done", () => {
  test("is told after an hour, again every hour, and no more when it is over", async () => {
    const id = await credit();
    const text = `deposit ${id} is waiting_decide since more than an hour`;
    await pass(hourMs - minuteMs);
    expect([dog.troubles(), told()]).toEqual([[], []]);
    await pass(minuteMs);
    expect(dog.troubles()).toEqual([text]);
    expect(told()).toHaveLength(1);
    expect(told()[0]).toContain(text);
    await pass(hourMs - minuteMs);
    expect(told()).toHaveLength(1);
    await pass(minuteMs);
    expect(told()).toHaveLength(2);
    await pass(3 * hourMs);
    expect(told()).toHaveLength(5);
    await settle(id);
    await pass(minuteMs);
    expect(dog.troubles()).toEqual([]);
    await pass(5 * hourMs);
    expect(told()).toHaveLength(5);
  });

  test("is told in whatever status it is, the oldest of each", async () => {
    const ids = [await credit(), await credit(), await credit()];
    await store.write((tx) => decide(tx, { id: ids[1] ?? "", owed: 5n, decimals: 3, at: at() }));
    await pass(hourMs);
    expect(dog.troubles()).toEqual([
      `deposit ${ids[0]} is waiting_decide since more than an hour`,
      `deposit ${ids[1]} is waiting_send since more than an hour`,
    ]);
  });

  test("is counted from its credit, whatever has happened to it since", async () => {
    const id = await credit();
    await pass(hourMs - minuteMs);
    await store.write((tx) => decide(tx, { id, owed: 5n, decimals: 3, at: at() }));
    await pass(minuteMs);
    expect(dog.troubles()).toEqual([`deposit ${id} is waiting_send since more than an hour`]);
  });
});

describe("a cursor that stands while the tip moves", () => {
  test("is told after an hour, then every hour and not with each block, and no more when it moves", async () => {
    const block = async () => {
      await pass(10 * minuteMs);
      scan = { height: scan.height, tip: scan.tip + 1 };
    };
    await block();
    for (let i = 0; i < 6; i++) await block();
    await pass(minuteMs);
    expect(dog.troubles()).toEqual([`the BTC scan stands at 5 while the tip is ${scan.tip}`]);
    expect(told()).toHaveLength(1);
    for (let i = 0; i < 5; i++) await block();
    expect(told()).toHaveLength(1);
    for (let i = 0; i < 13; i++) await block();
    expect(told()).toHaveLength(4);
    scan = { height: 6, tip: scan.tip };
    await pass(minuteMs);
    expect(dog.troubles()).toEqual([]);
  });

  test("is well at the tip, however long no block comes, and while it comes along", async () => {
    await pass(5 * hourMs);
    expect(dog.troubles()).toEqual([]);
    for (let i = 0; i < 20; i++) {
      scan = { height: 5 + i, tip: 100 };
      await pass(10 * minuteMs);
    }
    expect([dog.troubles(), told()]).toEqual([[], []]);
  });
});

describe("deposits that wait for a person", () => {
  const text = (n: number) => `${n} deposits wait for a person: see /api/deposits/errored`;

  test("are told at once with their number, every hour, and no more when there is none", async () => {
    const id = await credit();
    await store.write((tx) => hold(tx, id, "look", at()));
    await pass(minuteMs);
    expect(dog.troubles()).toEqual([text(1)]);
    expect(told()).toHaveLength(1);
    await pass(hourMs);
    expect(told()).toHaveLength(2);
    const second = await credit();
    await store.write((tx) => hold(tx, second, "look", at()));
    await pass(minuteMs);
    expect(dog.troubles()).toEqual([text(2)]);
    expect(told()).toHaveLength(3);
    for (const one of [id, second]) await settle(one);
    await pass(minuteMs);
    expect(dog.troubles()).toEqual([]);
  });

  test("are those that a reorg took back as well", async () => {
    await credit();
    await store.write((tx) => rewind(tx, rules, { height: 0, hash: "h0" }, at()));
    await pass(minuteMs);
    expect(dog.troubles()).toEqual([text(1)]);
  });
});

test("a wrong clock of the machine does not keep it from telling every hour", async () => {
  const id = await credit();
  await pass(hourMs);
  expect(told()).toHaveLength(1);
  clock.jump(-30 * 24 * hourMs);
  await store.write((tx) => hold(tx, id, "look", at()));
  await pass(minuteMs);
  expect(told()).toHaveLength(2);
  await pass(hourMs);
  expect(told()).toHaveLength(3);
});

test("with nothing wrong it says nothing", async () => {
  await pass(24 * hourMs);
  expect([dog.troubles(), log.lines]).toEqual([[], []]);
});
test("a node without a new block for hours is told where others make blocks, and nowhere else", async () => {
  const quiet = watchdog({
    store,
    clock,
    log: log.logger,
    scanners: { BTC: () => scan },
    quietMs: 3 * hourMs,
  });
  quiet.look();
  clock.skip(3 * hourMs - 1);
  quiet.look();
  dog.look();
  expect(quiet.troubles()).toEqual([]);
  clock.skip(1);
  quiet.look();
  dog.look();
  expect(quiet.troubles()).toEqual(["the BTC node has had no new block above 5 for long: is it cut off?"]);
  expect(dog.troubles()).toEqual([]);
  scan = { height: 6, tip: 6 };
  quiet.look();
  expect(quiet.troubles()).toEqual([]);
});

test("an empty pool is told, and no more when it is filled again", async () => {
  const text = "the BTC pool is empty: nobody can be given a deposit address";
  await store.write((tx) => bind(tx, { sky, coin: "BTC", method: "direct", limit: 0, at: 1 }));
  await pass(minuteMs);
  expect(dog.troubles()).toEqual([text]);
  expect(told()[0]).toContain(text);
  await store.write((tx) => importAddresses(tx, "BTC", [{ address: "a3", script: "s3" }]));
  await pass(minuteMs);
  expect(dog.troubles()).toEqual([]);
});
