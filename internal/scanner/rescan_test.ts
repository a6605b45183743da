import { afterEach, describe, expect, test } from "bun:test";
import { cursorOf, stoppedCoins, totalsOf } from "#internal/book";
import { SimChain } from "./simchain.ts";
import { bound, credited, endWorlds, forked, ids, pay, type World, world } from "./testworld.ts";

const rescanned = async (w: World, from: number) => {
  const asked = w.scanner.rescan(from);
  await w.follow();
  return asked;
};
const tooHigh = { ok: false, refusal: expect.stringContaining("HEIGHT must be lower") };

afterEach(endWorlds);

describe("a scanner that is told to scan again", () => {
  test("scans again from a height, as often as it is asked, and never from above its cursor", async () => {
    const w = await world();
    const address = await bound(w);
    w.chain.mine([pay(address, "t1", ["c:0"])]);
    w.chain.mine();
    w.chain.mine();
    await w.follow();
    for (let i = 0; i < 2; i++) {
      const asked = w.scanner.rescan(1);
      await w.follow();
      expect(await asked).toMatchObject({ ok: true });
      expect(credited(w)).toHaveLength(1);
      expect(credited(w)[0]).toMatchObject({ reversed: false, status: "waiting_decide" });
      expect(w.store.read(totalsOf).received.BTC).toBe(1000n);
    }
    const above = w.scanner.rescan(9);
    await w.follow();
    expect(await above).toEqual({ ok: false, refusal: "HEIGHT must be from 1 to 4" });
  });

  test("stopped by a reorg that is too deep, goes on from where the operator says", async () => {
    const w = await world();
    const address = await bound(w);
    for (let i = 0; i < 30; i++) w.chain.mine();
    w.chain.mine([pay(address, "t1", ["c:0"])]);
    w.chain.mine();
    await w.follow();
    w.chain.drop(30);
    for (let i = 0; i < 31; i++) w.chain.mine(i === 20 ? [pay(address, "t2", ["d:0"])] : []);
    await w.follow();
    expect(w.store.read(stoppedCoins)).toHaveLength(1);
    const asked = w.scanner.rescan(3);
    await w.follow();
    expect(await asked).toMatchObject({ ok: true });
    expect(w.store.read(stoppedCoins)).toEqual([]);
    expect(w.store.read((reader) => cursorOf(reader, "BTC"))?.hash).toBe(w.chain.tip.hash);
    expect(credited(w).map((info) => [info.deposit_id, info.reversed])).toEqual([
      ["t1:0", true],
      ["t2:0", false],
    ]);
  });

  test("a reorg right after a rescan is followed", async () => {
    const w = await world();
    for (let i = 0; i < 30; i++) w.chain.mine();
    await w.follow();
    w.chain.failures = 0;
    const asked = w.scanner.rescan(30);
    await w.follow();
    expect(await asked).toMatchObject({ ok: true });
    w.chain.drop(5);
    for (let i = 0; i < 6; i++) w.chain.mine();
    await w.follow();
    expect(w.store.read(stoppedCoins)).toEqual([]);
    expect(w.store.read((reader) => cursorOf(reader, "BTC"))?.hash).toBe(w.chain.tip.hash);
  });

  test("every rescan that is asked for is answered, also when the node fails during the first", async () => {
    const w = await world();
    for (let i = 0; i < 5; i++) w.chain.mine();
    await w.follow();
    w.chain.failures = 1;
    const answers = Promise.all([w.scanner.rescan(3), w.scanner.rescan(4)]);
    await w.follow();
    await w.follow();
    expect(await answers).toEqual([
      { ok: false, refusal: expect.stringContaining("does not answer") },
      { ok: true, value: expect.stringContaining("scanning again from 4") },
    ]);
  });

  test("a rescan from above the fork is refused: it would skip blocks", async () => {
    const w = await world();
    for (let i = 0; i < 40; i++) w.chain.mine();
    await w.follow();
    w.chain.drop(25);
    for (let i = 0; i < 26; i++) w.chain.mine();
    await w.follow();
    const asked = w.scanner.rescan(35);
    await w.follow();
    expect(await asked).toMatchObject({
      ok: false,
      refusal: expect.stringContaining("HEIGHT must be lower"),
    });
    expect(w.store.read(stoppedCoins)).toHaveLength(1);
  });

  test("a rescan below the window begins after the last block that is known to be shared, and skips nothing", async () => {
    const w = await world();
    const address = await bound(w);
    await forked(w, 1100, 500, { 650: pay(address, "t2", ["d:0"]), 900: pay(address, "t3", ["e:0"]) });
    expect(w.store.read(stoppedCoins)).toHaveLength(1);
    // Here and at 1000 the chains differ; they fork after 600.
    for (const from of [1100, 1052, 1001]) expect(await rescanned(w, from)).toMatchObject(tooHigh);
    expect(w.store.read(stoppedCoins)).toHaveLength(1);
    expect(ids(w)).toEqual([]);
    for (const reversed of [0, 2]) {
      expect(await rescanned(w, 701)).toEqual({
        ok: true,
        value: `scanning again from 501, not 701: no block between is known to be ours; ${reversed} deposits wait to be seen again`,
      });
      expect(w.store.read(stoppedCoins)).toEqual([]);
      expect(w.store.read((reader) => cursorOf(reader, "BTC"))?.hash).toBe(w.chain.tip.hash);
      expect(credited(w).map((info) => [info.deposit_id, info.reversed])).toEqual([
        ["t2:0", false],
        ["t3:0", false],
      ]);
    }
  });

  test("a rescan of a chain that began in the middle skips nothing above its beginning", async () => {
    const chain = new SimChain();
    for (let i = 0; i < 105; i++) chain.mine();
    const w = await world(chain);
    const address = await bound(w);
    await forked(w, 205, 95, { 120: pay(address, "t2", ["d:0"]) });
    expect(await rescanned(w, 151)).toMatchObject(tooHigh);
    expect(await rescanned(w, 112)).toMatchObject(tooHigh);
    expect(await rescanned(w, 111)).toMatchObject({
      ok: true,
      value: expect.stringContaining("scanning again from 111;"),
    });
    expect(ids(w)).toEqual(["t2:0"]);
  });

  test("a rescan from below all that was ever scanned begins there, whatever the chain", async () => {
    const chain = new SimChain();
    for (let i = 0; i < 105; i++) chain.mine();
    const w = await world(chain);
    const address = await bound(w);
    await forked(w, 110, 100, { 60: pay(address, "t2", ["d:0"]) });
    expect(await rescanned(w, 51)).toMatchObject({
      ok: true,
      value: expect.stringContaining("scanning again from 51;"),
    });
    expect(ids(w)).toEqual(["t2:0"]);
  });

  test("a rescan that is asked for twice at once is carried out and said twice", async () => {
    const w = await world();
    await forked(w, 600, 50);
    const answers = Promise.all([w.scanner.rescan(521), w.scanner.rescan(521)]);
    await w.follow();
    const value =
      "scanning again from 501, not 521: no block between is known to be ours; 0 deposits wait to be seen again";
    expect(await answers).toEqual([
      { ok: true, value },
      { ok: true, value },
    ]);
  });

  test("a chain that changes while a rescan reads it does not let blocks be skipped", async () => {
    const w = await world();
    const address = await bound(w);
    for (let i = 0; i < 30; i++) w.chain.mine();
    await w.follow();
    const reorg = () => {
      w.chain.drop(10);
      for (let i = 0; i < 11; i++) w.chain.mine(i === 1 ? [pay(address, "t2", ["d:0"])] : []);
    };
    w.chain.meanwhile = [{ calls: 1, deed: reorg }];
    const answer = await rescanned(w, 26);
    expect(w.chain.meanwhile).toEqual([]);
    await w.follow();
    expect(w.scanner.state().error).toBe("");
    expect(ids(w)).toEqual(["t2:0"]);
    expect(answer).toMatchObject({ ok: false, refusal: expect.stringContaining("the chain changed") });
  });
});
