import { afterEach, describe, expect, test } from "bun:test";
import { payoutOf, skyChain, totalsOf } from "#internal/book";
import { Fault } from "#internal/fault";
import { transactionHex, txidOf } from "#internal/skycoin";
import { lastEvent, lastLine, refused, said, signal, told } from "./testsaid.ts";
import { customer, hotAddress, sky, testWorld, type World } from "./testworld.ts";

let open: World[] = [];
afterEach(async () => {
  for (const one of open) await one.close();
  open = [];
});

async function world(sizes?: readonly bigint[]): Promise<World> {
  const made = await testWorld(sizes);
  open.push(made);
  return made;
}

describe("adopt", () => {
  const adopt = (w: World, txid: string) => w.operator.adopt(txid, said, signal);

  test("takes the transaction for a payout: its deposits are done, its change is the anchor", async () => {
    const w = await world();
    const ids = [
      await w.owe(1, 5n * sky),
      await w.owe(1, sky),
      await w.owe(2, 2n * sky),
      await w.owe(1, sky),
    ];
    const pays = [[customer(1), 6n * sky] as const, [customer(2), 2n * sky] as const];
    const tx = w.spend(w.anchor().uxid, pays);
    w.bury(2);
    expect(await adopt(w, txidOf(tx))).toEqual({
      ok: true,
      value: `${txidOf(tx)} is payout 1 now; it paid 3 deposits`,
    });
    expect(ids.map((id) => w.info(id).status)).toEqual(["done", "done", "done", "waiting_send"]);
    expect(w.info(ids[0] ?? "")).toMatchObject({ txid: txidOf(tx), sky_sent: 5n * sky, payout: 1 });
    expect(w.anchor()).toEqual({
      ...{ uxid: w.change(tx), address: hotAddress, payout: 1 },
      coins: expect.anything(),
    });
    expect(w.store.read((reader) => payoutOf(reader, 1))).toMatchObject({
      ...{ state: "confirmed", raw: transactionHex(tx), deposits: ids.slice(0, 3) },
      block: { seq: 2, hash: w.ledger.blockHash(2) ?? "" },
    });
    expect(w.store.read(totalsOf)).toMatchObject({
      sent: 8n * sky,
      by_status: { done: 3, waiting_send: 1 },
      attention: 0,
    });
    expect(w.store.read(skyChain).head).toEqual({ seq: 2, hash: w.ledger.blockHash(2) ?? "" });
    expect(w.changed).toBe(1);
    told(w, { type: "payout_adopted", subject: "1" });
  });

  test("takes several, one after the other, and only in their order", async () => {
    const w = await world();
    const ids = [await w.owe(1, sky), await w.owe(1, sky), await w.owe(2, sky)];
    const first = w.spend(w.anchor().uxid, [[customer(1), sky]]);
    const second = w.spend(w.change(first), [[customer(1), sky]]);
    const third = w.spend(w.change(second), [[customer(2), sky]]);
    w.bury(2);
    await refused(w, () => adopt(w, txidOf(second)), `was spent by ${txidOf(first)}, not by`);
    for (const tx of [first, second, third]) expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: true });
    expect(ids.map((id) => w.info(id).txid)).toEqual([first, second, third].map(txidOf));
    expect(w.anchor().uxid).toBe(w.change(third));
    await refused(w, () => adopt(w, txidOf(third)), "is not spent: there is nothing to settle");
    await refused(w, () => adopt(w, txidOf(first)), "is not spent: there is nothing to settle");
  });

  test("takes a consolidation, which pays nobody", async () => {
    const w = await world();
    const tx = w.spend(w.anchor().uxid, []);
    w.bury(2);
    expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: true });
    expect(w.anchor().uxid).toBe(w.change(tx));
  });

  test("takes two outputs to one customer for their sum, and each deposit once", async () => {
    const w = await world();
    const ids = [await w.owe(1, sky), await w.owe(1, sky)];
    const tx = w.spend(w.anchor().uxid, [
      [customer(1), sky],
      [customer(1), sky],
    ]);
    w.bury(2);
    expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: true });
    expect(ids.map((id) => w.info(id).status)).toEqual(["done", "done"]);
    expect(w.store.read(totalsOf).by_status).toMatchObject({ done: 2, waiting_send: 0 });
  });

  test("is refused while the anchor is not spent, and while it is only about to be", async () => {
    const w = await world();
    const tx = w.spend(w.anchor().uxid, [], { block: false });
    await refused(w, () => adopt(w, txidOf(tx)), "is not spent: there is nothing to settle");
    expect(w.ledger.inject(tx, { burnFactor: 10n, maxSize: 32_768, maxDecimals: 3 }, 0).ok).toBe(true);
    await refused(w, () => adopt(w, txidOf(tx)), "is not spent: there is nothing to settle");
  });

  test("is refused until the transaction is three blocks deep", async () => {
    const w = await world();
    const tx = w.spend(w.anchor().uxid, []);
    await refused(w, () => adopt(w, txidOf(tx)), "is 1 blocks deep; wait until it is 3");
    w.bury(1);
    await refused(w, () => adopt(w, txidOf(tx)), "is 2 blocks deep");
    w.bury(1);
    expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: true });
  });

  test("is refused for what leaves nothing to the wallet", async () => {
    const w = await world();
    const tx = w.spend(w.anchor().uxid, [], { keep: false });
    w.bury(2);
    await refused(w, () => adopt(w, txidOf(tx)), "leaves nothing to the wallet; it is no payout of ours");
  });

  const amounts: readonly { why: string; owed: readonly bigint[]; paid: bigint; to?: number }[] = [
    { why: "a part of the oldest deposit", owed: [2n * sky, 3n * sky], paid: sky },
    { why: "a younger deposit only", owed: [2n * sky, sky], paid: sky },
    { why: "more than all deposits", owed: [2n * sky, sky], paid: 4n * sky },
    { why: "a deposit and a part of the next", owed: [2n * sky, 2n * sky], paid: 3n * sky },
    { why: "somebody who is owed nothing", owed: [sky], paid: sky, to: 2 },
  ];
  for (const { why, owed, paid, to } of amounts) {
    test(`is refused when it paid ${why}`, async () => {
      const w = await world();
      for (const droplets of owed) await w.owe(1, droplets);
      const tx = w.spend(w.anchor().uxid, [[customer(to ?? 1), paid]]);
      w.bury(2);
      await refused(w, () => adopt(w, txidOf(tx)), "which are not the oldest deposits that are due there");
    });
  }

  test("is refused while a payout of this store is open", async () => {
    const w = await world();
    const [a, b] = [await w.owe(1, sky), await w.owe(2, sky)];
    await w.sign([a]);
    const tx = w.spend(w.anchor().uxid, [[customer(2), sky]]);
    w.bury(2);
    await refused(w, () => adopt(w, txidOf(tx)), "a payout is open: wait until it is settled");
    expect(w.info(b).status).toBe("waiting_send");
  });

  test("is refused before there is an anchor, for what is no txid, and where the node does not know the anchor", async () => {
    const w = await world();
    for (const text of ["", "xyz", "AB".repeat(32), "ab".repeat(33)]) {
      await refused(w, () => adopt(w, text), "is not a txid: 64 hex digits");
    }
    w.lies.uxout = async () => undefined;
    await refused(w, () => adopt(w, "ab".repeat(32)), "the node does not know the anchor");
    const empty = await world([]);
    await refused(empty, () => adopt(empty, "ab".repeat(32)), "nothing was ever paid: there is no anchor");
  });

  test("is refused when what the node gives is not that transaction, or not signed by us", async () => {
    const w = await world();
    const tx = w.spend(w.anchor().uxid, []);
    w.bury(2);
    const other = w.topUp(sky);
    for (const raw of [transactionHex(other), transactionHex({ ...tx, signatures: other.signatures })]) {
      w.lies.rawTransaction = async () => raw;
      await refused(w, () => adopt(w, txidOf(tx)), "does not spend the anchor with our key's signature");
    }
    w.lies.rawTransaction = async () => undefined;
    await refused(w, () => adopt(w, txidOf(tx)), "the node does not give");
  });

  test("changes nothing while the node is down", async () => {
    const w = await world();
    w.lies.health = async () => {
      throw new Fault("test.node", "retry", "the node is down");
    };
    const before = w.everything();
    await expect(adopt(w, "ab".repeat(32))).rejects.toThrow("the node is down");
    expect(w.everything()).toBe(before);
  });

  test("takes only what it was not said to have paid before", async () => {
    const w = await world();
    const ids = [await w.owe(1, sky), await w.owe(1, sky), await w.owe(1, sky)];
    const tx = w.spend(w.anchor().uxid, [[customer(1), 2n * sky]]);
    w.bury(2);
    expect(await w.operator.paid(ids[1] ?? "", txidOf(tx), said, signal)).toMatchObject({ ok: true });
    expect(await adopt(w, txidOf(tx))).toMatchObject({ ok: true });
    expect(ids.map((id) => w.info(id).status)).toEqual(["done", "done", "waiting_send"]);
  });
});

