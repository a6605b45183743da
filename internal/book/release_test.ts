import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { accept, refuse } from "#internal/fault";
import {
  decide,
  dueDeposits,
  erroredDeposits,
  events,
  hold,
  killPayouts,
  releaseDeposit,
  reopenPayouts,
  settleByHand,
  settlePayout,
  totalsOf,
} from "./mod.ts";
import { audit } from "./testaudit.ts";
import { paying, type TestBook, testBook } from "./testbook.ts";

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

/** owe makes the deposit, which spends the coin `c:0`, and decides it. */
async function owe(): Promise<void> {
  await book.mine([paying(address, "t1", { inputs: ["c:0"] })]);
  await book.store.write((tx) => decide(tx, { id, owed: 1000n, decimals: 3, at: 1 }));
}

async function settle(seq: number, txid: string): Promise<void> {
  const block = { seq: 10 + seq, hash: `b${10 + seq}` };
  await book.store.write((tx) => settlePayout(tx, { seq, txid, block, at: 2 }));
}

const release = (of = id) => book.store.write((tx) => releaseDeposit(tx, of, who));
const held = (of = id) => book.store.write((tx) => hold(tx, of, "look", 3));
const due = () => {
  const rows = book.store.read((reader) => dueDeposits(reader, "waiting_send", { limit: 9 }));
  return rows.map((info) => info.deposit_id);
};
const waiting = () => {
  const rows = book.store.read((reader) => erroredDeposits(reader, { limit: 9 }));
  return [rows.map((info) => info.deposit_id), book.store.read(totalsOf).attention];
};

describe("a deposit that is held and released", () => {
  test("is due again, and nobody's business any more", async () => {
    await owe();
    await held();
    expect([due(), waiting()]).toEqual([[], [[id], 1]]);
    expect(await release()).toEqual(accept(`${id} goes on; it was held: look`));
    expect([due(), waiting()]).toEqual([[id], [[], 0]]);
    const last = book.store.read((reader) => events(reader, 0, 100)).at(-1)?.event;
    expect(last).toEqual({ at: 5000, type: "deposit_released", subject: id, detail: "ann: looked at" });
  });

  test("before it was decided is decided", async () => {
    await book.mine([paying(address, "t1")]);
    await held();
    await release();
    const rows = book.store.read((reader) => dueDeposits(reader, "waiting_decide", { limit: 9 }));
    expect(rows.map((info) => info.deposit_id)).toEqual([id]);
  });

  test("may be held again", async () => {
    await owe();
    await held();
    await release();
    await held();
    expect(due()).toEqual([]);
  });

  test("because its rival's payout died is not held again by a reorg that brings it once more", async () => {
    await owe();
    await book.sign("p1", [id]);
    await book.drop(1);
    await book.mine([paying(address, "t2", { inputs: ["c:0"] })]);
    await book.store.write((tx) => decide(tx, { id: "t2:0", owed: 1000n, decimals: 3, at: 1 }));
    expect(book.info("t2:0").held).toContain("which has a payout");
    await book.store.write((tx) => killPayouts(tx, 1, "its anchor was spent", 4));
    expect(await release("t2:0")).toMatchObject({ ok: true });
    await book.drop(1);
    await book.mine([paying(address, "t2", { inputs: ["c:0"] })]);
    expect(book.info("t2:0")).toMatchObject({ held: "", reversed: false });
  });
});

describe("a deposit that a reorg took back and that is released", () => {
  test("waits in silence, and goes on when it is mined again", async () => {
    await owe();
    await book.drop(1);
    expect(waiting()).toEqual([[id], 1]);
    expect(await release()).toEqual(accept(`${id} goes on when it is mined again`));
    expect([due(), waiting()]).toEqual([[], [[], 0]]);
    await book.mine([paying(address, "t1", { inputs: ["c:0"] })]);
    expect([due(), waiting()]).toEqual([[id], [[], 0]]);
  });

  test("is told again when it is taken back again", async () => {
    await owe();
    await book.drop(1);
    await release();
    await book.mine([paying(address, "t1", { inputs: ["c:0"] })]);
    await book.drop(1);
    expect(waiting()).toEqual([[id], 1]);
  });
});

describe("a release is refused", () => {
  const refused = async (words: string, of = id) => {
    const before = book.store.read((reader) => events(reader, 0, 1000).length);
    expect(await release(of)).toEqual(refuse(words));
    expect(book.store.read((reader) => events(reader, 0, 1000).length)).toBe(before);
  };

  test("for a deposit that nobody knows, or that waits for nobody", async () => {
    await refused(`there is no credited deposit ${id}`);
    await owe();
    await refused(`${id} waits for nobody`);
    await book.drop(1);
    await release();
    await refused(`${id} waits for nobody`);
  });

  test("for money on an address of nobody", async () => {
    await book.mine([paying("btc0009", "t1")]);
    await refused(`${id} belongs to nobody whom teller could pay: it can only be settled (paid)`);
  });

  test("for what has a payout, signed or confirmed", async () => {
    await owe();
    await book.sign("p1", [id]);
    await book.drop(1);
    await refused(`${id} has a payout: what is done can only be settled (paid)`);
    await settle(1, "p1");
    await refused(`${id} has a payout: what is done can only be settled (paid)`);
  });

  test("for a coin that was paid for already", async () => {
    await owe();
    await book.sign("p1", [id]);
    await book.drop(1);
    await book.mine([paying(address, "t2", { inputs: ["c:0"] })]);
    await refused(`t2:0 spends the same coin as ${id}, which was paid`, "t2:0");
  });

  test("for one that another took the place of", async () => {
    await owe();
    await held();
    await book.drop(1);
    await book.mine([paying(address, "t2", { inputs: ["c:0"] })]);
    await refused(`${id} was replaced by t2:0, which spends the same coin`);
  });

  test("for one that the operator had settled by another transaction when its payout died", async () => {
    await book.mine();
    await owe();
    await book.sign("p1", [id]);
    await settle(1, "p1");
    await book.drop(1);
    expect(await book.store.write((tx) => settleByHand(tx, id, "other", who))).toEqual(accept(undefined));
    await book.mine([paying(address, "t1", { inputs: ["c:0"] })]);
    await book.store.write((tx) => {
      reopenPayouts(tx, 1, 4);
      killPayouts(tx, 1, "its anchor was spent", 5);
    });
    const { held: reason } = book.info(id);
    await refused(`${id} was settled by hand before (${reason}): it can only be settled again (paid)`);
  });
});
