import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { bucket, openStore, text, type Tx } from "./mod.ts";

const revive = (raw: unknown) => BigInt(raw as number | bigint);
const plain = bucket<string, bigint>("plain", revive);
const busy = bucket<string, bigint>("busy", revive, { busy: true });
/** The same table as `busy`, with keys that are never kept back. */
const beside = bucket<number, bigint>("busy", revive);

type Step =
  | { readonly kind: "get" | "has" | "remove"; readonly key: string }
  | { readonly kind: "put"; readonly key: string; readonly value: bigint }
  | { readonly kind: "keys" | "rows"; readonly reverse: boolean; readonly limit: number };

const keys = fc.constantFrom("a", "b", "c", "d");
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("get" as const, "has" as const, "remove" as const), key: keys }),
  fc.record({ kind: fc.constant("put" as const), key: keys, value: fc.bigInt() }),
  fc.record({
    kind: fc.constantFrom("keys" as const, "rows" as const),
    reverse: fc.boolean(),
    limit: fc.integer({ min: 1, max: 5 }),
  }),
);
const writes = fc.record({ script: fc.array(steps, { maxLength: 12 }), fails: fc.boolean() });

/** expected does a step on a plain map and gives what the store must answer. */
function expected(model: Map<string, bigint>, step: Step): unknown {
  switch (step.kind) {
    case "get":
      return model.get(step.key);
    case "has":
      return model.has(step.key);
    case "remove":
      return model.delete(step.key);
    case "put":
      model.set(step.key, step.value);
      return undefined;
    default: {
      const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
      const part = (step.reverse ? sorted.reverse() : sorted).slice(0, step.limit);
      return step.kind === "keys" ? part.map(([key]) => key) : part.map(([key, value]) => ({ key, value }));
    }
  }
}

function done(tx: Tx, of: typeof plain, step: Step): unknown {
  switch (step.kind) {
    case "get":
      return tx.get(of, step.key);
    case "has":
      return tx.has(of, step.key);
    case "remove":
      return tx.remove(of, step.key);
    case "put":
      return tx.put(of, step.key, step.value);
    default:
      return tx[step.kind](of, { reverse: step.reverse, limit: step.limit });
  }
}

test("a store answers as a map does, in each transaction and after it, whether a bucket is busy or not", async () => {
  const dir = mkdtempSync(join(tmpdir(), "db-prop-"));
  const store = openStore(join(dir, "a.db"), [plain, busy]);
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(writes, { minLength: 1, maxLength: 5 }), async (all) => {
        await store.write((tx) => {
          for (const key of ["a", "b", "c", "d"]) {
            tx.remove(plain, key);
            tx.remove(busy, key);
          }
        });
        let model = new Map<string, bigint>();
        for (const { script, fails } of all) {
          const next = new Map(model);
          const writing = store.write((tx) => {
            for (const step of script) {
              const answer = expected(next, step);
              expect(done(tx, plain, step)).toEqual(answer);
              expect(done(tx, busy, step)).toEqual(answer);
            }
            if (fails) throw new Error("on purpose");
          });
          const outcome = await writing.then(
            () => "committed",
            (error: Error) => error.message,
          );
          expect(outcome).toBe(fails ? "on purpose" : "committed");
          if (!fails) model = next;
          const rows = Array.from(model, ([key, value]) => ({ key, value })).sort((a, b) =>
            a.key < b.key ? -1 : 1,
          );
          for (const of of [plain, busy]) {
            expect(store.read((reader) => reader.rows(of, { limit: 10 }))).toEqual(rows);
          }
        }
      }),
      { numRuns: 150 },
    );
  } finally {
    await store.close();
    rmSync(dir, { recursive: true });
  }
});

test("rows of a busy bucket and of others in its table do not disturb each other", async () => {
  const dir = mkdtempSync(join(tmpdir(), "db-busy-"));
  const store = openStore(join(dir, "a.db"), [busy]);
  await store.write((tx) => {
    tx.put(busy, "sum", 1n);
    tx.put(beside, 7, 70n);
    tx.put(busy, "sum", 2n);
    expect(tx.get(beside, 7)).toBe(70n);
    expect(tx.keys(beside, { limit: 10 })).toEqual([7, "sum"] as unknown as number[]);
    tx.put(busy, "sum", 3n);
    expect(store.read((reader) => reader.get(busy, "sum"))).toBe(3n);
  });
  expect(store.read((reader) => reader.get(busy, "sum"))).toBe(3n);
  await store.close();
  rmSync(dir, { recursive: true });
});

test("a busy bucket tells keys apart whatever their parts are", async () => {
  const dir = mkdtempSync(join(tmpdir(), "db-keys-"));
  const lists = bucket<readonly [string, string | number], string>("lists", text, { busy: true });
  const store = openStore(join(dir, "a.db"), [lists]);
  const keys = [
    ["a", "b"],
    ["a", "1"],
    ["a", 1],
    ["a\u0001b", "1"],
    ['a","b', "1"],
    ["[", 1],
  ] as const;
  await store.write((tx) => {
    for (const key of keys) tx.put(lists, key, JSON.stringify(key));
    for (const key of keys) expect(tx.get(lists, key)).toBe(JSON.stringify(key));
    expect(tx.remove(lists, ["a", 1])).toBe(true);
    expect(tx.has(lists, ["a", 1])).toBe(false);
    expect(tx.get(lists, ["a", "1"])).toBe('["a","1"]');
    expect(tx.rows(lists, { limit: 10 })).toHaveLength(keys.length - 1);
  });
  for (const key of keys) {
    const row = store.read((reader) => reader.get(lists, key));
    expect(row).toBe(key[0] === "a" && key[1] === 1 ? undefined : JSON.stringify(key));
  }
  await store.close();
  rmSync(dir, { recursive: true });
});

test("texts of any length and of any characters come back as they were", async () => {
  const dir = mkdtempSync(join(tmpdir(), "db-texts-"));
  const texts = bucket<string, string>("texts", text);
  const store = openStore(join(dir, "a.db"), [texts]);
  const lengths = [0, 1, 1000, 21_844, 21_845, 21_846, 65_535, 65_536, 200_000];
  const rows = lengths.flatMap((length) =>
    ["x", "\u00e9", "\u20ac", "\u{1f680}"].map((one) => one.repeat(length)),
  );
  await store.write((tx) => {
    for (const [i, row] of rows.entries()) tx.put(texts, `${i}`, row);
    for (const [i, row] of rows.entries()) expect(tx.get(texts, `${i}`) === row).toBe(true);
  });
  for (const [i, row] of rows.entries()) {
    expect(store.read((reader) => reader.get(texts, `${i}`)) === row).toBe(true);
  }
  await store.close();
  rmSync(dir, { recursive: true });
});