describe("foreign", () => {
  const foreign = (w: World, txid: string) => w.operator.foreign(txid, said, signal);

  test("makes the change of the transaction the next anchor, though the wallet has a larger output", async () => {
    const w = await world([10n * sky, 500n * sky]);
    const id = await w.owe(1, sky);
    const tx = w.spend(w.anchor().uxid, [[customer(9), sky]]);
    w.bury(2);
    expect(await foreign(w, txidOf(tx))).toEqual({
      ok: true,
      value: `${txidOf(tx)} is not ours; the next payout will spend ${w.change(tx)}`,
    });
    expect(w.anchor()).toMatchObject({ uxid: w.change(tx), address: hotAddress, payout: 0 });
    expect(w.info(id).status).toBe("waiting_send");
    expect(w.changed).toBe(1);
    told(w, { type: "anchor_moved", subject: w.change(tx) });
  });

  test("without change takes the wallet's largest output", async () => {
    const w = await world([10n * sky, 20n * sky]);
    const tx = w.spend(w.anchor().uxid, [], { keep: false });
    const added = w.topUp(500n * sky);
    w.bury(2);
    expect(await foreign(w, txidOf(tx))).toMatchObject({ ok: true });
    expect(w.ledger.output(w.anchor().uxid)).toMatchObject({ srcTx: txidOf(added), coins: 500n * sky });
  });

  test("is refused when the wallet has nothing left", async () => {
    const w = await world();
    const tx = w.spend(w.anchor().uxid, [], { keep: false });
    w.bury(2);
    await refused(w, () => foreign(w, txidOf(tx)), "the wallet has nothing left");
  });

  test("is refused twice: what it said is done", async () => {
    const w = await world();
    const tx = w.spend(w.anchor().uxid, []);
    w.bury(2);
    expect(await foreign(w, txidOf(tx))).toMatchObject({ ok: true });
    await refused(w, () => foreign(w, txidOf(tx)), "is not spent: there is nothing to settle");
  });

  test("is refused for another spender, and until it is three blocks deep", async () => {
    const w = await world();
    const tx = w.spend(w.anchor().uxid, []);
    await refused(w, () => foreign(w, txidOf(tx)), "is 1 blocks deep");
    w.bury(2);
    await refused(w, () => foreign(w, "ab".repeat(32)), `was spent by ${txidOf(tx)}, not by`);
  });

  const owedSomehow: readonly { why: string; make: (w: World) => Promise<unknown> }[] = [
    { why: "is due", make: (w) => w.owe(1, sky) },
    { why: "is not decided", make: (w) => w.credit(1) },
    { why: "is not deep enough yet", make: (w) => w.see(1) },
    { why: "is held", make: async (w) => w.mark(await w.owe(1, sky), "held") },
    {
      why: "was taken back after it was credited",
      make: async (w) => w.mark(await w.owe(1, sky), "reversed"),
    },
    {
      why: "was taken back before it counted, and may come again",
      make: async (w) => w.mark(await w.see(1), "reversed"),
    },
  ];
  for (const { why, make } of owedSomehow) {
    test(`is refused when it pays somebody whose deposit ${why}`, async () => {
      const w = await world();
      await make(w);
      const tx = w.spend(w.anchor().uxid, [[customer(1), 5n * sky]]);
      w.bury(2);
      await refused(w, () => foreign(w, txidOf(tx)), `pays ${customer(1)}, whose deposits wait for SKY here`);
    });
  }

  test("is taken when it pays a customer whose deposits are all done", async () => {
    const w = await world();
    const id = await w.owe(1, sky);
    const tx = w.spend(w.anchor().uxid, [[customer(1), sky]]);
    w.bury(2);
    expect(await w.operator.paid(id, txidOf(tx), said, signal)).toMatchObject({ ok: true });
    expect(await foreign(w, txidOf(tx))).toMatchObject({ ok: true });
  });

  test("is taken when the operator says of whom it pays that it is not for the deposits that wait", async () => {
    const w = await world();
    const id = await w.owe(1, 2n * sky);
    await w.owe(2, sky);
    // A copy that does not know for which deposit: neither adopted, nor paid, nor nobody's.
    const tx = w.spend(w.anchor().uxid, [
      [customer(1), sky],
      [customer(2), 3n * sky],
      [customer(3), sky],
    ]);
    w.bury(2);
    const although = (...addresses: string[]) => w.operator.foreign(txidOf(tx), said, signal, addresses);
    await refused(w, () => although(customer(1)), `--although ${customer(2)}`);
    await refused(w, () => although(customer(1), customer(2), customer(3)), "leave --although out");
    expect(await although(customer(1), customer(2))).toMatchObject({ ok: true });
    expect([w.info(id).status, w.anchor().uxid]).toEqual(["waiting_send", w.change(tx)]);
    expect(lastLine(w)).toContain(`although it pays ${customer(1)}, ${customer(2)}`);
  });

  test("is refused before the chains were looked at again: who is owed is not known yet", async () => {
    const w = await world();
    const tx = w.spend(w.anchor().uxid, [[customer(1), sky]]);
    w.bury(2);
    w.unseen = ["BTC"];
    await refused(w, () => foreign(w, txidOf(tx)), "the chain of BTC was not looked at again yet");
  });

  test("is refused while a payout of this store is open", async () => {
    const w = await world();
    await w.sign([await w.owe(1, sky)]);
    const tx = w.spend(w.anchor().uxid, []);
    w.bury(2);
    await refused(w, () => foreign(w, txidOf(tx)), "a payout is open");
  });

  test("does not pass over a payout of ours that was made on its change", async () => {
    const w = await world();
    const id = await w.owe(1, sky);
    const person = w.spend(w.anchor().uxid, [[customer(9), sky]]);
    const ours = w.spend(w.change(person), [[customer(1), sky]]);
    w.bury(2);
    expect(await foreign(w, txidOf(person))).toMatchObject({ ok: true });
    await refused(w, () => foreign(w, txidOf(ours)), "is it to be adopted, or were they paid by it?");
    expect(await w.operator.adopt(txidOf(ours), said, signal)).toMatchObject({ ok: true });
    expect(w.info(id)).toMatchObject({ status: "done", txid: txidOf(ours) });
  });

  test("does not pass over payouts of ours that were made on another output after it left no change", async () => {
    const w = await world([10n * sky, 100n * sky]);
    const id = await w.owe(1, sky);
    const other = w.ledger.unspent().find(({ coins }) => coins === 100n * sky)?.uxid ?? "";
    const person = w.spend(w.anchor().uxid, [], { keep: false });
    const ours = w.spend(other, [[customer(1), sky]]);
    const later = w.spend(w.change(ours), [[customer(2), sky]]);
    w.topUp(500n * sky);
    w.bury(2);
    await refused(w, () => foreign(w, txidOf(person)), `${txidOf(ours)} pays ${customer(1)}`);
    expect(await w.operator.paid(id, txidOf(ours), said, signal)).toMatchObject({ ok: true });
    expect(await foreign(w, txidOf(person))).toMatchObject({ ok: true });
    expect([txidOf(later), txidOf(ours)]).not.toContain(w.ledger.output(w.anchor().uxid)?.srcTx ?? "");
  });

  test("a customer who is not known here any more: the others are said to be paid, then it is foreign", async () => {
    const w = await world();
    const id = await w.owe(1, sky);
    const tx = w.spend(w.anchor().uxid, [
      [customer(1), sky],
      [customer(8), 3n * sky],
    ]);
    w.bury(2);
    await refused(w, () => w.operator.adopt(txidOf(tx), said, signal), "which are not the oldest deposits");
    await refused(w, () => foreign(w, txidOf(tx)), "whose deposits wait for SKY here");
    expect(await w.operator.paid(id, txidOf(tx), said, signal)).toMatchObject({ ok: true });
    expect(await foreign(w, txidOf(tx))).toMatchObject({ ok: true });
    expect(w.anchor().uxid).toBe(w.change(tx));
  });
});

describe("rescan", () => {
  test("is done by the scanner, and told with who and why", async () => {
    const w = await world();
    expect(await w.operator.rescan(17, said)).toEqual({ ok: true, value: "scanning again from 17" });
    told(w, { type: "rescanned", subject: "from 17" });
    expect(w.changed).toBe(1);
  });

  test("that the scanner refuses changes nothing", async () => {
    const w = await world();
    w.rescan = async () => ({ ok: false, refusal: "HEIGHT must be from 1 to 5" });
    await refused(w, () => w.operator.rescan(17, said), "HEIGHT must be from 1 to 5");
    for (const height of [1.5, Number.NaN]) {
      await refused(w, () => w.operator.rescan(height, said), "HEIGHT must be a whole number");
    }
  });
});

test("what a person writes as a reason cannot make a line of the log of its own", async () => {
  const w = await world();
  const why = "fine\n2026-01-01 ERROR notice=WATCH forged";
  await w.operator.rescan(1, { who: "ann", why });
  expect(lastLine(w)).not.toContain("\n");
  expect(lastEvent(w)?.detail).toBe(`ann: ${why}`);
});
