import { afterEach, beforeEach, expect, test } from "bun:test";
import { accept } from "#internal/fault";
import {
  anchorOf,
  decide,
  doneSince,
  dueDeposits,
  erroredDeposits,
  killPayouts,
  oldestUndone,
  reopenPayouts,
  settleByHand,
  settlePayout,
  totalsOf,
} from "./mod.ts";
import { audit } from "./testaudit.ts";
import { paying, type TestBook, testBook } from "./testbook.ts";

const who = { who: "ann", why: "seen on the chain", at: 5000 };

let book: TestBook;
let address = "";
beforeEach(async () => {
  book = await testBook();
  address = await book.bindTo("alice");
});
afterEach(async () => {
  expect(audit(book.store)).toEqual([]);
  await book.close();
});

/** owe makes a deposit that is due. */
async function owe(txid: string, owed = 1000n): Promise<string> {
  await book.mine([paying(address, txid)]);
  await book.store.write((tx) => decide(tx, { id: `${txid}:0`, owed, decimals: 3, at: 1 }));
  return `${txid}:0`;
}

const settle = (seq: number, txid: string) =>
  book.store.write((tx) =>
    settlePayout(tx, { seq, txid, block: { seq: 10 + seq, hash: `b${10 + seq}` }, at: 2 }),
  );
const due = () =>
  book.store
    .read((reader) => dueDeposits(reader, "waiting_send", { limit: 9 }))
    .map((info) => info.deposit_id);

test("a deposit that was settled by hand with a payout which then dies is due again", async () => {
  await book.mine();
  const id = await owe("t1");
  await book.sign("p1", [id]);
  await settle(1, "p1");
  await book.drop(1);
  expect(await book.store.write((tx) => settleByHand(tx, id, "p1", who))).toEqual(accept(undefined));
  await book.mine([paying(address, "t1")]);
  await book.store.write((tx) => {
    reopenPayouts(tx, 1, 4);
    killPayouts(tx, 1, "its anchor was spent", 5);
  });
  expect(book.info(id)).toMatchObject({ status: "waiting_send", settled: "", payout: 0, reversed: false });
  expect(due()).toEqual([id]);
  expect(book.store.read(oldestUndone).map((info) => info.deposit_id)).toEqual([id]);
});

test("a deposit that another transaction paid, as the operator said, is held when its payout dies", async () => {
  await book.mine();
  const id = await owe("t1");
  await book.sign("p1", [id]);
  await settle(1, "p1");
  await book.drop(1);
  expect(await book.store.write((tx) => settleByHand(tx, id, "other", who))).toEqual(accept(undefined));
  await book.mine([paying(address, "t1")]);
  await book.store.write((tx) => {
    reopenPayouts(tx, 1, 4);
    killPayouts(tx, 1, "its anchor was spent", 5);
  });
  expect(book.info(id).held).toContain("paid by other");
  expect(due()).toEqual([]);
});

test("a deposit that is still reversed when its payout dies is on the operator's list, and not due", async () => {
  await book.mine();
  const id = await owe("t1");
  await book.sign("p1", [id]);
  await settle(1, "p1");
  await book.drop(1);
  await book.store.write((tx) => settleByHand(tx, id, "p1", who));
  expect(book.store.read(totalsOf).attention).toBe(0);
  await book.store.write((tx) => {
    reopenPayouts(tx, 1, 4);
    killPayouts(tx, 1, "its anchor was spent", 5);
  });
  expect(due()).toEqual([]);
  expect(
    book.store.read((reader) => erroredDeposits(reader, { limit: 9 })).map((info) => info.deposit_id),
  ).toEqual([id]);
  expect(book.store.read(totalsOf).attention).toBe(1);
});

test("confirmed payouts are read in pages, newest first, however many there are", async () => {
  for (let i = 1; i <= 7; i++) {
    await book.sign(`p${i}`, [await owe(`t${i}`)]);
    await settle(i, `p${i}`);
  }
  const page = (upTo?: number) =>
    book.store.read((reader) => doneSince(reader, 3, upTo)).map(({ seq }) => seq);
  expect([page(), page(4), page(1)]).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
  expect(book.store.read(anchorOf)?.payout).toBe(7);
});
