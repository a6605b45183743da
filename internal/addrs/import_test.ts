import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkAddress } from "#internal/bitcoin";
import { bind, freeAddresses, openBook, totalsOf, watchedScripts } from "#internal/book";
import type { Store } from "#internal/db";
import { accept, Fault, fateOf } from "#internal/fault";
import { type AddressCheck, importPool } from "./mod.ts";

const stamp = { schema: 1, btc_network: "mainnet", dummy_scanner: false, dummy_sender: false };
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

const p2pkh = "1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLB";
const bech32 = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

let dir = "";
let path = "";
let store: Store;
let checks = 0;
beforeEach(async () => {
  dir = mkdtempSync(join(scratch, "teller-addrs-"));
  path = join(dir, "pool.txt");
  checks = 0;
  store = await openBook(join(dir, "a.db"), stamp);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

/** plain takes any text for an address whose script is the text itself. */
const plain: AddressCheck = (text) => {
  checks += 1;
  return accept({ address: text, script: Buffer.from(text) });
};
const bitcoin: AddressCheck = (text) => checkAddress(text, "mainnet");

const names = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `p${(from + i).toString().padStart(6, "0")}`);
const write = (lines: readonly string[]) => writeFileSync(path, `${lines.join("\n")}\n`);
const imported = (own: { into?: Store; check?: AddressCheck; network?: string } = {}) =>
  importPool(own.into ?? store, {
    coin: "BTC",
    path,
    network: own.network ?? "mainnet",
    check: own.check ?? plain,
  });
const refusal = async (own: Parameters<typeof imported>[0] = {}) => {
  const error = await imported(own).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Fault);
  expect(fateOf(error)).toBe("stop");
  return (error as Fault).message;
};
const free = () => store.read((reader) => freeAddresses(reader, "BTC", "", 100_000));

