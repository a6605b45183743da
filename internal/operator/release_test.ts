import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { totalsOf } from "#internal/book";
import { txidOf } from "#internal/skycoin";
import { refused, said, signal, told } from "./testsaid.ts";
import { customer, sky, testWorld, type World } from "./testworld.ts";

let w: World;
beforeEach(async () => {
  w = await testWorld();
});
afterEach(() => w.close());

describe("release", () => {
  test("lets a held deposit go on, wakes the sender, and keeps who and why", async () => {
    const id = await w.owe(1, sky);
    await w.mark(id, "held");
    expect(await w.operator.release(id, said)).toEqual({
      ok: true,
      value: `${id} goes on; it was held: look`,
    });
    expect([w.info(id).held, w.store.read(totalsOf).attention, w.changed]).toEqual(["", 0, 1]);
    told(w, { type: "deposit_released", subject: id });
  });

  test("is refused for what waits for nobody, and changes nothing", async () => {
    const id = await w.owe(1, sky);
    await refused(w, () => w.operator.release(id, said), `${id} waits for nobody`);
    await refused(w, () => w.operator.release("x", said), "there is no credited deposit x");
  });
});

describe("foreign before the first payout", () => {
  /** A wallet that has paid, beside a store that has no anchor. */
  async function used(pays: number): Promise<{ world: World; txid: string }> {
    await w.close();
    w = await testWorld([]);
    const [uxid = ""] = [w.topUp(100n * sky)].map((tx) => w.firstOutput(tx));
    return { world: w, txid: txidOf(w.spend(uxid, [[customer(pays), sky]])) };
  }
  const foreign = (txid: string) => w.operator.foreign(txid, said, signal);

  test("begins the chain of payouts with the wallet's largest output", async () => {
    const { txid } = await used(1);
    w.bury(2);
    expect(await foreign(txid)).toMatchObject({ ok: true });
    expect(w.anchor()).toMatchObject({ coins: 99n * sky, payout: 0 });
    expect(w.changed).toBe(1);
    told(w, { type: "anchor_moved", subject: w.anchor().uxid });
    await refused(w, () => foreign(txid), "is not spent");
  });

  test("is refused while somebody whom it paid is owed here, until that is settled", async () => {
    const { txid } = await used(1);
    const id = await w.owe(1, sky);
    w.bury(2);
    await refused(w, () => foreign(txid), `${txid} pays ${customer(1)}, whose deposits wait for SKY here`);
    expect(await w.operator.paid(id, txid, said, signal)).toMatchObject({ ok: true });
    expect(await foreign(txid)).toMatchObject({ ok: true });
  });

  test("is refused for a transaction that is unknown, too young, or not of the wallet", async () => {
    const { txid } = await used(1);
    await refused(w, () => foreign("x"), "x is not a txid");
    await refused(w, () => foreign("ab".repeat(32)), "the node has no confirmed transaction");
    await refused(w, () => foreign(txid), `${txid} is 1 blocks deep; wait until it is 3`);
    const other = txidOf(w.topUp(sky));
    w.bury(2);
    await refused(w, () => foreign(other), `${other} does not show among what the wallet has paid`);
  });

  test("is refused while the wallet spends something that is not confirmed", async () => {
    const { txid } = await used(1);
    w.bury(2);
    const tx = w.topUp(sky);
    w.pend(w.spend(w.firstOutput(tx), [[customer(2), 1000n]], { block: false }));
    await refused(w, () => foreign(txid), "is not confirmed yet");
  });

  test("is refused before the chains were looked at again: who is owed is not known yet", async () => {
    const { txid } = await used(1);
    w.bury(2);
    w.unseen = ["BTC"];
    await refused(w, () => foreign(txid), "the chain of BTC was not looked at again yet");
  });
});
