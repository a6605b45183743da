import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Broken } from "#internal/fault";
import {
  advance,
  cursorOf,
  headerAt,
  headerBelow,
  knowHeaders,
  markStopped,
  rescanFrom,
  rewind,
  startCursor,
  stoppedCoins,
} from "./mod.ts";
import { audit } from "./testaudit.ts";
import { paying, rulesFor, type TestBook, testBook } from "./testbook.ts";

let book: TestBook;
beforeEach(async () => {
  book = await testBook();
});
afterEach(async () => {
  expect(audit(book.store)).toEqual([]);
  await book.close();
});

const broken = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe("headers", () => {
  test("below the first cursor can be learned from the node, and a reorg follows them", async () => {
    await book.mine();
    const below = [-1, -2].map((height) => ({ height, hash: `old${height}` }));
    await book.store.write((tx) => knowHeaders(tx, "BTC", below));
    expect(book.store.read((reader) => headerAt(reader, "BTC", -2))).toBe("old-2");
    await book.store.write((tx) => rewind(tx, rulesFor("BTC"), { height: -1, hash: "old-1" }, 1));
    expect(book.height()).toBe(-1);
    expect(book.store.read((reader) => headerAt(reader, "BTC", 0))).toBeUndefined();
  });

  const kept = () => {
    const heights = Array.from({ length: book.height() + 1 }, (_, height) => height);
    return heights.filter((height) => book.store.read((r) => headerAt(r, "BTC", height)) !== undefined);
  };
  const below = (height: number) => book.store.read((reader) => headerBelow(reader, "BTC", height));
  /** Takes in so many blocks without anything, as one commit. */
  const pass = (count: number, window: number) =>
    book.store.write((tx) => {
      const from = cursorOf(tx, "BTC") ?? { height: 0, hash: "" };
      const hashes = Array.from({ length: count }, (_, i) => `p${from.height + 1 + i}`);
      const blocks = hashes.map((hash, i) => ({
        ...{ height: from.height + 1 + i, hash, outputs: [] },
        parent: hashes[i - 1] ?? from.hash,
      }));
      advance(tx, rulesFor("BTC", { window }), blocks, 1);
    });

  test("are kept for the window below the cursor, and of every 500 blocks one for ever", async () => {
    await pass(10, 4);
    expect(kept()).toEqual([0, 7, 8, 9, 10]);
    await pass(1995, 4);
    expect(kept()).toEqual([0, 500, 1000, 1500, 2000, 2002, 2003, 2004, 2005]);
    await book.reopen();
    expect(kept()).toEqual([0, 500, 1000, 1500, 2000, 2002, 2003, 2004, 2005]);
  });

  test("of the highest block at a height or below is found, in the window and below it", async () => {
    await pass(1200, 4);
    expect([1200, 1198, 1197, 1196, 1001].map((height) => below(height)?.height)).toEqual([
      ...[1200, 1198, 1197],
      ...[1000, 1000],
    ]);
    expect(below(999)).toEqual({ height: 500, hash: "p500" });
    expect(below(499)).toEqual({ height: 0, hash: "BTC-genesis" });
    expect(below(5000)).toEqual({ height: 1200, hash: "p1200" });
    expect(below(-1)).toBeUndefined();
    expect(book.store.read((reader) => headerBelow(reader, "ETH", 700))?.hash).toBe("ETH-genesis");
  });

  test("above a rewind are gone, also those that are kept for ever", async () => {
    await pass(1200, 800);
    await book.store.write((tx) => rewind(tx, rulesFor("BTC"), { height: 450, hash: "p450" }, 1));
    expect(below(5000)).toEqual({ height: 450, hash: "p450" });
    expect(below(400)?.height).toBe(0);
  });

  test("above where scanning began are all kept up to the first that is kept for ever", async () => {
    await pass(40, 4);
    const began = { height: 30, hash: "other-30" };
    await book.store.write((tx) => rescanFrom(tx, rulesFor("BTC"), began, 1));
    expect(kept()).toEqual([30]);
    await pass(600, 4);
    expect(kept()).toEqual([...Array.from({ length: 471 }, (_, i) => 30 + i), 627, 628, 629, 630]);
  });

  test("a rewind to something that we do not hold is a bug", async () => {
    await book.mine();
    for (const fork of [
      { height: 0, hash: "other" },
      { height: 5, hash: "x" },
    ]) {
      const rewinding = book.store.write((tx) => rewind(tx, rulesFor("BTC"), fork, 1));
      expect(await broken(rewinding)).toBeInstanceOf(Broken);
    }
  });

  test("a second first cursor is a bug", async () => {
    const starting = book.store.write((tx) => startCursor(tx, "BTC", { height: 5, hash: "h" }));
    expect(await broken(starting)).toBeInstanceOf(Broken);
  });
});

describe("a rescan", () => {
  const rescan = (height: number, hash: string) =>
    book.store.write((tx) => rescanFrom(tx, rulesFor("BTC"), { height, hash }, book.at));

  test("takes back everything above, starts a stopped scanner, and is the same when done twice", async () => {
    const address = await book.bindTo("alice");
    await book.mine([paying(address, "t1")]);
    await book.mine([paying(address, "t2")]);
    await book.mine([paying(address, "t3")]);
    await book.store.write((tx) => markStopped(tx, "BTC", "too deep", 1));
    expect(await rescan(1, "other-1")).toMatchObject({ reversed: ["t2:0", "t3:0"] });
    expect(await rescan(1, "other-1")).toMatchObject({ reversed: [] });
    expect(book.store.read((reader) => cursorOf(reader, "BTC"))).toEqual({ height: 1, hash: "other-1" });
    expect(book.store.read(stoppedCoins)).toEqual([]);
    const block = { height: 2, hash: "other-2", parent: "other-1", outputs: [paying(address, "t2")] };
    const report = await book.store.write((tx) => advance(tx, rulesFor("BTC"), [block], book.at));
    expect(report.credited).toEqual(["t2:0"]);
    expect(["t1:0", "t2:0", "t3:0"].map((id) => book.info(id).reversed)).toEqual([false, false, true]);
  });

  test("to a block that we hold keeps the headers below it; to another one, none of the chain that is gone", async () => {
    for (let i = 0; i < 3; i++) await book.mine();
    const held = () =>
      [0, 1, 2, 3].map((height) => book.store.read((reader) => headerAt(reader, "BTC", height)));
    const [genesis, first, second] = held();
    for (let i = 0; i < 2; i++) {
      await rescan(2, second ?? "");
      expect(held()).toEqual([genesis, first, second, undefined]);
    }
    for (let i = 0; i < 2; i++) {
      await rescan(2, "other-2");
      expect(held()).toEqual([undefined, undefined, "other-2", undefined]);
    }
  });

  test("never moves the cursor up", async () => {
    await book.mine();
    expect(await broken(rescan(2, "x"))).toBeInstanceOf(Broken);
  });
});
