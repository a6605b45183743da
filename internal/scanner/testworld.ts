import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bind, type ChainRules, depositsByStatus, importAddresses, openBook } from "#internal/book";
import { manualClock } from "#internal/clock";
import type { Store } from "#internal/db";
import { noCrash } from "#internal/life";
import { silent } from "#internal/log";
import { type Scanner, scanner } from "./mod.ts";
import { SimChain, type SimPayment, watchAll } from "./simchain.ts";

/** sky is the customer. */
export const sky = "2EVNa4CK9SKosT4j1GEn8SuuUUEAXaHAMbM";
const stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };
const rules: ChainRules = {
  coin: "BTC",
  confirmations: 2,
  window: 20,
  rate: "500",
  maxDecimals: 3,
  buyMethod: "direct",
};

const addresses = ["a1", "a2", "a3", "a4"];
let cleanup: (() => Promise<void>)[] = [];

/** endWorlds ends what a test has made. */
export async function endWorlds(): Promise<void> {
  for (const step of cleanup.reverse()) await step();
  cleanup = [];
}

/** World is a scanner over a real store and a simulated chain. */
export interface World {
  readonly store: Store;
  readonly chain: SimChain;
  readonly scanner: Scanner;
  /** follow lets the scanner look until it has nothing more to do. */
  follow(): Promise<void>;
}

/** world makes a scanner that has looked once. `endWorlds` ends it. */
export async function world(chain = new SimChain()): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), "scanner-"));
  const store = await openBook(join(dir, "teller.db"), stamp);
  cleanup.push(async () => {
    await store.close();
    rmSync(dir, { recursive: true });
  });
  await store.write((tx) =>
    importAddresses(
      tx,
      "BTC",
      addresses.map((address) => ({ address, script: address })),
    ),
  );
  const clock = manualClock();
  const made = scanner({
    store,
    source: chain.source(),
    watch: async () => watchAll(new Set(addresses)),
    rules,
    initialHeight: undefined,
    periodMs: 1000,
    clock,
    log: silent,
    crash: noCrash,
    credited: () => {},
  });
  const stop = new AbortController();
  const running = made.part.run(stop.signal);
  cleanup.push(async () => {
    stop.abort();
    await running;
  });
  const follow = async () => {
    const idle = clock.nextSleep();
    made.bell.ring();
    await idle;
  };
  await follow();
  return { store, chain, scanner: made, follow };
}

/** pay makes an output of a block. */
export const pay = (address: string, txid: string, inputs: string[] = [], n = 0): SimPayment => ({
  txid,
  n,
  value: 1000n,
  address,
  inputs,
});
/** bound gives the next address of the customer. */
export const bound = (w: World) =>
  w.store
    .write((tx) => bind(tx, { sky, coin: "BTC", method: "direct", limit: 0, at: 1 }))
    .then((b) => (b.ok ? b.value.address : ""));
/** credited gives the credited deposits, marked or not. */
export const credited = (w: World) =>
  w.store.read((reader) => depositsByStatus(reader, undefined, { limit: 1000 }));
/** ids gives the keys of the credited deposits. */
export const ids = (w: World) => credited(w).map((info) => info.deposit_id);

/**
 * forked lets a chain be followed up to this height, and then the newest so many blocks be others, which pay at these
 * heights.
 */
export async function forked(w: World, height: number, depth: number, pays: Record<number, SimPayment> = {}) {
  while (w.chain.tip.height < height) w.chain.mine();
  await w.follow();
  w.chain.drop(depth);
  while (w.chain.tip.height <= height) {
    const payment = pays[w.chain.tip.height + 1];
    w.chain.mine(payment === undefined ? [] : [payment]);
  }
  await w.follow();
}
