import { afterAll, describe, expect, test } from "bun:test";
import { btcdBin, type Chains, customerAddress, startChains } from "./chains.ts";
import { bindAddress, depositsOf, healthOf, startDaemon, until } from "./daemon.ts";

/** A scanner that was away while ten thousand blocks came. */
const bin = btcdBin();
if (bin === undefined) console.log("skipped: the backlog needs btcd (BTCD_BIN) or Go to build it");

const backlog = 10_000;
const mineAtOnce = 500;
const shutdownMs = 45_000;
const satoshi = 2_000_000n;
const owedEach = 10_000_000n;
/** The merkle roots of a backlog are computed on another thread, which ends with the scanner. */
const threadEnded = /the thread for merkle roots ends.* blocks=[1-9]/;

describe.skipIf(bin === undefined)("a backlog of ten thousand blocks", () => {
  let chains: Chains | undefined;
  afterAll(() => chains?.close(), 30_000);

  test("is read in a short time, also when it is stopped in the middle, and every deposit in it is paid once", async () => {
    chains = await startChains(bin ?? "", { maxBound: 0 });
    const { wallet, daemon: options } = chains;
    await wallet.ready(40);
    chains.fund(1_000_000n);
    const [sky, other] = [customerAddress(1), customerAddress(2)];
    const first = await startDaemon(options);
    const atTip = async (daemon: typeof first) => {
      const { BTC } = (await healthOf(daemon)).scanners;
      return BTC.tip > 0 && BTC.height === BTC.tip;
    };
    await until("the scan reached the tip", () => atTip(first));
    const addresses = [await bindAddress(first, sky), await bindAddress(first, other)];
    expect(await first.stop()).toEqual({ code: 0, signal: null });

    for (let mined = 0; mined < backlog; mined += mineAtOnce) {
      const address = addresses[mined < backlog / 2 ? 0 : 1] ?? "";
      if (mined % (backlog / 2) === mineAtOnce) await wallet.pay([{ address, value: satoshi }]);
      await wallet.generate(mineAtOnce);
    }

    const second = await startDaemon(options);
    const { height: from } = (await healthOf(second)).scanners.BTC;
    await until("it is in the middle", async () => (await healthOf(second)).scanners.BTC.height > from + 500);
    const { height: middle, tip } = (await healthOf(second)).scanners.BTC;
    const asked = performance.now();
    expect(await second.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - asked).toBeLessThan(shutdownMs);
    expect(second.output()).toMatch(threadEnded);

    const third = await startDaemon(options);
    const began = performance.now();
    const start = (await healthOf(third)).scanners.BTC.height;
    await until("the scan reached the tip", () => atTip(third));
    const seconds = (performance.now() - began) / 1000;
    const rate = Math.round((tip - start) / seconds);
    console.log(`stopped at ${middle} of ${tip}; from ${start} on ${rate} blocks a second`);
    for (const customer of [sky, other]) {
      await until(`${customer} is paid`, () => chains?.received(customer) === owedEach);
    }
    await until("all is done", async () =>
      (await depositsOf(third)).every(({ status }) => status === "done"),
    );
    expect(await depositsOf(third)).toHaveLength(2);
    expect(await third.stop()).toEqual({ code: 0, signal: null });
    expect(third.output()).toMatch(threadEnded);
    expect([sky, other].map(chains.received)).toEqual([owedEach, owedEach]);
  }, 120_000);
});
