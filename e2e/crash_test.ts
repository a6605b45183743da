import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { depositsByStatus } from "#internal/book";
import { crashPointNames } from "#internal/life";
import { btcdBin, type Chains, customerAddress, startChains } from "./chains.ts";
import {
  binary,
  bindAddress,
  type Daemon,
  depositsOf,
  healthOf,
  readStore,
  startDaemon,
  until,
} from "./daemon.ts";

/**
 * The executable kills itself at each named point between two steps of the money path. After a
 * restart every deposit is paid once. A point that is never reached fails its test.
 */
const bin = btcdBin();
if (bin === undefined) console.log("skipped: the crash points need btcd (BTCD_BIN) or Go to build it");

const perCoin = 500n;
const satoshi = 2_000_000n;
const owedEach = (satoshi * perCoin * 10n ** 6n) / 10n ** 8n;

let chains: Chains;
const customers: string[] = [];

/** bindThrough binds, and tells the address also when the daemon died after the bind was durable. */
async function bindThrough(daemon: Daemon, sky: string): Promise<string | undefined> {
  try {
    return await bindAddress(daemon, sky);
  } catch (error) {
    // An answer is an answer; only a connection that broke means that the daemon died.
    if (error instanceof Error && error.message.startsWith("bind:")) throw error;
    return undefined;
  }
}

/** makePayoutsWait lets blocks of others come and go without what is sent, until it is replaced. */
async function makePayoutsWait(): Promise<void> {
  chains.sky.pause();
  const blocks = setInterval(() => chains.sky.foreignBlock(60), 200);
  waiting = () => {
    clearInterval(blocks);
    chains.sky.resume();
  };
}

let waiting = () => {};

async function paid(sky: string, sum: bigint): Promise<void> {
  await until(`${sky} has ${sum} droplets`, () => chains.received(sky) === sum);
}

describe.skipIf(bin === undefined)("killed at each crash point", () => {
  beforeAll(async () => {
    chains = await startChains(bin ?? "", { maxBound: 0 });
    await chains.wallet.ready(40);
    chains.fund(1_000_000n);
    const first = await startDaemon(chains.daemon);
    await until("the scan reached the tip", async () => {
      const { BTC } = (await healthOf(first)).scanners;
      return BTC.tip > 0 && BTC.height === BTC.tip;
    });
    await until("the wallet is filled", async () =>
      (await fetch(`${first.publicUrl}/api/health`).then((answer) => answer.text())).includes(
        '"coins": "1000000',
      ),
    );
    await first.stop();
  }, 60_000);

  afterAll(async () => {
    await chains?.close();
  }, 30_000);

  test("the executable lists the points that are tested here", () => {
    const listed = Bun.spawnSync([binary(), "--crash-points"]).stdout.toString().trim().split("\n");
    expect(listed).toEqual([...crashPointNames]);
  });

  for (const [i, point] of crashPointNames.entries()) {
    test(`at ${point} each deposit is paid once`, async () => {
      const sky = customerAddress(500 + i);
      customers.push(sky);
      if (point === "payout.replaced") await makePayoutsWait();
      const doomed = await startDaemon(chains.daemon, "--crash-at", point);
      const bound = await bindThrough(doomed, sky);
      if (bound !== undefined) {
        await chains.wallet.payEach([
          { address: bound, value: satoshi },
          { address: bound, value: satoshi },
        ]);
        await chains.wallet.generate(1);
      }
      expect(await doomed.exited).toEqual({ code: null, signal: "SIGKILL" });
      waiting();
      const daemon = await startDaemon(chains.daemon);
      if (bound === undefined) {
        const address = await bindAddress(daemon, sky);
        await chains.wallet.payEach([
          { address, value: satoshi },
          { address, value: satoshi },
        ]);
        await chains.wallet.generate(1);
      }
      await paid(sky, 2n * owedEach);
      await until("all is done", async () =>
        (await depositsOf(daemon)).every(({ status }) => status === "done"),
      );
      expect(await daemon.stop()).toEqual({ code: 0, signal: null });
      expect(chains.received(sky)).toBe(2n * owedEach);
    }, 60_000);
  }

  test("at the end both ledgers say the same", async () => {
    const rows = await readStore(chains.dir, (reader) =>
      depositsByStatus(reader, undefined, { limit: 10_000 }),
    );
    expect(rows).toHaveLength(2 * crashPointNames.length);
    for (const sky of customers) {
      const own = rows.filter((row) => row.sky_address === sky);
      expect(own.reduce((sum, row) => sum + row.sky_sent, 0n)).toBe(chains.received(sky));
    }
  });
});
