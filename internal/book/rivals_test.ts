import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  advance,
  decide,
  dueDeposits,
  erroredDeposits,
  killPayouts,
  moveAnchor,
  releaseDeposit,
  reopenPayouts,
  rescanFrom,
  settleByHand,
  settlePayout,
  skyStatus,
  totalsOf,
} from "./mod.ts";
import { audit } from "./testaudit.ts";
import { paying, rulesFor, type TestBook, testBook } from "./testbook.ts";
import { droplet } from "#internal/money";

const who = { who: "ann", why: "looked at", at: 5000 };
const id = "t1:0";

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

const spending = (txid: string) => paying(address, txid, { inputs: ["c:0"] });
const decided = (of: string) =>
  book.store.write((tx) => decide(tx, { id: of, owed: 1000n, decimals: 3, at: 1 }));

/** owe makes the deposit, which spends the coin `c:0`, and decides it. */
async function owe(): Promise<void> {
  await book.mine([spending("t1")]);
  await decided(id);
}

async function settle(seq: number, txid: string): Promise<void> {
  const block = { seq: 10 + seq, hash: `b${10 + seq}` };
  await book.store.write((tx) => settlePayout(tx, { seq, txid, block, at: 2 }));
}

const kill = (seq: number) => book.store.write((tx) => killPayouts(tx, seq, "its anchor was spent", 4));
const byHand = (of: string, txid: string) => book.store.write((tx) => settleByHand(tx, of, txid, who));
const due = () =>
  (["waiting_decide", "waiting_send"] as const).flatMap((status) =>
    book.store.read((reader) => dueDeposits(reader, status, { limit: 9 })).map((info) => info.deposit_id),
  );
const listed = () =>
  book.store.read((reader) => erroredDeposits(reader, { limit: 9 })).map((info) => info.deposit_id);

describe("a coin that one transaction pays by hand and another by itself", () => {
  test("is not settled for the one that a reorg took back while the other waits for SKY", async () => {
    await owe();
    await book.sign("p1", [id]);
    await book.drop(1);
    await book.mine([spending("t2")]);
    await kill(1);
    await book.store.write((tx) => releaseDeposit(tx, "t2:0", who));
    expect(due()).toEqual(["t2:0"]);
    expect(await byHand(id, "other")).toMatchObject({
      ok: false,
      refusal: expect.stringContaining("t2:0, which spends the same coin"),
    });
    await decided("t2:0");
    await book.sign("p2", ["t2:0"]);
    await settle(2, "p2");
    expect(await byHand(id, "other")).toMatchObject({ ok: false });
    expect(await book.store.write((tx) => releaseDeposit(tx, id, who))).toMatchObject({ ok: true });
    expect(listed()).toEqual([]);
  });

  test("is held for the other when it was paid by hand and its payout has died since", async () => {
    await owe();
    await book.sign("p1", [id]);
    await settle(1, "p1");
    await book.drop(1);
    expect(await byHand(id, "other")).toMatchObject({ ok: true });
    await book.mine([spending("t1")]);
    await book.store.write((tx) => reopenPayouts(tx, 1, 4));
    await kill(1);
    expect(listed()).toEqual([id]);
    await book.drop(1);
    await book.mine([spending("t2")]);
    expect([due(), listed()]).toEqual([[], [id, "t2:0"]]);
    expect(await book.store.write((tx) => releaseDeposit(tx, "t2:0", who))).toMatchObject({ ok: false });
  });
});

test("a deposit whose place was taken is a person's again when the other is taken back before it counted", async () => {
  await owe();
  await book.drop(1);
  await book.mine([spending("t2")], { confirmations: 3 });
  expect([due(), listed()]).toEqual([[], []]);
  await book.drop(1);
  expect([due(), listed(), book.store.read(totalsOf).attention]).toEqual([[], [id], 1]);
  expect(book.store.read((reader) => skyStatus(reader, "alice", 9)).map(({ row }) => row.status)).toEqual([
    "waiting_send",
  ]);
  await book.mine([spending("t2")], { confirmations: 3 });
  expect([due(), listed()]).toEqual([[], []]);
  await book.drop(1);
  await book.mine([spending("t1")]);
  expect([due(), listed()]).toEqual([[id], []]);
});

test("a payout that died beside one that stands on another anchor leaves its deposits to a person", async () => {
  const [first, second] = [id, "t3:0"];
  await owe();
  await book.sign("p1", [first]);
  await settle(1, "p1");
  const change = book.payout(1).change.uxid;
  const other = { uxid: "ux9", address: "hot", coins: droplet(10n ** 12n) };
  await book.store.write((tx) => moveAnchor(tx, change, other, who));
  await book.mine([paying(address, "t3")]);
  await decided(second);
  await book.sign("p2", [second]);
  await settle(2, "p2");
  await book.store.write((tx) => reopenPayouts(tx, 1, 4));
  await kill(1);
  await settle(2, "p2");
  // The anchor is the change of the second: nobody would ask who spent that of the first, and for whom.
  expect([due(), listed()]).toEqual([[], [first]]);
  expect(book.info(first).held).toContain("its anchor was spent");
});

test("a coin whose deposit stands on a chain that is gone, below a rescan, is not paid again", async () => {
  await owe();
  await book.sign("p1", [id]);
  await settle(1, "p1");
  for (let i = 0; i < 3; i++) await book.mine();
  // Deeper than the window nobody knows which blocks we hold: the operator names a height above the fork.
  await book.store.write((tx) => rescanFrom(tx, rulesFor("BTC"), { height: 2, hash: "other-2" }, book.at));
  const block = { height: 3, hash: "other-3", parent: "other-2", outputs: [spending("t2")] };
  await book.store.write((tx) => advance(tx, rulesFor("BTC"), [block], book.at));
  expect([due(), listed()]).toEqual([[], ["t2:0"]]);
});
