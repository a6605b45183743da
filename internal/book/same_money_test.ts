import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { accept } from "#internal/fault";
import { decide, dueDeposits, releaseDeposit, settleByHand, settlePayout, totalsOf } from "./mod.ts";
import { audit } from "./testaudit.ts";
import { paying, type TestBook, testBook } from "./testbook.ts";

const who = { who: "ann", why: "looked at", at: 5000 };
const held = "it may be the money of t1:0, which was paid and is gone from the chain";

let book: TestBook;
let address = "";
beforeEach(async () => {
  book = await testBook();
  address = await book.bindTo("alice");
  await book.mine([paying(address, "t1", { inputs: ["parent:0"] })]);
  await book.store.write((tx) => decide(tx, { id: "t1:0", owed: 1000n, decimals: 3, at: 1 }));
  await book.sign("p1", ["t1:0"]);
  await book.store.write((tx) =>
    settlePayout(tx, { seq: 1, txid: "p1", block: { seq: 9, hash: "b9" }, at: 2 }),
  );
});
afterEach(async () => {
  expect(audit(book.store)).toEqual([]);
  await book.close();
});

const due = () => {
  const rows = book.store.read((reader) => dueDeposits(reader, "waiting_decide", { limit: 9 }));
  return rows.map((info) => info.deposit_id);
};

describe("a deposit to the address of one that was paid and is gone", () => {
  test("is held: behind a malleated parent it is the same money with another coin", async () => {
    await book.drop(1);
    const report = await book.mine([paying(address, "t2", { inputs: ["other-parent:0"] })]);
    expect(report.watch).toEqual([`t2:0 is held: ${held}`]);
    expect([book.info("t2:0").held, due()]).toEqual([held, []]);
    expect(book.store.read(totalsOf).attention).toBe(2);
  });

  test("goes on when a person has looked", async () => {
    await book.drop(1);
    await book.mine([paying(address, "t2", { inputs: ["other-parent:0"] })]);
    expect(await book.store.write((tx) => releaseDeposit(tx, "t2:0", who))).toMatchObject({ ok: true });
    expect(due()).toEqual(["t2:0"]);
  });

  test("is not held when that one comes again on the same branch, or was settled", async () => {
    await book.drop(1);
    const both = [
      paying(address, "t2", { inputs: ["x:0"] }),
      paying(address, "t1", { inputs: ["parent:0"] }),
    ];
    await book.mine(both);
    expect([book.info("t2:0").held, book.info("t1:0").reversed]).toEqual(["", false]);
    await book.drop(1);
    const settled = await book.store.write((tx) => settleByHand(tx, "t1:0", "other", who));
    expect(settled).toEqual(accept(undefined));
    await book.mine([paying(address, "t3", { inputs: ["y:0"] })]);
    expect(book.info("t3:0").held).toBe("");
  });

  test("at another address is nobody's business", async () => {
    const other = await book.bindTo("alice");
    await book.drop(1);
    await book.mine([paying(other, "t2", { inputs: ["other-parent:0"] })]);
    expect(book.info("t2:0").held).toBe("");
  });
});
