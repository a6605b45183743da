import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Broken, Fault } from "#internal/fault";
import { bucket, openStore, type Store, text, type Tx } from "./mod.ts";

const words = bucket<string, string>("words", text);
const numbers = bucket<number, number>("numbers", Number);
const pairs = bucket<readonly [string, number], string>("pairs", text);
const sums = bucket<string, bigint>("sums", (raw) => BigInt(raw as number | bigint));

let dir = "";
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "db-"));
  store = openStore(join(dir, "test.db"), [words, numbers, pairs, sums]);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

const word = (key: string) => store.read((reader) => reader.get(words, key));
const failing = (fn: (tx: Tx) => void) =>
  store
    .write((tx) => {
      fn(tx);
      throw new Error("on purpose");
    })
    .catch((error: unknown) => (error instanceof Error ? error.message : "?"));

describe("a write", () => {
  test("is there when its promise resolves, and gives what the callback gave", async () => {
    const given = await store.write((tx) => {
      tx.put(words, "a", "1");
      return 42;
    });
    expect([given, word("a")]).toEqual([42, "1"]);
  });

  test("whose callback throws changes nothing, and its error is the promise's", async () => {
    await store.write((tx) => tx.put(words, "a", "old"));
    const message = await failing((tx) => {
      tx.put(words, "a", "new");
      tx.put(words, "b", "new");
      tx.put(numbers, 1, 1);
      tx.remove(words, "a");
    });
    expect(message).toBe("on purpose");
    expect([word("a"), word("b")]).toEqual(["old", undefined]);
    expect(store.read((reader) => reader.has(numbers, 1))).toBe(false);
  });

  test("that fails between two others takes neither with it", async () => {
    const done = [
      store.write((tx) => tx.put(words, "one", "1")),
      failing((tx) => tx.put(words, "two", "2")),
      store.write((tx) => {
        expect(tx.has(words, "two")).toBe(false);
        tx.put(words, "three", tx.get(words, "one") ?? "nothing");
      }),
    ];
    await Promise.all(done);
    expect([word("one"), word("two"), word("three")]).toEqual(["1", undefined, "1"]);
  });

  test("over a key that LMDB refuses changes nothing", async () => {
    const long = store.write((tx) => {
      tx.put(words, "before", "1");
      tx.put(words, "k".repeat(3000), "1");
    });
    expect(await long.catch(() => "refused")).toBe("refused");
    expect(word("before")).toBeUndefined();
    await store.write((tx) => tx.put(words, "after", "1"));
    expect(word("after")).toBe("1");
  });

  test("with an asynchronous callback is a bug, and changes nothing", async () => {
    let late: unknown;
    const asynchronous = store.write(async (tx) => {
      tx.put(words, "a", "1");
      await Promise.resolve();
      try {
        tx.put(words, "b", "1");
      } catch (error) {
        late = error;
      }
    });
    const bystander = store.write((tx) => tx.put(words, "c", "1"));
    expect(await asynchronous.catch((error: unknown) => error)).toEqual(
      new Broken("db: an asynchronous callback in a transaction"),
    );
    await bystander;
    expect([word("a"), word("b"), word("c")]).toEqual([undefined, undefined, "1"]);
    expect(late).toEqual(new Broken("db: a write outside of its transaction"));
  });

  test("after its callback has returned is a bug", async () => {
    let kept: Tx | undefined;
    await store.write((tx) => {
      kept = tx;
    });
    expect(() => kept?.put(words, "a", "1")).toThrow(new Broken("db: a write outside of its transaction"));
    expect(() => kept?.remove(words, "a")).toThrow(Broken);
    expect(word("a")).toBeUndefined();
  });

  test("reads what it has written itself, in every way of reading", async () => {
    await store.write((tx) => {
      tx.put(words, "a", "1");
      tx.put(words, "b", "2");
      expect(tx.get(words, "a")).toBe("1");
      expect(tx.has(words, "b")).toBe(true);
      expect(tx.keys(words, { limit: 10 })).toEqual(["a", "b"]);
      expect(tx.remove(words, "a")).toBe(true);
      expect(tx.remove(words, "a")).toBe(false);
      expect(tx.rows(words, { limit: 10 })).toEqual([{ key: "b", value: "2" }]);
    });
  });

  test("of a bucket that was not named at the start is a bug", async () => {
    const other = bucket<string, string>("other", text);
    expect(() => word("a")).not.toThrow();
    expect(() => store.read((reader) => reader.get(other, "a"))).toThrow(Broken);
    expect(await store.write((tx) => tx.put(other, "a", "1")).catch((e: unknown) => e)).toBeInstanceOf(
      Broken,
    );
  });
});

