import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Broken } from "#internal/fault";
import {
  decide,
  depositsByStatus,
  dueDeposits,
  erroredDeposits,
  events,
  hold,
  oldestUndone,
  totalsOf,
} from "./mod.ts";
import { audit } from "./testaudit.ts";
import { paying, type TestBook, testBook } from "./testbook.ts";

let book: TestBook;
beforeEach(async () => {
  book = await testBook();
});
afterEach(async () => {
  expect(audit(book.store)).toEqual([]);
  await book.close();
});

/** credited makes so many credited deposits, t0:0 the oldest. */
async function credited(count: number): Promise<string[]> {
  const address = await book.bindTo("alice");
  const outputs = Array.from({ length: count }, (_, i) => paying(address, `t${i}`));
  return (await book.mine(outputs)).credited;
}

const decided = (id: string, owed: bigint) =>
  book.store.write((tx) => decide(tx, { id, owed, decimals: 2, at: 77 }));
const due = (status: "waiting_decide" | "waiting_send", limit = 100, from?: number) =>
  book.store
    .read((reader) => dueDeposits(reader, status, { limit, ...(from === undefined ? {} : { from }) }))
    .map((info) => info.deposit_id);

describe("a decision", () => {
  test("freezes what is owed and lets it be sent", async () => {
    const [id = ""] = await credited(1);
    expect(await decided(id, 50_000n)).toBe(true);
    expect(book.info(id)).toMatchObject({
      status: "waiting_send",
      sky_owed: 50_000n,
      sky_sent: 0n,
      max_decimals: 2,
      updated_at: 77,
      error: "",
    });
    expect([due("waiting_decide"), due("waiting_send")]).toEqual([[], [id]]);
  });

  test("is made once: the second changes nothing", async () => {
    const [id = ""] = await credited(1);
    await decided(id, 50_000n);
    expect(await decided(id, 99_000n)).toBe(false);
    expect(book.info(id).sky_owed).toBe(50_000n);
  });

  test("that nothing is owed ends the deposit with the documented error", async () => {
    const [id = ""] = await credited(1);
    expect(await decided(id, 0n)).toBe(true);
    expect(book.info(id)).toMatchObject({ status: "done", error: "Skycoin send amount is 0", txid: "" });
    expect(book.store.read(totalsOf)).toMatchObject({ errored: 1, attention: 0 });
    expect(book.store.read((reader) => erroredDeposits(reader, { limit: 5 }))).toHaveLength(1);
    expect([due("waiting_decide"), due("waiting_send")]).toEqual([[], []]);
    const last = book.store.read((reader) => events(reader, 0, 100)).at(-1)?.event;
    expect(last).toMatchObject({ type: "deposit_done", subject: id, detail: "Skycoin send amount is 0" });
  });

  test("on what is held or reversed is not made", async () => {
    const [held = "", reversed = ""] = await credited(2);
    await book.store.write((tx) => hold(tx, held, "look at it", 5));
    await book.drop(1);
    expect([await decided(held, 1000n), await decided(reversed, 1000n)]).toEqual([false, false]);
    expect(book.info(held).status).toBe("waiting_decide");
  });

  test("on what was never credited is a bug", async () => {
    expect(await decided("nobody:0", 1n).catch((error: unknown) => error)).toBeInstanceOf(Broken);
  });
});

describe("a hold", () => {
  test("keeps the status, takes the deposit from what is due, and lists it", async () => {
    const [a = "", b = ""] = await credited(2);
    await decided(a, 1000n);
    await book.store.write((tx) => {
      hold(tx, a, "the payout is refused", 5);
      hold(tx, b, "no rate", 6);
    });
    expect([book.info(a).status, book.info(b).status]).toEqual(["waiting_send", "waiting_decide"]);
    expect([due("waiting_decide"), due("waiting_send")]).toEqual([[], []]);
    expect(book.store.read(totalsOf)).toMatchObject({ attention: 2, errored: 0 });
    expect(
      book.store.read((reader) => erroredDeposits(reader, { limit: 5 })).map((info) => info.held),
    ).toEqual(["the payout is refused", "no rate"]);
  });

  test("keeps its first reason", async () => {
    const [id = ""] = await credited(1);
    await book.store.write((tx) => hold(tx, id, "first", 5));
    await book.store.write((tx) => hold(tx, id, "second", 6));
    expect(book.info(id)).toMatchObject({ held: "first", updated_at: 5 });
  });
});

describe("lists", () => {
  test("of what is due are in order of credit, from a number on, as long as asked", async () => {
    const ids = await credited(6);
    for (const id of [ids[4] ?? "", ids[1] ?? ""]) await decided(id, 1000n);
    expect(due("waiting_decide")).toEqual(["t0:0", "t2:0", "t3:0", "t5:0"]);
    expect(due("waiting_send")).toEqual(["t1:0", "t4:0"]);
    expect(due("waiting_decide", 2)).toEqual(["t0:0", "t2:0"]);
    expect(due("waiting_decide", 2, 3)).toEqual(["t2:0", "t3:0"]);
  });

  test("by status go on after a number, over all statuses in one order", async () => {
    const ids = await credited(5);
    for (const [i, id] of ids.entries()) if (i % 2 === 0) await decided(id, BigInt(i) * 1000n);
    const seqs = (status: Parameters<typeof depositsByStatus>[1], page: { after?: number; limit: number }) =>
      book.store.read((reader) => depositsByStatus(reader, status, page)).map((info) => info.seq);
    expect(seqs(undefined, { limit: 10 })).toEqual([1, 2, 3, 4, 5]);
    expect(seqs(undefined, { limit: 2 })).toEqual([1, 2]);
    expect(seqs(undefined, { after: 2, limit: 2 })).toEqual([3, 4]);
    expect(seqs("waiting_send", { limit: 10 })).toEqual([3, 5]);
    expect(seqs("done", { limit: 10 })).toEqual([1]);
    expect(seqs("waiting_decide", { after: 2, limit: 10 })).toEqual([4]);
    expect(seqs("waiting_confirm", { limit: 10 })).toEqual([]);
  });

  test("of the oldest that are not done have one of each status that a worker has to end", async () => {
    const ids = await credited(6);
    const oldest = () => book.store.read(oldestUndone).map((info) => `${info.deposit_id} ${info.status}`);
    for (const id of ids.slice(0, 4)) await decided(id, 1000n);
    await book.store.write((tx) => hold(tx, ids[0] ?? "", "look", 5));
    await book.sign("p1", [ids[3] ?? ""]);
    expect(oldest()).toEqual(["t4:0 waiting_decide", "t1:0 waiting_send", "t3:0 waiting_confirm"]);
    await book.drop(1);
    expect(oldest()).toEqual(["t3:0 waiting_confirm"]);
  });

  test("of events go on after a number", async () => {
    await credited(2);
    const numbers = (after: number, limit: number) =>
      book.store.read((reader) => events(reader, after, limit)).map(({ n, event }) => `${n} ${event.type}`);
    expect(numbers(0, 2)).toEqual(["1 address_bound", "2 deposit_seen"]);
    expect(numbers(2, 100)).toEqual(["3 deposit_seen", "4 deposit_credited", "5 deposit_credited"]);
    expect(numbers(5, 100)).toEqual([]);
  });
});
