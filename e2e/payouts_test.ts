import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { btcdBin } from "./chains.ts";
import { type Bitcoin, openBitcoin, Shop, type ShopOptions } from "./payouts_world.ts";

/**
 * Payouts of the executable where there are many, or where the wallet makes them hard: thousands of deposits at
 * once, a wallet of small outputs, a wallet with few coin hours or none. At the end of each the store is
 * held against both chains, deposit by deposit.
 */
const bin = btcdBin();
if (bin === undefined) console.log("skipped: payouts need btcd (BTCD_BIN) or Go to build it");

const limitMs = 60_000;
const sky = 1_000_000n;
/** So many satoshi buy one SKY. */
const satoshi = 200_000n;

let bitcoin: Bitcoin;
let shop: Shop | undefined;

async function open(options: ShopOptions = {}): Promise<Shop> {
  shop = new Shop(bitcoin, options);
  return shop;
}

beforeAll(async () => {
  if (bin !== undefined) bitcoin = await openBitcoin(bin);
}, limitMs);

afterEach(async () => {
  await shop?.close();
  shop = undefined;
}, limitMs);

afterAll(() => bitcoin?.close(), limitMs);

describe.skipIf(bin === undefined)("many deposits", () => {
  test(
    "two thousand at once, many of them equal: each is paid, by payouts of bounded size",
    async () => {
      const one = await open({ poolSize: 1000, maxBound: 2 });
      await one.fill([[1_000_000n * sky, 10_000_000n]]);
      await one.start();
      const customers = Array.from({ length: 900 }, () => one.customer());
      const owners = [...customers, ...customers.slice(0, 100)];
      for (const owner of owners) await one.bind(owner);
      // Each address is paid twice, every other one the same amount, by one transaction or by two.
      const payments = [0, 7000].map((more) =>
        one.bound.map((to, i) => ({
          ...to,
          value: 1_000_000n + BigInt(i % 2 === 0 ? i % 8 : i * 1000 + more),
        })),
      );
      const half = one.bound.length / 2;
      await one.deposit(payments.flatMap((each) => each.slice(0, half)));
      for (const each of payments) await one.deposit(each.slice(half));
      await one.mine();
      await one.allDone();
      const payouts = await one.settleUp();
      expect(one.sent).toHaveLength(2000);
      for (const { raw } of payouts) expect(raw.length / 2).toBeLessThanOrEqual(16_000);
      expect(payouts.length).toBeGreaterThan(2);
      expect(payouts.length).toBeLessThan(12);
    },
    limitMs,
  );

  test(
    "equal ones of one customer in one block are one output, and each is a deposit of its own",
    async () => {
      const one = await open();
      await one.fill([[1000n * sky, 1_000_000n]]);
      await one.start();
      const to = { sky: one.customer(), address: "" };
      const [first, second] = [await one.bind(to.sky), await one.bind(to.sky)];
      await one.deposit([
        { ...to, address: first, value: 5n * satoshi },
        { ...to, address: first, value: 5n * satoshi },
        { ...to, address: second, value: 5n * satoshi },
      ]);
      await one.mine();
      await one.allDone();
      const [payout, more] = await one.settleUp();
      expect(more).toBeUndefined();
      expect(payout?.deposits).toHaveLength(3);
      expect(payout?.outputs.map(({ address, coins }) => [address, BigInt(coins)])).toEqual([
        [to.sky, 15n * sky],
      ]);
    },
    limitMs,
  );
});

describe.skipIf(bin === undefined)("a wallet of three hundred small outputs", () => {
  test(
    "puts them together for a deposit that needs many, and names one that exceeds them all until a top-up",
    async () => {
      const one = await open();
      await one.fill(Array.from({ length: 300 }, (_, i) => [sky / 2n, 1000n + BigInt(i)]));
      await one.start();
      const large = await one.buy(100n * satoshi);
      await one.reaches(large, "done");
      const huge = await one.buy(200n * satoshi);
      await one.reaches(huge, "waiting_send");
      await one.expectHeld(
        `balance is not sufficient for deposit ${huge.id}, which is owed ${200n * sky} droplets`,
      );
      const small = await one.buy(satoshi);
      await one.reaches(small, "done");
      await one.rounds();
      one.expectUnpaid(huge);
      await one.fill([[300n * sky, 1000n]]);
      await one.reaches(huge, "done");
      await one.expectWell();
      const payouts = await one.settleUp();
      const together = payouts.filter(({ deposits }) => deposits.length === 0);
      expect(together.length).toBeGreaterThan(0);
      for (const { inputs, raw } of payouts) {
        expect(inputs.length).toBeLessThanOrEqual(100);
        expect(raw.length / 2).toBeLessThanOrEqual(16_000);
      }
    },
    limitMs,
  );
});

describe.skipIf(bin === undefined)("coin hours", () => {
  const none = "the wallet has no coin hours";
  const few = "coin hours are low: payouts are rarer";

  /** waitFor buys twice, which is told and not paid before something is brought. */
  async function waitFor(one: Shop, why: string, bring: (one: Shop) => Promise<unknown>): Promise<void> {
    const made = [await one.buy(satoshi), await one.buy(satoshi)];
    await one.expectHeld(why);
    const before = one.sendings();
    await one.rounds();
    for (const each of made) expect((await one.row(each))?.status).toBe("waiting_send");
    expect(one.sendings()).toBe(before);
    await bring(one);
    for (const each of made) await one.reaches(each, "done");
    await one.expectWell();
    await one.settleUp();
  }

  for (const { by, bring } of [
    { by: "a foreign block", bring: async (one: Shop) => one.othersBlocks(1, 36_000) },
    { by: "a top-up", bring: async (one: Shop) => one.fill([[2n * sky, 5000n]]) },
  ]) {
    test(
      `that are none are told, nothing is sent, and after ${by} payouts go on`,
      async () => {
        const one = await open({ foreignSeconds: 0 });
        await one.fill([[20n * sky, 0n]]);
        await one.start();
        await waitFor(one, none, bring);
      },
      limitMs,
    );
  }

  for (const { by, bring } of [
    { by: "a foreign block", bring: async (one: Shop) => one.othersBlocks(1, 360_000) },
    { by: "a top-up", bring: async (one: Shop) => one.fill([[2n * sky, 5000n]]) },
  ]) {
    test(
      `that are few make payouts rarer, which is told, and after ${by} they are as usual`,
      async () => {
        const one = await open({ foreignSeconds: 0 });
        await one.fill([[20n * sky, 60n]]);
        await one.start();
        await one.reaches(await one.buy(satoshi), "done");
        await waitFor(one, few, bring);
      },
      limitMs,
    );
  }
});
