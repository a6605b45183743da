import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bind, importAddresses, openBook, retireAddresses } from "#internal/book";
import { systemClock } from "#internal/clock";
import type { Store } from "#internal/db";
import { loadWatch, watchNew } from "./mod.ts";

const stamp = { schema: 1, btc_network: "mainnet", dummy_scanner: false, dummy_sender: false };
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const never = new AbortController().signal;
const breath = { clock: systemClock, signal: never };
const count = 12_000;

let dir = "";
let store: Store;
beforeEach(async () => {
  dir = mkdtempSync(join(scratch, "teller-watch-"));
  store = await openBook(join(dir, "a.db"), stamp);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

/** scriptOf makes scripts that spread over the whole range, of different lengths. */
const scriptOf = (i: number) =>
  Buffer.from(Bun.hash(`${i}`).toString(16).padStart(16, "0") + "ab".repeat(i % 5), "hex");
const entry = (i: number) => ({ address: `a${i}`, script: scriptOf(i).toString("hex") });

async function fill(): Promise<void> {
  for (let from = 0; from < count; from += 4000) {
    const part = Array.from({ length: 4000 }, (_, i) => entry(from + i));
    await store.write((tx) => importAddresses(tx, "BTC", part));
  }
}

test("every script of the pool is found, bound, free or retired, and nothing else", async () => {
  await fill();
  const bound = await store.write((tx) =>
    bind(tx, { sky: "alice", coin: "BTC", method: "direct", limit: 0, at: 1 }),
  );
  await store.write((tx) => retireAddresses(tx, "BTC", ["a77"]));
  const set = await loadWatch(store, "BTC", breath);
  expect(set.size).toBe(count);
  for (let i = 0; i < count; i++) {
    if (set.addressOf(scriptOf(i)) !== `a${i}`) throw new Error(`a${i} is not found`);
  }
  expect(bound.ok && set.addressOf(scriptOf(Number(bound.value.address.slice(1))))).toBe(
    bound.ok ? bound.value.address : "",
  );
  for (let i = count; i < count + 2000; i++) expect(set.addressOf(scriptOf(i))).toBeUndefined();
});

test("another coin's pool is not in it", async () => {
  await store.write((tx) => importAddresses(tx, "BTC", [entry(1)]));
  const set = await loadWatch(store, "ETH", breath);
  expect([set.size, set.addressOf(scriptOf(1))]).toEqual([0, undefined]);
});

test("what is added later is found when it is watched and in the store", async () => {
  const set = await loadWatch(store, "BTC", breath);
  watchNew(set, [entry(5).script]);
  expect(set.addressOf(scriptOf(5))).toBeUndefined();
  await store.write((tx) => importAddresses(tx, "BTC", [entry(5)]));
  expect(set.addressOf(scriptOf(5))).toBe("a5");
});

test("loading ends when it is told to", async () => {
  await fill();
  const stop = new AbortController();
  const loading = loadWatch(store, "BTC", { clock: systemClock, signal: stop.signal });
  stop.abort();
  expect((await loading).size).toBeLessThan(count);
});

test("a page that ends with a script that others begin with loses none of them", async () => {
  const page = 5000;
  const before = Array.from({ length: page - 1 }, (_, i) => `00${i.toString(16).padStart(6, "0")}`);
  const scripts = [...before, "01", "0100", "010000", "0101", "01ff", "02"];
  const entries = scripts.map((script) => ({ address: `a${script}`, script }));
  await store.write((tx) => importAddresses(tx, "BTC", entries));
  const set = await loadWatch(store, "BTC", breath);
  expect(scripts.filter((script) => set.addressOf(Buffer.from(script, "hex")) === undefined)).toEqual([]);
});