describe("many writes at once", () => {
  test("run one after the other, in order, each seeing those before it", async () => {
    const order: number[] = [];
    const seen = await Promise.all(
      Array.from({ length: 1000 }, (_, i) =>
        store.write((tx) => {
          order.push(i);
          const n = (tx.get(numbers, 0) ?? 0) + 1;
          tx.put(numbers, 0, n);
          tx.put(words, `w${i}`, n.toString());
          return n;
        }),
      ),
    );
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(order).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(store.read((reader) => reader.get(numbers, 0))).toBe(1000);
    expect(store.read((reader) => reader.keys(words, { limit: 2000 })).length).toBe(1000);
  });

  test("of which every third fails leave exactly the others", async () => {
    await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        i % 3 === 0 ? failing((tx) => tx.put(numbers, i, i)) : store.write((tx) => tx.put(numbers, i, i)),
      ),
    );
    const left = store.read((reader) => reader.keys(numbers, { limit: 1000 }));
    expect(left).toEqual(Array.from({ length: 300 }, (_, i) => i).filter((i) => i % 3 !== 0));
  });
});

describe("a reader", () => {
  test("sees one state, however long it takes and whatever is committed meanwhile", async () => {
    await store.write((tx) => {
      for (let i = 0; i < 20; i++) tx.put(numbers, i, 0);
    });
    let stop = false;
    let written = 0;
    const writer = async () => {
      while (!stop) {
        written += 1;
        const n = written;
        await store.write((tx) => {
          for (let i = 0; i < 20; i++) tx.put(numbers, i, n);
        });
      }
    };
    const writing = Promise.all(Array.from({ length: 4 }, writer));
    const mixed: unknown[] = [];
    for (let round = 0; round < 60; round++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      store.read((reader) => {
        const first = reader.get(numbers, 0);
        const until = performance.now() + 3;
        while (performance.now() < until);
        const rows = reader.rows(numbers, { limit: 100 }).map(({ value }) => value);
        const values = new Set([first, ...rows, reader.get(numbers, 19)]);
        if (values.size !== 1) mixed.push([...values]);
      });
    }
    stop = true;
    await writing;
    expect(mixed).toEqual([]);
    expect(written).toBeGreaterThan(60);
  });

  test("never sees what is not committed", async () => {
    const peeked: unknown[] = [];
    const peek = () => peeked.push(word("a"));
    const writing = failing((tx) => {
      tx.put(words, "a", "1");
      queueMicrotask(peek);
      setImmediate(peek);
    });
    await writing;
    await new Promise((resolve) => setImmediate(resolve));
    expect(peeked).toEqual([undefined, undefined]);
  });

  test("walks keys in order, from start, up to but without end, and backwards", async () => {
    await store.write((tx) => {
      for (const n of [3, -1, 2, 10, 1]) tx.put(numbers, n, n);
      for (const key of ["b", "a", "a\u0000", "B", "é"]) tx.put(words, key, key);
      for (const [name, n] of [
        ["x", 2],
        ["x", 10],
        ["w", 99],
        ["xx", 1],
        ["x", 1],
      ] as const)
        tx.put(pairs, [name, n], `${name}${n}`);
    });
    store.read((reader) => {
      expect(reader.keys(numbers, { limit: 10 })).toEqual([-1, 1, 2, 3, 10]);
      expect(reader.keys<number, number>(numbers, { start: 1, end: 3, limit: 10 })).toEqual([1, 2]);
      expect(reader.keys(numbers, { limit: 2 })).toEqual([-1, 1]);
      expect(reader.keys<number, number>(numbers, { start: 3, end: 1, reverse: true, limit: 10 })).toEqual([
        3, 2,
      ]);
      expect(reader.keys<number, number>(numbers, { start: 2 ** 53, reverse: true, limit: 1 })).toEqual([10]);
      expect(reader.keys<string, string>(words, { start: "a\u0000", limit: 2 })).toEqual(["a\u0000", "b"]);
      expect(reader.keys(words, { limit: 10 })).toEqual(["B", "a", "a\u0000", "b", "é"]);
      const x = reader.rows(pairs, { start: ["x", 0], end: ["x", 2 ** 53], limit: 10 });
      expect(x.map(({ key: [name, n], value }) => `${name} ${n} ${value}`)).toEqual([
        "x 1 x1",
        "x 2 x2",
        "x 10 x10",
      ]);
      expect(reader.keys(pairs, { start: ["x", 0], end: ["x", -5], limit: 10 })).toEqual([]);
      expect(reader.keys(pairs, { limit: Number.MAX_SAFE_INTEGER })).toHaveLength(5);
    });
  });

  test("gets big integers with every digit, and texts that look like numbers as texts", async () => {
    const big = 10n ** 30n + 7n;
    await store.write((tx) => {
      tx.put(sums, "big", big);
      tx.put(sums, "small", 7n);
      tx.put(words, "w", "18446744073709551615");
      tx.put(words, "empty", "");
    });
    store.read((reader) => {
      expect(reader.get(sums, "big")).toBe(big);
      expect(reader.get(sums, "small")).toBe(7n);
      expect(reader.get(words, "w")).toBe("18446744073709551615");
      expect(reader.get(words, "empty")).toBe("");
    });
  });

  test("is counted by the rows that it was handed", async () => {
    await store.write((tx) => {
      for (let i = 0; i < 50; i++) tx.put(numbers, i, i);
    });
    const cost = (fn: () => unknown) => {
      const before = store.rowsRead();
      fn();
      return store.rowsRead() - before;
    };
    expect(cost(() => store.read((reader) => reader.get(numbers, 1)))).toBe(1);
    expect(cost(() => store.read((reader) => reader.get(numbers, 99)))).toBe(0);
    expect(cost(() => store.read((reader) => reader.rows(numbers, { limit: 20 })))).toBe(20);
    expect(cost(() => store.read((reader) => reader.keys(numbers, { start: 45, limit: 20 })))).toBe(5);
  });
});

