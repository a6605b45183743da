import { afterEach, expect, test } from "bun:test";
import { killPayouts, payoutByTransaction, payoutOf, reopenPayouts, totalsOf } from "#internal/book";
import { stockRules, txidOf } from "#internal/skycoin";
import { customer, sky, testWorld, type World } from "./testworld.ts";

let open: World[] = [];
afterEach(async () => {
  for (const one of open) await one.close();
  open = [];
});

async function world(): Promise<World> {
  const made = await testWorld();
  open.push(made);
  return made;
}

const said = { who: "ann", why: "paid from the old host" };
const signal = new AbortController().signal;
const paid = (w: World, id: string, txid: string) => w.operator.paid(id, txid, said, signal);
const adopt = (w: World, txid: string) => w.operator.adopt(txid, said, signal);

test("what a transaction was said to have paid by hand is not adopted for another deposit", async () => {
  const w = await world();
  const [first, second] = [await w.owe(1, 5n * sky), await w.owe(1, 5n * sky)];
  const tx = w.spend(w.anchor().uxid, [[customer(1), 5n * sky]]);
  w.bury(2);
  expect(await paid(w, first, txidOf(tx))).toMatchObject({ ok: true });
  expect(await adopt(w, txidOf(tx))).toEqual({
    ok: true,
    value: `${txidOf(tx)} is payout 1 now; it paid 0 deposits`,
  });
  expect([w.info(first).status, w.info(second).status]).toEqual(["done", "waiting_send"]);
  expect(w.anchor().uxid).toBe(w.change(tx));
});

test("a held deposit that was paid by hand does not bar the adoption for a smaller one that waits", async () => {
  const w = await world();
  const held = await w.owe(1, 5n * sky);
  await w.mark(held, "held");
  const waiting = await w.owe(1, 3n * sky);
  const tx = w.spend(w.anchor().uxid, [[customer(1), 5n * sky]]);
  w.bury(2);
  expect(await paid(w, held, txidOf(tx))).toMatchObject({ ok: true });
  expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: true });
  expect(w.info(waiting)).toMatchObject({ status: "waiting_send", payout: 0 });
  expect(w.anchor().uxid).toBe(w.change(tx));
});

test("of a transaction that was said to have paid one deposit, the rest is adopted for the next", async () => {
  const w = await world();
  const [first, second, third] = [await w.owe(1, 5n * sky), await w.owe(1, 3n * sky), await w.owe(1, sky)];
  const tx = w.spend(w.anchor().uxid, [[customer(1), 8n * sky]]);
  w.bury(2);
  expect(await paid(w, first, txidOf(tx))).toMatchObject({ ok: true });
  expect(await adopt(w, txidOf(tx))).toEqual({
    ok: true,
    value: `${txidOf(tx)} is payout 1 now; it paid 1 deposits`,
  });
  expect([first, second, third].map((id) => w.info(id).status)).toEqual(["done", "done", "waiting_send"]);
  expect(w.info(second)).toMatchObject({ payout: 1, sky_sent: 3n * sky });
});

test("a payout that was proved dead and confirms after all is adopted, and its deposit is paid once", async () => {
  const w = await world();
  const id = await w.owe(1, 5n * sky);
  const anchor = w.anchor().uxid;
  const tx = await w.sign([id]);
  await w.store.write((t) => killPayouts(t, 1, "proved on a branch that is gone", 5));
  expect([w.anchor().uxid, w.info(id).status]).toEqual([anchor, "waiting_send"]);
  const rules = { ...stockRules, burnFactor: 2n };
  expect(w.ledger.inject(tx, rules, 0)).toMatchObject({ ok: true });
  expect(w.ledger.makeBlock(rules, w.clock.now())).toBeDefined();
  w.bury(3);
  expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: true });
  expect(w.info(id)).toMatchObject({ status: "done", payout: 2, sky_sent: 5n * sky });
  expect(w.store.read((reader) => payoutOf(reader, 1))?.state).toBe("dead");
  expect(w.store.read((reader) => payoutByTransaction(reader, txidOf(tx)))?.seq).toBe(2);
  expect(w.store.read(totalsOf)).toMatchObject({ sent: 5n * sky, attention: 0 });
  expect(w.anchor().uxid).toBe(w.change(tx));
  expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: false });
});

test("a transaction that was said to have paid a deposit is not adopted for another, also when a reorg gave its line away", async () => {
  const w = await world();
  const second = await w.owe(1, 5n * sky);
  const first = await w.owe(1, 5n * sky);
  await w.mark(first, "reversed");
  const other = await w.respend(first);
  await w.mark(other, "reversed");
  await w.respend(first, "t2");
  const tx = w.spend(w.anchor().uxid, [[customer(1), 5n * sky]]);
  w.bury(2);
  expect(await paid(w, first, txidOf(tx))).toMatchObject({ ok: true });
  await w.mark(first, "reversed");
  await w.respend(first, "t3");
  expect(w.info(other).held).toContain(first);
  expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: true });
  expect(w.info(second)).toMatchObject({ status: "waiting_send", payout: 0 });
});

test("what an adopted transaction was said to have paid before is due again when it is proved dead", async () => {
  const w = await world();
  const id = await w.owe(1, 5n * sky);
  const tx = w.spend(w.anchor().uxid, [[customer(1), 5n * sky]]);
  w.bury(2);
  expect(await paid(w, id, txidOf(tx))).toMatchObject({ ok: true });
  expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: true });
  expect(w.info(id)).toMatchObject({ status: "done", payout: 1 });
  await w.store.write((t) => {
    reopenPayouts(t, 1, 5);
    killPayouts(t, 1, "another spent the anchor", 6);
  });
  expect(w.info(id)).toMatchObject({ status: "waiting_send", payout: 0, settled: "" });
});

test("a payout that was proved dead and confirms after all settles what is not due any more, and is adopted for the rest", async () => {
  const w = await world();
  const [first, second] = [await w.owe(1, 5n * sky), await w.owe(2, 3n * sky)];
  const tx = await w.sign([first, second]);
  await w.store.write((t) => killPayouts(t, 1, "proved on a branch that is gone", 5));
  await w.mark(second, "reversed");
  const rules = { ...stockRules, burnFactor: 2n };
  expect(w.ledger.inject(tx, rules, 0)).toMatchObject({ ok: true });
  expect(w.ledger.makeBlock(rules, w.clock.now())).toBeDefined();
  w.bury(3);
  expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: false });
  expect(await paid(w, second, txidOf(tx))).toMatchObject({ ok: true });
  expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: true });
  expect([first, second].map((id) => w.info(id).status)).toEqual(["done", "done"]);
  expect(w.anchor().uxid).toBe(w.change(tx));
});

test("an adopted payout, all of which is accounted for, is not said to have paid money on an unbound address as well", async () => {
  const w = await world();
  const unbound = await w.unbound();
  const id = await w.owe(1, 5n * sky);
  const tx = w.spend(w.anchor().uxid, [[customer(1), 5n * sky]]);
  w.bury(2);
  expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: true });
  expect(await paid(w, unbound, txidOf(tx))).toEqual({
    ok: false,
    refusal: `${txidOf(tx)} is payout 1 of this store, which does not have ${unbound}`,
  });
  expect([w.info(id).status, w.info(unbound).status]).toEqual(["done", "waiting_decide"]);
});
