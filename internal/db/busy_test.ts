import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bucket, openStore, type Store } from "./mod.ts";

const counters = bucket<string, { n: number }>("counters", (raw) => raw as { n: number }, { busy: true });
/** Another face of the same table, for which no row is busy. */
const plain = bucket<string, { n: number }>("counters", (raw) => raw as { n: number });
const lists = bucket<readonly [string, number], string>("lists", String, { busy: true });

let dir = "";
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "db-busy-"));
  store = openStore(join(dir, "test.db"), [counters, lists]);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

const stored = (key: string) => store.read((reader) => reader.get(plain, key)?.n);

test("a busy row is decoded once and encoded once in a callback, however often it changes", async () => {
  await store.write((tx) => tx.put(counters, "a", { n: 1 }));
  const calls = { encode: 0, decode: 0 };
  const counted = {
    ...counters,
    encode(value: { n: number }) {
      calls.encode++;
      return counters.encode(value);
    },
    decode(text: string) {
      calls.decode++;
      return counters.decode(text);
    },
  };
  await store.write((tx) => {
    for (let i = 0; i < 100; i++) tx.put(counted, "a", { n: (tx.get(counted, "a")?.n ?? 0) + 1 });
  });
  expect([stored("a"), calls]).toEqual([101, { encode: 1, decode: 1 }]);
});

test("a busy row that is only read is not written", async () => {
  await store.write((tx) => tx.put(counters, "a", { n: 1 }));
  const refuses = {
    ...counters,
    encode(): string {
      throw new Error("written");
    },
  };
  expect(await store.write((tx) => tx.get(refuses, "a"))).toEqual({ n: 1 });
});

test("a callback sees its own busy rows by every way of looking", async () => {
  const seen = await store.write((tx) => {
    tx.put(counters, "a", { n: 1 });
    const before = [tx.has(counters, "a"), tx.get(plain, "a")?.n, tx.keys(counters, { limit: 9 })];
    tx.put(counters, "a", { n: 2 });
    tx.put(counters, "b", { n: 3 });
    const rows = tx.rows(plain, { limit: 9 }).map(({ key, value }) => [key, value.n]);
    const gone = [tx.remove(counters, "a"), tx.remove(counters, "a"), tx.has(counters, "a")];
    return { before, rows, gone, after: tx.get(counters, "a") };
  });
  expect(seen).toEqual({
    before: [true, 1, ["a"]],
    rows: [
      ["a", 2],
      ["b", 3],
    ],
    gone: [true, false, false],
    after: undefined,
  });
  expect([stored("a"), stored("b")]).toEqual([undefined, 3]);
});

test("a row that was removed may come back in the same callback", async () => {
  await store.write((tx) => tx.put(counters, "a", { n: 1 }));
  await store.write((tx) => {
    tx.put(counters, "a", { n: 2 });
    tx.remove(counters, "a");
    tx.put(counters, "a", { n: (tx.get(counters, "a")?.n ?? 10) + 1 });
  });
  expect(stored("a")).toBe(11);
});

test("a callback that throws leaves nothing of its busy rows, for others in its commit neither", async () => {
  await store.write((tx) => tx.put(counters, "a", { n: 0 }));
  const add = (fails: boolean) =>
    store.write((tx) => {
      const n = (tx.get(counters, "a")?.n ?? 0) + 1;
      tx.put(counters, "a", { n });
      if (fails) throw new Error("on purpose");
      return n;
    });
  const outcomes = await Promise.allSettled(Array.from({ length: 90 }, (_, i) => add(i % 3 === 0)));
  const given = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  expect(given).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  expect(stored("a")).toBe(60);
});

test("a busy row that cannot be encoded fails its own write alone", async () => {
  const broken = {
    ...counters,
    encode(): string {
      throw new Error("no text for it");
    },
  };
  const failed = store.write((tx) => tx.put(broken, "a", { n: 1 }));
  const fine = store.write((tx) => tx.put(counters, "b", { n: 2 }));
  expect(await failed.catch((error: Error) => error.message)).toBe("no text for it");
  await fine;
  expect([stored("a"), stored("b")]).toEqual([undefined, 2]);
});

test("a key that is a list is written at once, busy or not", async () => {
  await store.write((tx) => {
    tx.put(lists, ["a", 1], "x");
    tx.put(lists, ["a", 1], "y");
  });
  expect(store.read((reader) => reader.get(lists, ["a", 1]))).toBe("y");
});
