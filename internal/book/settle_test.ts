import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { accept, refuse } from "#internal/fault";
import { droplet } from "#internal/money";
import {
  type Adopted,
  adoptPayout,
  anchorOf,
  decide,
  erroredDeposits,
  events,
  hold,
  killPayouts,
  moveAnchor,
  reopenPayouts,
  settleByHand,
  settlePayout,
  totalsOf,
} from "./mod.ts";
import { anchorText, audit } from "./testaudit.ts";
import { attempt, paying, type TestBook, testBook } from "./testbook.ts";

const who = { who: "ann", why: "paid from the old host", at: 5000 };

let book: TestBook;
let address = "";
let ids: string[] = [];
beforeEach(async () => {
  book = await testBook();
  address = await book.bindTo("alice");
  const outputs = ["t1", "t2"].map((txid) => paying(address, txid, { inputs: [`c-${txid}:0`] }));
  ids = (await book.mine(outputs)).credited;
  await book.store.write((tx) => {
    for (const id of ids) decide(tx, { id, owed: 1000n, decimals: 3, at: 1 });
  });
});
afterEach(async () => {
  expect(audit(book.store)).toEqual([]);
  await book.close();
});

const totals = () => book.store.read(totalsOf);
const lastEvent = () => book.store.read((reader) => events(reader, 0, 1000)).at(-1)?.event;
const listed = () =>
  book.store.read((reader) => erroredDeposits(reader, { limit: 100 })).map((info) => info.deposit_id);

describe("an adopted transaction", () => {
  const adopted = (deposits: readonly string[], own: Partial<Adopted> = {}): Adopted => ({
    ...attempt("foreign"),
    anchor: "ux0",
    block: { seq: 9, hash: "block9" },
    outputs: [{ address: "alice", coins: droplet(1000n * BigInt(deposits.length)) }],
    deposits,
    ...own,
  });
  const adopt = (one: Adopted) => book.store.write((tx) => adoptPayout(tx, one, who));

  test("is a confirmed payout: its deposits are done and its change is the anchor", async () => {
    expect(await adopt(adopted(ids))).toEqual(accept(1));
    expect(book.payout(1)).toMatchObject({ state: "confirmed", txid: "foreign", deposits: ids });
    expect(book.info(ids[0] ?? "")).toMatchObject({
      status: "done",
      sky_sent: 1000n,
      txid: "foreign",
      payout: 1,
    });
    expect([totals().sent, anchorText(book.store)]).toEqual([2000n, "change-foreign"]);
    expect(lastEvent()).toMatchObject({
      type: "payout_adopted",
      detail: "foreign ann: paid from the old host",
    });
  });

  test("can lose its block like any other", async () => {
    await adopt(adopted(ids));
    await book.store.write((tx) => reopenPayouts(tx, 1, 6000));
    expect(book.info(ids[0] ?? "").status).toBe("waiting_confirm");
    expect([totals().sent, anchorText(book.store)]).toEqual([0n, "ux0"]);
  });

  test("is refused when the anchor is another, a payout is open, or it is known", async () => {
    expect(await adopt(adopted(ids, { anchor: "other" }))).toEqual(
      refuse("the anchor has moved on meanwhile"),
    );
    await book.sign("p1", [ids[0] ?? ""]);
    expect(await adopt(adopted([ids[1] ?? ""]))).toEqual(
      refuse("a payout is open: wait until it is settled"),
    );
    await book.store.write((tx) =>
      settlePayout(tx, { seq: 1, txid: "p1", block: { seq: 1, hash: "b" }, at: 1 }),
    );
    expect(await adopt(adopted([ids[1] ?? ""], { txid: "p1", anchor: "change-p1" }))).toEqual(
      refuse("p1 is a payout of this store already"),
    );
  });

  test("is refused, and changes nothing, when one of its deposits is not due", async () => {
    await book.store.write((tx) => hold(tx, ids[1] ?? "", "look", 1));
    expect(await adopt(adopted(ids))).toEqual(refuse("t2:0 is not due any more"));
    expect([book.info(ids[0] ?? "").status, anchorText(book.store)]).toEqual(["waiting_send", "ux0"]);
  });
});

