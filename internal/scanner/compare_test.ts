import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bind, depositInfo, importAddresses, openBook, stoppedCoins } from "#internal/book";
import { manualClock } from "#internal/clock";
import type { Store } from "#internal/db";
import { noCrash } from "#internal/life";
import { silent } from "#internal/log";
import { scanner } from "./mod.ts";
import { SimChain, watchAll } from "./simchain.ts";

const addresses = ["a1", "a2", "a3"];
const stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };

let cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of cleanup.reverse()) await step();
  cleanup = [];
});

async function newStore(): Promise<Store> {
  const dir = mkdtempSync(join(tmpdir(), "scanner-"));
  const store = await openBook(join(dir, "teller.db"), stamp);
  cleanup.push(async () => {
    await store.close();
    rmSync(dir, { recursive: true });
  });
  const pool = addresses.map((address) => ({ address, script: address }));
  await store.write((tx) => importAddresses(tx, "BTC", pool));
  return store;
}

/** start runs a scanner, and comes back when it has looked and waits. */
async function start(store: Store, chain: SimChain) {
  const clock = manualClock();
  const made = scanner({
    ...{ store, clock, source: chain.source(), log: silent, crash: noCrash },
    watch: async () => watchAll(new Set(addresses)),
    rules: { coin: "BTC", confirmations: 1, window: 20, rate: "1", maxDecimals: 3, buyMethod: "direct" },
    initialHeight: undefined,
    periodMs: 1000,
    credited: () => {},
  });
  const controller = new AbortController();
  const first = clock.nextSleep();
  const running = made.part.run(controller.signal);
  const stop = async () => {
    controller.abort();
    await running;
  };
  cleanup.push(stop);
  await first;
  const follow = async () => {
    const idle = clock.nextSleep();
    made.bell.ring();
    await idle;
  };
  return { scanner: made, follow, stop };
}

/** A store that has followed a chain to its tip. */
async function followed(blocks: number) {
  const [store, chain] = [await newStore(), new SimChain()];
  const first = await start(store, chain);
  for (let i = 0; i < blocks; i++) chain.mine();
  await first.follow();
  expect(first.scanner.caughtUp()).toBe(true);
  await first.stop();
  return { store, chain };
}

test("a scanner has caught up after a start only when the node gave the block that it stands on", async () => {
  const { store, chain } = await followed(30);
  chain.unknown = [chain.tip.height];
  const again = await start(store, chain);
  expect(again.scanner.state()).toMatchObject({ height: chain.tip.height, tip: chain.tip.height });
  expect(again.scanner.caughtUp()).toBe(false);
  chain.unknown = [];
  await again.follow();
  expect(again.scanner.caughtUp()).toBe(true);
});

test("a scanner has not caught up after a start on a chain of the same height that shares nothing with ours", async () => {
  const { store, chain } = await followed(30);
  const ours = chain.blocks;
  chain.drop(25);
  for (let i = 0; i < 25; i++) chain.mine();
  const again = await start(store, chain);
  expect(store.read(stoppedCoins)).toHaveLength(1);
  expect(again.scanner.caughtUp()).toBe(false);
  chain.blocks = ours;
  await again.follow();
  expect(again.scanner.caughtUp()).toBe(true);
});

test("a rescan that is asked for while the chain changes does not hide what the change took back", async () => {
  const [store, chain] = [await newStore(), new SimChain()];
  const bound = async (sky: string) => {
    const request = { sky, coin: "BTC" as const, method: "direct" as const, limit: 0, at: 1 };
    const done = await store.write((tx) => bind(tx, request));
    if (!done.ok) throw new Error(done.refusal);
    return done.value.address;
  };
  const [first, second] = [await bound("S1"), await bound("S2")];
  const running = await start(store, chain);
  const pay = (txid: string, address: string) => [
    { txid, n: 0, value: 1000n, address, inputs: [`in-${txid}:0`] },
  ];
  for (let i = 0; i < 40; i++) chain.mine(i === 37 ? pay("gone", first) : []);
  await running.follow();
  chain.drop(3);
  for (let i = 0; i < 4; i++) chain.mine(i === 0 ? pay("new", second) : []);
  const asked = running.scanner.rescan(40);
  await running.follow();
  expect(await asked).toMatchObject({
    ok: false,
    refusal: expect.stringContaining("HEIGHT must be lower"),
  });
  await running.follow();
  expect(store.read((reader) => depositInfo(reader, "gone:0"))?.reversed).toBe(true);
  expect(store.read((reader) => depositInfo(reader, "new:0"))?.status).toBe("waiting_decide");
});