/** cutOff is a store whose writes fail after so many, as when the process is killed. */
function cutOff(after: number): Store {
  let left = after;
  return new Proxy(store, {
    get(target, name) {
      if (name === "write" && left-- <= 0) return () => Promise.reject(new Error("killed"));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("a pool file", () => {
  test("is brought in whole", async () => {
    write(names(5));
    expect(await imported()).toEqual({ changed: true, added: 5, retired: 0 });
    expect(free()).toEqual(names(5));
    expect(store.read(totalsOf).free.BTC).toBe(5);
  });

  test("is watched before the first of its addresses can be given out", async () => {
    write(names(5));
    const watched: string[] = [];
    const watch = (scripts: readonly string[]) => {
      expect(free()).toEqual([]);
      watched.push(...scripts);
    };
    await importPool(store, { coin: "BTC", path, network: "mainnet", check: plain, watch });
    expect(watched).toEqual(names(5).map((name) => Buffer.from(name).toString("hex")));
    await importPool(store, { coin: "BTC", path, network: "mainnet", check: plain, watch });
    expect(watched).toHaveLength(5);
  });

  test("that is large lets others go on in between", async () => {
    write(names(10_000));
    const done: number[] = [];
    const breath = async () => void done.push(checks);
    await importPool(store, { coin: "BTC", path, network: "mainnet", check: plain, breath });
    const steps = done.map((count, i) => count - (done[i - 1] ?? 0));
    expect(done.length).toBeGreaterThan(5);
    expect(Math.max(...steps)).toBeLessThanOrEqual(2000);
  });

  test("that did not change is not looked at again, also after a restart", async () => {
    write(names(5));
    await imported();
    checks = 0;
    expect(await imported()).toEqual({ changed: false, added: 0, retired: 0 });
    await store.close();
    store = await openBook(join(dir, "a.db"), stamp);
    expect((await imported()).changed).toBe(false);
    expect(checks).toBe(0);
  });

  test("is looked at again on another network", async () => {
    write(names(5));
    await imported();
    expect(await imported({ network: "simnet" })).toMatchObject({ changed: true, added: 0 });
  });

  test("that changed adds what is new and takes away what is gone, over many pages", async () => {
    write(names(5000));
    await imported();
    const kept = names(6000).filter((_, i) => i % 3 === 0);
    write(kept);
    const added = kept.filter((name) => name >= "p005000").length;
    expect(await imported()).toMatchObject({ added, retired: 5000 - (kept.length - added) });
    expect(free()).toEqual(kept);
    expect(store.read(totalsOf).free.BTC).toBe(kept.length);
    // What is gone from the file stays watched: somebody may still pay it.
    expect(store.read((reader) => watchedScripts(reader, "BTC", "", 100_000))).toHaveLength(
      new Set([...names(5000), ...kept]).size,
    );
  });

  test("in another order is the same pool", async () => {
    write(names(5));
    await imported();
    write(names(5).reverse());
    expect(await imported()).toMatchObject({ changed: true, added: 0, retired: 0 });
  });

  test("never frees what is bound, and gives a retired address back to the pool when it lists it again", async () => {
    write(names(3));
    await imported();
    await store.write((tx) => bind(tx, { sky: "alice", coin: "BTC", method: "direct", limit: 0, at: 1 }));
    write(names(1, 2));
    expect(await imported()).toMatchObject({ added: 0, retired: 1 });
    expect(free()).toEqual(names(1, 2));
    write(names(3));
    expect(await imported()).toMatchObject({ added: 1, retired: 0 });
    expect(free()).toEqual(names(2, 1));
  });

  test("may be JSON", async () => {
    path = join(dir, "pool.json");
    writeFileSync(path, JSON.stringify({ btc_addresses: [p2pkh, bech32] }));
    expect(await imported({ check: bitcoin })).toMatchObject({ added: 2 });
    expect(free()).toEqual([p2pkh, bech32].sort());
  });

  test("keeps the usual spelling of an address", async () => {
    write([bech32.toUpperCase()]);
    await imported({ check: bitcoin });
    expect(free()).toEqual([bech32]);
    write([bech32]);
    expect(await imported({ check: bitcoin })).toMatchObject({ added: 0, retired: 0 });
  });
});

describe("an import that is cut off", () => {
  test("is done again, from any point", async () => {
    const want = names(5000);
    for (let after = 0; after < 5; after++) {
      write(want);
      const cut = imported({ into: cutOff(after) });
      expect(await cut.catch((error: Error) => error.message)).toBe("killed");
      expect((await imported()).changed).toBe(true);
      expect(free()).toEqual(want);
      expect(store.read(totalsOf).free.BTC).toBe(5000);
      write(names(10));
      await imported();
    }
  });

  test("leaves nothing of itself when the file is put back as it was", async () => {
    const good = names(100);
    write(good);
    await imported();
    write([...good, ...names(5000, 900_000)]);
    await imported({ into: cutOff(2) }).catch(() => {});
    write(good);
    await imported();
    expect(free()).toEqual(good);
  });
});

describe("a refused file", () => {
  test("that is not there names path and reason", async () => {
    path = join(dir, "no-such-file.txt");
    const text = await refusal();
    expect(text).toContain(path);
    expect(text).toContain("Load deposit bitcoin address list failed: ");
    expect(text).toContain("ENOENT");
  });

  test("that may not be read names path and reason", async () => {
    write(names(1));
    chmodSync(path, 0);
    // The superuser may read everything.
    if (process.getuid?.() === 0) return expect(await imported()).toMatchObject({ added: 1 });
    expect(await refusal()).toContain("Load deposit bitcoin address list failed: ");
  });

  test("that is a folder is refused", async () => {
    path = dir;
    expect(await refusal()).toContain("Load deposit bitcoin address list failed: ");
  });

  test("that is empty, or has an address twice, names the path", async () => {
    write(["# nothing"]);
    expect(await refusal()).toBe(`${path}: No BTC addresses`);
    write(["p1", "p1"]);
    expect(await refusal()).toBe(`${path}: Duplicate deposit address \`p1\` (line 1 and line 2)`);
  });

  const invalid: readonly [address: string, reason: string][] = [
    ["1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLC", "its base58 checksum is wrong"],
    ["mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "it belongs to testnet3"],
    ["tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "not to mainnet"],
    ["0x392cded14b8f12cb6cbb1c7922810f4fbd80c3f6", "it looks like an Ethereum address"],
    ["bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "it mixes upper and lower case"],
  ];
  for (const [address, reason] of invalid) {
    test(`with ${address} names the line and says that ${reason}`, async () => {
      write(["# pool", p2pkh, address]);
      const text = await refusal({ check: bitcoin });
      expect(text).toStartWith(`${path}: line 3: Invalid deposit address \`${address}\`: `);
      expect(text).toContain(reason);
    });
  }

  test("with one address in two spellings is refused", async () => {
    write([bech32, p2pkh, bech32.toUpperCase()]);
    expect(await refusal({ check: bitcoin })).toBe(
      `${path}: line 3: Duplicate deposit address \`${bech32.toUpperCase()}\`, the same as \`${bech32}\``,
    );
  });

  test("changes nothing, and the good one before it stays", async () => {
    write([p2pkh]);
    await imported({ check: bitcoin });
    write([bech32, "nonsense"]);
    await refusal({ check: bitcoin });
    expect(free()).toEqual([p2pkh]);
    write([p2pkh]);
    expect((await imported({ check: bitcoin })).changed).toBe(false);
  });
});
