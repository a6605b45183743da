import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { address as codec } from "bitcoinjs-lib";
import { bind, cursorOf, depositsByStatus, freeAddresses, totalsOf } from "#internal/book";
import { systemClock } from "#internal/clock";
import type { Store } from "#internal/db";
import type { Config } from "#internal/config";
import { poolAddress } from "./coins.ts";
import { type Desk, newDir, openDesk, until } from "./testdaemon.ts";

// A busy machine may be slow; what is waited for has a deadline of its own.
setDefaultTimeout(30_000);

let place: ReturnType<typeof newDir>;
beforeEach(() => {
  place = newDir();
});
afterEach(() => place.remove());

/** addressOf gives a valid address for the i-th hash; the scripts of these sort as the numbers do. */
const addressOf = (i: number) =>
  codec.toBech32(Buffer.from(i.toString(16).padStart(8, "0").padEnd(40, "0"), "hex"), 0, "bc");
const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => addressOf(from + i));

function writePool(addresses: readonly string[]): void {
  writeFileSync(join(place.dir, "pool.json"), JSON.stringify({ btc_addresses: addresses }));
}

const payTo = (address: string, tx: string) =>
  `/dummy/scanner/deposit?addr=${address}&value=100000&height=1&tx=${tx}`;
const seen = (store: Store) =>
  store.read((reader) => depositsByStatus(reader, undefined, { limit: 10 })).map((info) => info.deposit_id);
const height = (store: Store) => store.read((reader) => cursorOf(reader, "BTC"))?.height ?? -1;

/** interrupted lets something happen once, after the first write that leaves the store so. */
function interrupted(when: (store: Store) => boolean) {
  const made = {
    hook: undefined as ((store: Store) => Promise<void>) | undefined,
    wrap: (store: Store): Store =>
      new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== "function") return value;
          if (name !== "write") return value.bind(target);
          const write: Store["write"] = async (fn) => {
            const written = await target.write(fn);
            const { hook } = made;
            if (hook !== undefined && when(target)) {
              made.hook = undefined;
              await hook(target);
            }
            return written;
          };
          return write;
        },
      }),
  };
  return made;
}

describe("a pool of the example's addresses", () => {
  const config = (dummy: boolean) =>
    ({ dummy: { scanner: dummy }, btcRpc: { network: "mainnet" } }) as unknown as Config;
  const text = readFileSync(join(import.meta.dir, "../../example_btc_addresses.json"), "utf8");
  const { btc_addresses: all } = JSON.parse(text) as { btc_addresses: string[] };

  test("is for the dummy alone: everybody can work out its keys", () => {
    const refusals = (dummy: boolean) =>
      all.flatMap((one) => {
        const read = poolAddress(config(dummy))(one);
        return read.ok ? [] : [read.refusal];
      });
    expect(refusals(true)).toEqual([]);
    expect(refusals(false)).toHaveLength(25);
    expect(refusals(false)[0]).toContain("one of the example's, whose keys everybody can work out");
    expect(poolAddress(config(false))(addressOf(1)).ok).toBe(true);
  });
});

describe("a pool file that is read again", () => {
  test("loses no money that comes to one of its addresses while it is still being read", async () => {
    writePool(range(1_000_000, 1));
    const between = interrupted((store) => store.read(totalsOf).free.BTC > 0);
    const desk = await openDesk(place.dir, { wrap: between.wrap });
    const request = { sky: "alice", coin: "BTC" as const, method: "direct" as const, limit: 0, at: 1 };
    // The only free address is taken, so the next one that is given out is of the new file.
    await desk.store.write((tx) => bind(tx, request));
    writePool(range(1_000_000, 5000));
    let scanned = false;
    between.hook = async (store) => {
      expect(store.read(totalsOf).free.BTC).toBeLessThan(4999);
      const bound = await store.write((tx) => bind(tx, request));
      if (!bound.ok) throw new Error(bound.refusal);
      const before = height(store);
      await desk.get("dummy", payTo(bound.value.address, "t1"));
      await until("the block is scanned", () => height(store) > before);
      scanned = true;
    };
    await desk.assembled.hangup();
    expect(scanned).toBe(true);
    expect(seen(desk.store)).toEqual(["t1:0"]);
    await desk.stop();
  });

  test("is watched whole when it is read while the pool is being loaded", async () => {
    writePool(range(1_000_000, 6000));
    const started = Promise.withResolvers<Desk>();
    let breaths = 0;
    let read = false;
    const clock = {
      ...systemClock,
      async sleep(ms: number, signal?: AbortSignal) {
        // The breath between two pages of the load, which ends with its part; an import breathes without a signal.
        if (ms === 0 && signal !== undefined && breaths++ === 0) {
          const { assembled } = await started.promise;
          writePool([...range(1_000_000, 6000), addressOf(1)]);
          await assembled.hangup();
          read = true;
        }
        return systemClock.sleep(ms, signal);
      },
    };
    const desk = await openDesk(place.dir, { clock });
    started.resolve(desk);
    await until("the pool is read again", () => read);
    await until("the scanner is at work", () => height(desk.store) >= 0);
    await desk.get("dummy", payTo(addressOf(1), "t1"));
    await until("the block is scanned", () => height(desk.store) > 0);
    expect(seen(desk.store)).toEqual(["t1:0"]);
    await desk.stop();
  });

  test("twice at once ends as the last file says", async () => {
    writePool(range(1, 1));
    const between = interrupted((store) => store.read(totalsOf).free.BTC > 1);
    const desk = await openDesk(place.dir, { wrap: between.wrap });
    writePool(range(10_000, 5000));
    let second: Promise<void> = Promise.resolve();
    between.hook = async () => {
      writePool(range(50_000, 2500));
      second = desk.assembled.hangup();
    };
    await desk.assembled.hangup();
    await second;
    const free = desk.store.read((reader) => freeAddresses(reader, "BTC", "", 10_000));
    expect(free).toEqual(range(50_000, 2500).sort());
    await desk.stop();
  });

  test("that has become wrong changes nothing", async () => {
    const desk = await openDesk(place.dir);
    const { free } = desk.store.read(totalsOf);
    writePool([...range(5, 3), "nonsense0"]);
    const failed = await desk.assembled.hangup().catch((error: Error) => error.message);
    expect(failed).toContain("btc_addresses[3]: Invalid deposit address `nonsense0`");
    expect(desk.store.read(totalsOf).free).toEqual(free);
    await desk.stop();
  });

  test("gives its new addresses out at once", async () => {
    writePool(range(7, 1));
    const desk = await openDesk(place.dir);
    writePool(range(7, 3));
    await desk.assembled.hangup();
    expect(desk.store.read(totalsOf).free.BTC).toBe(3);
    expect(desk.log.lines.filter((line) => line.includes("pool imported"))).toHaveLength(2);
    await desk.stop();
  });
});