describe("an anchor that is moved", () => {
  const to = { uxid: "ux9", address: "hot", coins: droplet(77n) };
  const move = (from: string) => book.store.write((tx) => moveAnchor(tx, from, to, who));

  test("is the next payout's", async () => {
    expect(await move("ux0")).toEqual(accept(undefined));
    expect(book.store.read(anchorOf)).toEqual({ ...to, payout: 0 });
    expect(lastEvent()).toMatchObject({ type: "anchor_moved", subject: "ux9" });
    expect(await book.sign("p1", ids)).toMatchObject({ anchor: { uxid: "ux9" } });
  });

  test("is refused when it is another by now, or a payout is open", async () => {
    expect(await move("other")).toEqual(refuse("the anchor has moved on meanwhile"));
    await book.sign("p1", ids);
    expect(await move("ux0")).toEqual(refuse("a payout is open: wait until it is settled"));
    expect(anchorText(book.store)).toBe("ux0");
  });
});

describe("a deposit that is settled by hand", () => {
  const settle = (id: string) => book.store.write((tx) => settleByHand(tx, id, "by-hand", who));
  const note = "paid by by-hand; ann: paid from the old host";

  test("is done, with the transaction that paid it, and never due again", async () => {
    const [id = ""] = ids;
    expect(await settle(id)).toEqual(accept(undefined));
    expect(book.info(id)).toMatchObject({ status: "done", txid: "by-hand", sky_sent: 1000n, settled: note });
    expect(listed()).toEqual([]);
    expect(lastEvent()).toMatchObject({ type: "deposit_settled", subject: id, detail: note });
    await book.drop(1);
    await book.mine([paying(address, "t1", { inputs: ["c-t1:0"] })]);
    expect(book.info(id)).toMatchObject({ status: "done", settled: note, reversed: false });
  });

  test("and was held waits for nobody any more", async () => {
    const [id = ""] = ids;
    await book.store.write((tx) => hold(tx, id, "look", 1));
    expect([totals().attention, listed()]).toEqual([1, [id]]);
    await settle(id);
    expect([totals().attention, listed()]).toEqual([0, []]);
  });

  test("and was paid and then reversed is taken off the list, and keeps its payout", async () => {
    const [id = ""] = ids;
    await book.sign("p1", [id]);
    await book.store.write((tx) =>
      settlePayout(tx, { seq: 1, txid: "p1", block: { seq: 1, hash: "b" }, at: 1 }),
    );
    expect(await settle(id)).toEqual(refuse("t1:0 is done and waits for nobody"));
    await book.drop(1);
    expect(listed()).toContain(id);
    expect(await settle(id)).toEqual(accept(undefined));
    expect(listed()).not.toContain(id);
    expect(book.info(id)).toMatchObject({ txid: "p1", payout: 1 });
    expect(await settle(id)).toEqual(refuse(`t1:0 is settled already: ${note}`));
  });

  test("is refused while signed bytes may pay it, and free when they are proved dead", async () => {
    const [id = ""] = ids;
    await book.sign("p1", [id]);
    expect(await settle(id)).toEqual(
      refuse("t1:0 is in payout 1, whose bytes are signed; only their proved death frees it"),
    );
    await book.store.write((tx) => killPayouts(tx, 1, "proof", 1));
    expect(await settle(id)).toEqual(accept(undefined));
  });

  test("is refused when another took its place, which would then be paid as well", async () => {
    await book.drop(1);
    await book.mine([paying(address, "t1b", { inputs: ["c-t1:0"] })]);
    expect(await settle(ids[0] ?? "")).toEqual(
      refuse("t1:0 was replaced by t1b:0, which spends the same coin: settle that one"),
    );
    expect(await settle("t1b:0")).toEqual(accept(undefined));
  });

  test("is refused when there is none", async () => {
    expect(await settle("nobody:0")).toEqual(refuse("there is no credited deposit nobody:0"));
  });

  test("counts as paid for another deposit that spends the same coin", async () => {
    await settle(ids[0] ?? "");
    await book.drop(1);
    await book.mine([paying(address, "t1b", { inputs: ["c-t1:0"] })]);
    expect(book.info("t1b:0").held).toBe("spends the same coin as t1:0, which has a payout");
  });
});
