import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { accept, refuse } from "#internal/fault";
import {
  bind,
  boundAddresses,
  freeAddresses,
  importAddresses,
  retireAddresses,
  scanAddresses,
  skyStatus,
  totalsOf,
  watchedScripts,
} from "./mod.ts";
import { audit } from "./testaudit.ts";
import { paying, poolOf, type TestBook, testBook } from "./testbook.ts";

let book: TestBook;
beforeEach(async () => {
  book = await testBook(4);
});
afterEach(() => book.close());

const ask = (sky: string, own: { limit?: number; coin?: "BTC" | "ETH" } = {}) =>
  book.store.write((tx) => bind(tx, { sky, coin: "BTC", method: "direct", limit: 0, at: 7, ...own }));
const free = (coin: "BTC" | "ETH" = "BTC") => book.store.read((reader) => totalsOf(reader).free[coin]);
const list = (sky: string) => book.store.read((reader) => skyStatus(reader, sky, 100));

describe("a bind", () => {
  test("gives the first free address in key order and the next number of its Skycoin address", async () => {
    expect(await ask("alice")).toEqual(accept({ address: "btc0000", seq: 1 }));
    expect(await ask("bob")).toEqual(accept({ address: "btc0001", seq: 1 }));
    expect(await ask("alice", { coin: "ETH" })).toEqual(accept({ address: "eth0000", seq: 2 }));
    expect(
      list("alice").map(({ seq, row }) => [seq, row.address, row.coin_type, row.bound, row.status]),
    ).toEqual([
      [1, "btc0000", "BTC", 1, "waiting_deposit"],
      [2, "eth0000", "ETH", 2, "waiting_deposit"],
    ]);
    expect([free(), free("ETH")]).toEqual([2, 3]);
    expect(book.store.read((reader) => boundAddresses(reader, "BTC", "btc0001"))).toBe("bob");
    expect(book.store.read((reader) => scanAddresses(reader, "BTC", 10))).toEqual(["btc0000", "btc0001"]);
    expect(audit(book.store)).toEqual([]);
  });

  test("beyond the limit of its Skycoin address, over all coins, is refused and changes nothing", async () => {
    await ask("alice", { limit: 2 });
    await ask("alice", { limit: 2, coin: "ETH" });
    expect(await ask("alice", { limit: 2 })).toEqual(refuse("limit"));
    expect(await ask("alice", { limit: 1, coin: "ETH" })).toEqual(refuse("limit"));
    expect(await ask("bob", { limit: 2 })).toMatchObject({ ok: true });
    expect([free(), free("ETH"), list("alice").length]).toEqual([2, 3, 2]);
    expect(await ask("alice", { limit: 0 })).toMatchObject({ ok: true });
    expect(audit(book.store)).toEqual([]);
  });

  test("counts bindings, not deposits: more money on one address takes no place", async () => {
    const address = await book.bindTo("alice");
    await book.mine([paying(address, "t1"), paying(address, "t2"), paying(address, "t3")]);
    expect(list("alice").map(({ row }) => row.bound)).toEqual([1, 1, 1]);
    expect(await ask("alice", { limit: 2 })).toEqual(accept({ address: "btc0001", seq: 4 }));
    expect(await ask("alice", { limit: 2 })).toEqual(refuse("limit"));
    expect(audit(book.store)).toEqual([]);
  });

  test("on an empty pool is refused and burns nothing", async () => {
    for (const name of ["a", "b", "c", "d"]) expect(await ask(name)).toMatchObject({ ok: true });
    expect(await ask("e")).toEqual(refuse("empty"));
    expect(list("e")).toEqual([]);
    expect(free()).toBe(0);
    await book.store.write((tx) => importAddresses(tx, "BTC", poolOf("BTC", 1, 90)));
    expect(await ask("e")).toEqual(accept({ address: "btc0090", seq: 1 }));
    expect(audit(book.store)).toEqual([]);
  });

  test("many from one moment never give an address twice and never pass the limit", async () => {
    await book.store.write((tx) => importAddresses(tx, "BTC", poolOf("BTC", 100, 100)));
    const names = Array.from({ length: 150 }, (_, i) => `sky${i % 15}`);
    const answers = await Promise.all(names.map((sky) => ask(sky, { limit: 5 })));
    const given = answers.flatMap((answer) => (answer.ok ? [answer.value.address] : []));
    expect(new Set(given).size).toBe(given.length);
    expect(given.length).toBe(75);
    for (let i = 0; i < 15; i++) expect(list(`sky${i}`)).toHaveLength(5);
    expect(audit(book.store)).toEqual([]);
  });

  test("more at once than there are addresses are refused for the rest", async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => ask(`sky${i}`)));
    expect(answers.filter(({ ok }) => ok).length).toBe(4);
    expect(answers.filter((answer) => !answer.ok && answer.refusal === "empty").length).toBe(26);
  });

  test("whose transaction fails later gives the address back", async () => {
    const failing = book.store.write((tx) => {
      bind(tx, { sky: "alice", coin: "BTC", method: "direct", limit: 0, at: 7 });
      throw new Error("on purpose");
    });
    expect(await failing.catch(() => "failed")).toBe("failed");
    expect(await ask("bob")).toEqual(accept({ address: "btc0000", seq: 1 }));
  });

  test("is still bound, and its address still used, after the store was opened again", async () => {
    await ask("alice");
    await book.reopen();
    await book.store.write((tx) => importAddresses(tx, "BTC", poolOf("BTC", 4)));
    expect(free()).toBe(3);
    expect(await ask("bob")).toEqual(accept({ address: "btc0001", seq: 1 }));
    expect(book.store.read((reader) => boundAddresses(reader, "BTC", "btc0000"))).toBe("alice");
  });
});

