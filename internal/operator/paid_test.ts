import { afterEach, describe, expect, test } from "bun:test";
import { settlePayout, totalsOf } from "#internal/book";
import { txidOf } from "#internal/skycoin";
import { refused, said, signal, told } from "./testsaid.ts";
import { customer, sky, testWorld, type World } from "./testworld.ts";

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

describe("paid", () => {
  const paid = (w: World, id: string, txid: string) => w.operator.paid(id, txid, said, signal);

  test("settles a deposit with the transaction that paid it, and it is never due again", async () => {
    const w = await world([100n * sky, 100n * sky]);
    const [id, rest] = [await w.owe(1, sky), await w.owe(1, sky)];
    const tx = w.spend(w.other(), [[customer(1), sky]]);
    w.bury(2);
    expect(await paid(w, id, txidOf(tx))).toEqual({
      ok: true,
      value: `${id} is settled: paid by ${txidOf(tx)}`,
    });
    expect(w.info(id)).toMatchObject({ status: "done", txid: txidOf(tx), sky_sent: sky, payout: 0 });
    expect(w.info(rest).status).toBe("waiting_send");
    told(w, { type: "deposit_settled", subject: id });
    await refused(w, () => paid(w, id, txidOf(tx)), "is settled already");
  });

  test("counts a transaction once: it does not settle two deposits that it pays one of", async () => {
    const w = await world([100n * sky, 100n * sky]);
    const ids = [await w.owe(1, sky), await w.owe(1, 2n * sky), await w.owe(1, sky)];
    const tx = w.spend(w.other(), [[customer(1), 3n * sky]]);
    w.bury(2);
    for (const id of ids.slice(0, 2)) expect(await paid(w, id, txidOf(tx))).toMatchObject({ ok: true });
    await refused(
      w,
      () => paid(w, ids[2] ?? "", txidOf(tx)),
      `of which ${3n * sky} are for other deposits; ${ids[2]} is owed ${sky}`,
    );
  });

  test("is refused for a deposit that nobody knows, and for what is no txid", async () => {
    const w = await world();
    const id = await w.owe(1, sky);
    await refused(w, () => paid(w, "nothing:0", "ab".repeat(32)), "there is no credited deposit nothing:0");
    await refused(w, () => paid(w, id, "by bank"), "is not a txid");
    const seen = await w.see(2);
    await refused(w, () => paid(w, seen, "ab".repeat(32)), `there is no credited deposit ${seen}`);
  });

  test("is refused for a transaction that is unknown, or in no block", async () => {
    const w = await world([100n * sky, 100n * sky]);
    const id = await w.owe(1, sky);
    await refused(w, () => paid(w, id, "ab".repeat(32)), "has no confirmed transaction");
    const tx = w.spend(w.other(), [[customer(1), sky]], { block: false });
    w.ledger.inject(tx, { burnFactor: 10n, maxSize: 32_768, maxDecimals: 3 }, 0);
    await refused(w, () => paid(w, id, txidOf(tx)), "has no confirmed transaction");
  });

  test("is refused until the transaction is three blocks deep: a reorg of the ledger may take it back", async () => {
    const w = await world([100n * sky, 100n * sky]);
    const id = await w.owe(1, sky);
    const tx = w.spend(w.other(), [[customer(1), sky]]);
    for (const depth of [1, 2]) {
      await refused(
        w,
        () => paid(w, id, txidOf(tx)),
        `${txidOf(tx)} is ${depth} blocks deep; wait until it is 3`,
      );
      w.bury(1);
    }
    expect(await paid(w, id, txidOf(tx))).toMatchObject({ ok: true });
  });

  test("is refused when it pays too little, or somebody else", async () => {
    const w = await world([100n * sky, 100n * sky]);
    const id = await w.owe(1, 2n * sky);
    const tx = w.spend(w.other(), [
      [customer(1), 2n * sky - 1000n],
      [customer(2), 5n * sky],
    ]);
    w.bury(2);
    await refused(
      w,
      () => paid(w, id, txidOf(tx)),
      `pays ${2n * sky - 1000n} droplets to ${customer(1)}; ${id} is owed ${2n * sky}`,
    );
  });

  test("is refused for a payout of this store, which pays other deposits", async () => {
    const w = await world();
    const [first, second] = [await w.owe(1, sky), await w.owe(1, sky)];
    const tx = w.spend(w.anchor().uxid, [[customer(1), sky]]);
    w.bury(2);
    expect(await w.operator.adopt(txidOf(tx), said, signal)).toMatchObject({ ok: true });
    expect(w.info(first).status).toBe("done");
    await refused(w, () => paid(w, second, txidOf(tx)), "is payout 1 of this store, which does not have");
  });

  test("is refused once bytes are signed for the deposit, sent or not", async () => {
    const w = await world([100n * sky, 100n * sky]);
    const id = await w.owe(1, sky);
    await w.sign([id]);
    const tx = w.spend(w.other(), [[customer(1), sky]]);
    await refused(
      w,
      () => paid(w, id, txidOf(tx)),
      "whose bytes are signed; only their proved death frees it",
    );
  });

  test("is refused for what is done, and takes the operator's word for what is done and was taken back", async () => {
    const w = await world();
    const id = await w.owe(1, sky);
    const tx = await w.sign([id]);
    await w.store.write((t) =>
      settlePayout(t, { seq: 1, txid: txidOf(tx), block: { seq: 1, hash: "b" }, at: 1 }),
    );
    await refused(w, () => paid(w, id, "ab".repeat(32)), "is done and waits for nobody");
    await w.mark(id, "reversed");
    expect(w.store.read(totalsOf).attention).toBe(1);
    expect(await paid(w, id, "ab".repeat(32))).toMatchObject({ ok: true });
    expect(w.store.read(totalsOf).attention).toBe(0);
    expect(w.info(id).txid).toBe(txidOf(tx));
  });

  test("is refused while nobody knows what is owed; what is held before that is settled by any payment there", async () => {
    const w = await world([100n * sky, 100n * sky]);
    const id = await w.credit(1);
    const tx = w.spend(w.other(), [[customer(1), sky]]);
    await refused(w, () => paid(w, id, txidOf(tx)), "is not decided yet");
    await w.mark(id, "held");
    const elsewhere = w.spend(w.anchor().uxid, [[customer(2), sky]]);
    w.bury(2);
    await refused(w, () => paid(w, id, txidOf(elsewhere)), `pays nothing to ${customer(1)}`);
    expect(await paid(w, id, txidOf(tx))).toMatchObject({ ok: true });
    expect(w.store.read(totalsOf).attention).toBe(0);
  });

  test("takes the operator's word for money on an address that was bound to nobody", async () => {
    const w = await world();
    const id = await w.unbound();
    expect(w.store.read(totalsOf).attention).toBe(1);
    expect(await paid(w, id, "ab".repeat(32))).toMatchObject({ ok: true });
    expect(w.store.read(totalsOf).attention).toBe(0);
    expect(w.info(id).sky_sent).toBe(0n);
  });

  test("said by two at once is done once", async () => {
    const w = await world([100n * sky, 100n * sky]);
    const ids = [await w.owe(1, sky), await w.owe(1, sky)];
    const tx = w.spend(w.other(), [[customer(1), sky]]);
    w.bury(2);
    const answers = await Promise.all(ids.map((id) => paid(w, id, txidOf(tx))));
    expect(answers.map(({ ok }) => ok)).toEqual([true, false]);
  });
});