describe("a row that is not what its bucket says", () => {
  test("is told, not guessed at", async () => {
    const asWords = bucket<number, string>("numbers", text);
    await store.write((tx) => tx.put(numbers, 1, 5));
    expect(() => store.read((reader) => reader.get(asWords, 1))).toThrow(
      new TypeError("expected text, got number"),
    );
  });
});

describe("a store", () => {
  test("keeps its rows, and knows whether it is new", async () => {
    expect(store.created).toBe(true);
    await store.write((tx) => tx.put(words, "a", "1"));
    await store.close();
    store = openStore(join(dir, "test.db"), [words, numbers, pairs, sums]);
    expect([store.created, word("a")]).toEqual([false, "1"]);
  });

  test("is for its owner alone", () => {
    expect(statSync(store.path).mode & 0o077).toBe(0);
    expect(statSync(`${store.path}.lock`).mode & 0o077).toBe(0);
  });

  test("that is closing finishes what was asked of it, and takes nothing more", async () => {
    const writes = Array.from({ length: 100 }, (_, i) => store.write((tx) => tx.put(numbers, i, i)));
    const closing = store.close();
    const late = store.write((tx) => tx.put(words, "late", "1"));
    expect(await late.catch((error: unknown) => error)).toEqual(
      new Fault("db.write", "stop", "the store is closed"),
    );
    await Promise.all([...writes, closing]);
    expect(() => word("a")).toThrow("the store is closed");
    await store.close();
    store = openStore(join(dir, "test.db"), [words, numbers, pairs, sums]);
    expect(store.read((reader) => reader.keys(numbers, { limit: 1000 })).length).toBe(100);
  });
});