describe("a pool whose file changed", () => {
  test("adds only what is new", async () => {
    await ask("alice");
    const added = await book.store.write((tx) => importAddresses(tx, "BTC", poolOf("BTC", 6)));
    expect([added, free()]).toEqual([2, 5]);
    expect(audit(book.store)).toEqual([]);
  });

  test("takes away what is free, never what is used, and goes on watching both", async () => {
    await ask("alice");
    await book.store.write((tx) => retireAddresses(tx, "BTC", ["btc0000", "btc0001", "btc0002", "unknown"]));
    expect(free()).toBe(1);
    expect(book.store.read((reader) => boundAddresses(reader, "BTC", "btc0000"))).toBe("alice");
    expect(await ask("bob")).toEqual(accept({ address: "btc0003", seq: 1 }));
    expect(book.store.read((reader) => watchedScripts(reader, "BTC", "", 10))).toHaveLength(4);
    expect(audit(book.store)).toEqual([]);
  });

  test("that has a retired address again gives it out again", async () => {
    await book.store.write((tx) => retireAddresses(tx, "BTC", ["btc0000"]));
    expect(await book.store.write((tx) => importAddresses(tx, "BTC", poolOf("BTC", 4)))).toBe(1);
    expect(await ask("alice")).toEqual(accept({ address: "btc0000", seq: 1 }));
  });

  test("never gives out an address that has received anything, retired or not", async () => {
    await book.store.write((tx) => retireAddresses(tx, "BTC", ["btc0000"]));
    await book.mine([paying("btc0000", "t1"), paying("btc0001", "t2")]);
    await book.store.write((tx) => importAddresses(tx, "BTC", poolOf("BTC", 4)));
    expect(free()).toBe(2);
    expect(await ask("alice")).toEqual(accept({ address: "btc0002", seq: 1 }));
    expect(audit(book.store)).toEqual([]);
  });

  test("is listed in key order from any place", () => {
    book.store.read((reader) => {
      expect(freeAddresses(reader, "BTC", "", 2)).toEqual(["btc0000", "btc0001"]);
      expect(freeAddresses(reader, "BTC", "btc0001\u0000", 9)).toEqual(["btc0002", "btc0003"]);
    });
  });
});
