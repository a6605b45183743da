import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Broken } from "#internal/fault";
import {
  advance,
  clearStopped,
  cursorOf,
  decide,
  events,
  markStopped,
  skyStatus,
  stoppedCoins,
  totalsOf,
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

const lines = (sky: string) =>
  book.store
    .read((reader) => skyStatus(reader, sky, 100))
    .map(({ seq, row }) => [seq, row.status, row.height]);
const received = () => book.store.read(totalsOf).received.BTC;
const said = () => book.store.read((reader) => events(reader, 0, 1000)).map(({ event }) => event.type);
const broken = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe("a block", () => {
  test("is taken in with its deposits and the cursor, credited when deep enough", async () => {
    const address = await book.bindTo("alice");
    const deep = { confirmations: 3 };
    expect(await book.mine([paying(address, "t1", { n: 7, value: 5n })], deep)).toMatchObject({
      seen: ["t1:7"],
      credited: [],
    });
    expect([lines("alice"), received(), book.height()]).toEqual([[[1, "waiting_deposit", 1]], 0n, 1]);
    expect(await book.mine([], deep)).toMatchObject({ credited: [] });
    expect(await book.mine([], deep)).toMatchObject({ credited: ["t1:7"] });
    expect([lines("alice"), received()]).toEqual([[[1, "waiting_decide", 0]], 5n]);
    expect(book.info("t1:7")).toMatchObject({
      seq: 1,
      status: "waiting_decide",
      deposit_value: 5n,
      conversion_rate: "500",
      max_decimals: 3,
      deposit: { height: 1, tx: "t1", n: 7, value: 5n, processed: false },
    });
  });

  test("with 0 confirmations asked for credits at 1", async () => {
    const address = await book.bindTo("alice");
    expect(await book.mine([paying(address, "t1")], { confirmations: 0 })).toMatchObject({
      credited: ["t1:0"],
    });
  });

  test("with a coinbase credits it only a hundred deep", async () => {
    const address = await book.bindTo("alice");
    await book.mine([paying(address, "t1", { coinbase: true, inputs: [] }), paying(address, "t2")]);
    for (let i = 0; i < 98; i++) expect((await book.mine()).credited).toEqual([]);
    expect((await book.mine()).credited).toEqual(["t1:0"]);
  });

  test("freezes rate and decimals at first sight", async () => {
    const address = await book.bindTo("alice");
    await book.mine([paying(address, "t1")], { confirmations: 2 });
    await book.mine([], { rate: "7", maxDecimals: 0 });
    expect(book.info("t1:0")).toMatchObject({ conversion_rate: "500", max_decimals: 3 });
  });

  test("that pays nothing to a pool address leaves no deposit", async () => {
    const address = await book.bindTo("alice");
    expect(await book.mine([paying(address, "t1", { value: 0n })])).toMatchObject({ seen: [], credited: [] });
    expect(lines("alice")).toEqual([[1, "waiting_deposit", 0]]);
  });

  test("gives each output of one transaction a deposit, and each deposit of one address a line", async () => {
    const [a, b] = [await book.bindTo("alice"), await book.bindTo("alice")];
    await book.mine([paying(a, "t1", { n: 0 }), paying(a, "t1", { n: 1 }), paying(b, "t1", { n: 2 })]);
    expect(lines("alice").map(([seq, status]) => [seq, status])).toEqual([
      [1, "waiting_decide"],
      [2, "waiting_decide"],
      [3, "waiting_decide"],
    ]);
    expect(["t1:0", "t1:1", "t1:2"].map((id) => book.info(id).status_seq)).toEqual([1, 3, 2]);
  });

  test("seen again with the same deposit changes nothing", async () => {
    const address = await book.bindTo("alice");
    await book.mine([paying(address, "t1")]);
    expect(await book.mine([paying(address, "t1", { value: 999n })])).toMatchObject({
      seen: [],
      credited: [],
    });
    expect([book.info("t1:0").deposit_value, received()]).toEqual([100_000n, 100_000n]);
  });

  test("keeps amounts that no double can hold", async () => {
    const wei = 123_456_789_012_345_678_901_234_567n;
    const address = await book.bindTo("alice", "ETH");
    await book.mine([paying(address, "0xab", { value: wei })], {}, "ETH");
    await book.reopen();
    expect(book.info("0xab:0").deposit.value).toBe(wei);
    expect(book.store.read(totalsOf).received.ETH).toBe(wei);
  });

  test("that does not follow the cursor is a bug", async () => {
    await book.mine();
    const cursor = book.store.read((reader) => cursorOf(reader, "BTC"));
    const wrong = [
      { height: 3, hash: "h", parent: cursor?.hash ?? "", outputs: [] },
      { height: 2, hash: "h", parent: "other", outputs: [] },
      { height: 1, hash: "h", parent: "BTC-genesis", outputs: [] },
    ];
    for (const block of wrong) {
      const taking = book.store.write((tx) => advance(tx, rulesFor("BTC"), [block], 1));
      expect(await broken(taking)).toBeInstanceOf(Broken);
    }
    expect(book.store.read((reader) => cursorOf(reader, "BTC"))).toEqual(cursor);
  });

  test("that fails half-way leaves neither its deposits nor the cursor", async () => {
    const address = await book.bindTo("alice");
    const cursor = book.store.read((reader) => cursorOf(reader, "BTC"));
    const block = { height: 1, hash: "h1", parent: cursor?.hash ?? "", outputs: [paying(address, "t1")] };
    const next = { height: 9, hash: "h9", parent: "h1", outputs: [] };
    await broken(book.store.write((tx) => advance(tx, rulesFor("BTC"), [block, next], 1)));
    expect([book.height(), lines("alice")]).toEqual([0, [[1, "waiting_deposit", 0]]]);
  });
});

describe("money on an address that nobody is bound to", () => {
  test("is recorded, told, and held; the address is never given out", async () => {
    const report = await book.mine([paying("btc0000", "t1")]);
    expect(report.watch).toEqual(["t1:0 paid 100000 to btc0000, which is not bound to anybody"]);
    expect(book.info("t1:0")).toMatchObject({
      sky_address: "",
      held: "the address was not bound when the money came",
    });
    expect(book.store.read(totalsOf).attention).toBe(1);
    expect(await book.bindTo("alice")).toBe("btc0001");
    expect(said()).toContain("unbound_money");
    expect(await book.store.write((tx) => decide(tx, { id: "t1:0", owed: 5n, decimals: 3, at: 1 }))).toBe(
      false,
    );
  });

  test("is told once, also when a reorg brings it again", async () => {
    await book.mine([paying("btc0000", "t1")]);
    await book.drop(1);
    expect((await book.mine([paying("btc0000", "t1")])).watch).toEqual([]);
  });
});

describe("a reorg", () => {
  test("takes back what was seen, and brings it again at its frozen rate", async () => {
    const address = await book.bindTo("alice");
    await book.mine([paying(address, "t1")], { confirmations: 3 });
    expect(await book.drop(1)).toMatchObject({ reversed: ["t1:0"], watch: [] });
    expect(lines("alice")).toEqual([[1, "waiting_deposit", 0]]);
    await book.mine();
    await book.mine([paying(address, "t1")], { rate: "1", confirmations: 3 });
    expect(lines("alice")).toEqual([[1, "waiting_deposit", 2]]);
    await book.mine();
    await book.mine();
    expect(book.info("t1:0")).toMatchObject({ conversion_rate: "500", seq: 1 });
  });

  test("marks a credited deposit, takes it from the sums, and tells a person", async () => {
    const address = await book.bindTo("alice");
    await book.mine([paying(address, "t1")]);
    const report = await book.drop(1);
    expect(report.watch).toEqual(["a reorg took back the credited deposit t1:0 (waiting_decide, not paid)"]);
    expect([book.info("t1:0").reversed, received()]).toEqual([true, 0n]);
    expect(book.store.read(totalsOf).attention).toBe(1);
    expect(await book.store.write((tx) => decide(tx, { id: "t1:0", owed: 5n, decimals: 3, at: 1 }))).toBe(
      false,
    );
  });

  test("that brings a credited deposit again lets it go on only when it is deep enough again", async () => {
    const address = await book.bindTo("alice");
    await book.mine([paying(address, "t1")]);
    await book.drop(1);
    await book.mine([paying(address, "t1")], { confirmations: 2 });
    expect(book.info("t1:0").reversed).toBe(true);
    expect((await book.mine([], { confirmations: 2 })).credited).toEqual(["t1:0"]);
    expect([book.info("t1:0").reversed, received()]).toEqual([false, 100_000n]);
    expect(said().slice(-2)).toEqual(["deposit_seen", "deposit_restored"]);
  });

  test("twice over the same deposit counts it once", async () => {
    const address = await book.bindTo("alice");
    await book.mine([paying(address, "t1")]);
    for (let i = 0; i < 3; i++) {
      await book.drop(1);
      expect(received()).toBe(0n);
      await book.mine([paying(address, "t1")], { confirmations: 5 });
      await book.drop(1);
      expect(received()).toBe(0n);
      await book.mine([paying(address, "t1")]);
      expect(received()).toBe(100_000n);
    }
  });

  test("does not take back what is signed", async () => {
    const address = await book.bindTo("alice");
    await book.mine([paying(address, "t1")]);
    await book.store.write((tx) => decide(tx, { id: "t1:0", owed: 5000n, decimals: 3, at: 1 }));
    await book.sign("p1", ["t1:0"]);
    const report = await book.drop(1);
    expect(report.watch).toEqual([
      "a reorg took back the credited deposit t1:0 (waiting_confirm, in payout 1)",
    ]);
    expect(book.info("t1:0")).toMatchObject({ status: "waiting_confirm", reversed: true, sky_sent: 5000n });
  });
});

describe("a coin that is spent twice", () => {
  /** first is a credited deposit of one confirmation that a reorg has taken back. */
  async function first(own: { decided?: bigint; paid?: boolean } = {}): Promise<string> {
    const address = await book.bindTo("alice");
    await book.mine([paying(address, "t1", { inputs: ["c:0"] })]);
    if (own.decided !== undefined) {
      const owed = own.decided;
      await book.store.write((tx) => decide(tx, { id: "t1:0", owed, decimals: 3, at: 1 }));
    }
    if (own.paid === true) await book.sign("p1", ["t1:0"]);
    await book.drop(1);
    return address;
  }

  test("gives the new deposit the old one's line and rate while nothing is signed", async () => {
    const address = await first({ decided: 5000n });
    await book.mine([paying(address, "t2", { inputs: ["c:0"] })], { rate: "1" });
    expect(book.info("t1:0")).toMatchObject({ replaced_by: "t2:0", reversed: true });
    expect(book.info("t2:0")).toMatchObject({ conversion_rate: "500", status_seq: 1, held: "" });
    expect(lines("alice")).toEqual([[1, "waiting_decide", 0]]);
    expect([book.store.read(totalsOf).attention, received()]).toEqual([0, 100_000n]);
  });

  test("shows the new deposit as one that is not deep enough yet", async () => {
    const address = await first({ decided: 5000n });
    await book.mine([paying(address, "t2", { inputs: ["c:0"] })], { confirmations: 3 });
    expect(lines("alice")).toEqual([[1, "waiting_deposit", 1]]);
  });

  test("holds the new deposit when the old one has a payout", async () => {
    const address = await first({ decided: 5000n, paid: true });
    const report = await book.mine([paying(address, "t2", { inputs: ["x:1", "c:0"] })]);
    const reason = "spends the same coin as t1:0, which has a payout";
    expect(report.watch).toEqual([`t2:0 ${reason}`]);
    expect(book.info("t2:0").held).toBe(reason);
    expect(book.info("t1:0")).toMatchObject({ replaced_by: "", reversed: true });
    expect(book.store.read(totalsOf).attention).toBe(2);
  });

  test("for another customer gives neither line nor rate, and takes the old one's place", async () => {
    await first();
    const other = await book.bindTo("bob");
    await book.mine([paying(other, "t2", { inputs: ["c:0"] })], { rate: "1" });
    expect(book.info("t1:0").replaced_by).toBe("t2:0");
    expect(book.info("t2:0")).toMatchObject({ sky_address: "bob", conversion_rate: "1", held: "" });
  });

  test("by a deposit that was held already keeps the first reason", async () => {
    await first({ decided: 5000n, paid: true });
    await book.mine([paying("btc0009", "t2", { inputs: ["c:0"] })]);
    expect(book.info("t2:0").held).toBe("the address was not bound when the money came");
  });

  test("and once more the first way gives the place back", async () => {
    const address = await first({ decided: 5000n });
    await book.mine([paying(address, "t2", { inputs: ["c:0"] })]);
    await book.drop(1);
    await book.mine([paying(address, "t1", { inputs: ["c:0"] })]);
    expect(book.info("t1:0")).toMatchObject({ replaced_by: "", reversed: false, status: "waiting_send" });
    expect(book.info("t2:0")).toMatchObject({ replaced_by: "t1:0", reversed: true });
    expect(lines("alice")).toEqual([[1, "waiting_send", 0]]);
  });

  test("and once more the first way holds it when the second was paid meanwhile", async () => {
    const address = await first({ decided: 5000n });
    await book.mine([paying(address, "t2", { inputs: ["c:0"] })]);
    await book.store.write((tx) => decide(tx, { id: "t2:0", owed: 5000n, decimals: 3, at: 1 }));
    await book.sign("p1", ["t2:0"]);
    await book.drop(1);
    await book.mine([paying(address, "t1", { inputs: ["c:0"] })]);
    expect(book.info("t1:0").held).toBe("spends the same coin as t2:0, which has a payout");
  });

  test("and once more the first way, which was paid, leaves nothing of the second for a person", async () => {
    const address = await first({ decided: 5000n, paid: true });
    await book.mine([paying(address, "t2", { inputs: ["c:0"] })]);
    await book.drop(1);
    await book.mine([paying(address, "t1", { inputs: ["c:0"] })]);
    expect(book.info("t1:0")).toMatchObject({ held: "", reversed: false, replaced_by: "" });
    expect(book.info("t2:0")).toMatchObject({ replaced_by: "t1:0", reversed: true });
    expect(book.store.read(totalsOf).attention).toBe(0);
    await book.drop(1);
    await book.mine([paying(address, "t2", { inputs: ["c:0"] })]);
    expect(book.info("t2:0").held).toBe("spends the same coin as t1:0, which has a payout");
    expect(book.store.read(totalsOf).attention).toBe(2);
  });

  test("by a transaction with the same outputs gives each of them the place of its own", async () => {
    const [a, b] = [await book.bindTo("alice"), await book.bindTo("bob")];
    const both = (txid: string) => [
      paying(b, txid, { n: 0, inputs: ["c:0"] }),
      paying(a, txid, { n: 1, inputs: ["c:0"] }),
    ];
    await book.mine(both("t1"));
    await book.drop(1);
    await book.mine(both("t2").reverse(), { rate: "1" });
    expect([book.info("t1:0").replaced_by, book.info("t1:1").replaced_by]).toEqual(["t2:0", "t2:1"]);
    for (const id of ["t2:0", "t2:1"])
      expect(book.info(id)).toMatchObject({ conversion_rate: "500", status_seq: 1 });
    expect(book.store.read(totalsOf).attention).toBe(0);
  });

  test("by a transaction with fewer outputs leaves the rest for a person", async () => {
    const [a, b] = [await book.bindTo("alice"), await book.bindTo("bob")];
    await book.mine([paying(a, "t1", { n: 0, inputs: ["c:0"] }), paying(b, "t1", { n: 1, inputs: ["c:0"] })]);
    await book.drop(1);
    await book.mine([paying(a, "t2", { inputs: ["c:0"] })]);
    expect([book.info("t1:0").replaced_by, book.info("t1:1").replaced_by]).toEqual(["t2:0", ""]);
    expect(book.info("t1:1").reversed).toBe(true);
    expect(book.store.read(totalsOf).attention).toBe(1);
  });

  test("does not hold one output of a transaction for another of the same transaction that is paid", async () => {
    const [a, b] = [await book.bindTo("alice"), await book.bindTo("bob")];
    const outputs = [paying(a, "t1", { n: 0, inputs: ["c:0"] }), paying(b, "t1", { n: 1, inputs: ["c:0"] })];
    await book.mine(outputs);
    await book.store.write((tx) => {
      decide(tx, { id: "t1:0", owed: 5000n, decimals: 3, at: 1 });
      decide(tx, { id: "t1:1", owed: 5000n, decimals: 3, at: 1 });
    });
    // The second output is paid first: the first one was too large for the balance, say.
    await book.sign("p1", ["t1:1"]);
    await book.drop(1);
    const report = await book.mine(outputs);
    expect(report.watch).toEqual([]);
    expect(book.info("t1:0")).toMatchObject({
      held: "",
      reversed: false,
      replaced_by: "",
      status: "waiting_send",
    });
    expect(said()).not.toContain("deposit_replaced");
  });
});

describe("a scanner that stopped", () => {
  test("is told once, with its first reason, until it goes on", async () => {
    const stop = (reason: string) => book.store.write((tx) => markStopped(tx, "BTC", reason, 1));
    await stop("too deep");
    await stop("deeper");
    expect(book.store.read(stoppedCoins)).toEqual([{ coin: "BTC", reason: "too deep" }]);
    await book.store.write((tx) => clearStopped(tx, "BTC", 2));
    await book.store.write((tx) => clearStopped(tx, "BTC", 3));
    expect(book.store.read(stoppedCoins)).toEqual([]);
    expect(said()).toEqual(["scanner_stopped", "scanner_resumed"]);
  });
});
