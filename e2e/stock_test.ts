import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { depositInfo } from "#internal/book";
import { parseUnits } from "#internal/money";
import { btcdBin, customerAddress, walletFile } from "./chains.ts";
import { bindAddress, type Daemon, depositsOf, healthOf, readStore, startDaemon, until } from "./daemon.ts";
import { type KillChains, startKillChains } from "./kill_chains.ts";
import { never } from "./skynode_contract_build.ts";

/**
 * The main job on stock nodes of both chains: a real btcd, and a stock Skycoin publisher with a peer, where
 * SKYCOIN_BIN names one. Blocks of the Skycoin chain come every ten seconds, so the tests are few.
 */
const bin = btcdBin();
const given = process.env["SKYCOIN_BIN"] ?? "";
const skip = bin === undefined || given === "";
if (skip) console.log("skipped: the line on stock nodes needs btcd and a stock Skycoin node (SKYCOIN_BIN)");

const sky = (coins: string): bigint => {
  const parsed = parseUnits(coins, 6);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
};
const blockMs = 90_000;

let chains: KillChains;
let daemon: Daemon;

async function received(address: string): Promise<bigint> {
  const { unspent } = await chains.node.outputs([address], never);
  return unspent.reduce((sum, one) => sum + one.coins, 0n);
}

async function done(...ids: string[]): Promise<void> {
  await until(
    `${ids} are done`,
    async () => {
      const all = await depositsOf(daemon);
      return ids.every((id) => all.find((one) => one.deposit_id === id)?.status === "done");
    },
    blockMs,
  );
}

const start = async (...flags: string[]) => {
  daemon = await startDaemon(chains, ...flags);
};

describe.skipIf(skip)("the line on stock nodes", () => {
  beforeAll(async () => {
    const options = { btcdBin: bin ?? "", skycoinBin: given, pool: 40, confirmations: 2 };
    chains = await startKillChains(options);
    await start();
    await until("the scan reached the tip", async () => {
      const { BTC } = (await healthOf(daemon)).scanners;
      return BTC.tip > 0 && BTC.height === BTC.tip;
    });
  }, 180_000);

  afterAll(async () => {
    await daemon?.kill();
    await chains?.close(false);
  }, 60_000);

  test("one deposit is paid exactly", async () => {
    const customer = customerAddress(1);
    const address = await bindAddress(daemon, customer);
    const { txid } = await chains.wallet.pay([{ address, value: 12_345_678n }]);
    await chains.wallet.generate(2);
    await done(`${txid}:0`);
    expect(await received(customer)).toBe(sky("61.728"));
  }, 120_000);

  test("equal deposits of one customer in one block are one output and two deposits", async () => {
    const customer = customerAddress(2);
    const address = await bindAddress(daemon, customer);
    const { txid } = await chains.wallet.pay([
      { address, value: 1_000_000n },
      { address, value: 1_000_000n },
    ]);
    await chains.wallet.generate(2);
    await done(`${txid}:0`, `${txid}:1`);
    expect(await received(customer)).toBe(sky("10"));
  }, 120_000);

  for (const [i, point] of (["payout.signed", "payout.sent", "payout.seen"] as const).entries()) {
    test(`killed at ${point}, each deposit is paid once`, async () => {
      await daemon.stop();
      await start("--crash-at", point);
      const customer = customerAddress(10 + i);
      const address = await bindAddress(daemon, customer);
      const { txid } = await chains.wallet.pay([{ address, value: 2_000_000n }]);
      await chains.wallet.generate(2);
      expect((await daemon.exited).signal).toBe("SIGKILL");
      const info = await readStore(chains.dir, (reader) => depositInfo(reader, `${txid}:0`));
      expect(info?.status).toBe("waiting_confirm");
      await start();
      await done(`${txid}:0`);
      expect(await received(customer)).toBe(sky("10"));
    }, 180_000);
  }

  test("another wallet while a payout is signed: it is paid, and the next one when the old wallet is back", async () => {
    const useWallet = (text: string) => writeFileSync(join(chains.dir, "hot.wlt"), text);
    await daemon.stop();
    await start("--crash-at", "payout.signed");
    const customers = [20, 21].map(customerAddress);
    const addresses = [];
    for (const customer of customers) addresses.push(await bindAddress(daemon, customer));
    const pay = async (address: string) => {
      const { txid } = await chains.wallet.pay([{ address, value: 2_000_000n }]);
      await chains.wallet.generate(2);
      return `${txid}:0`;
    };
    const signed = await pay(addresses[0] ?? "");
    expect((await daemon.exited).signal).toBe("SIGKILL");
    useWallet(walletFile({ seed: "another hot wallet" }));
    await start();
    const next = await pay(addresses[1] ?? "");
    await done(signed);
    const why = "the wallet has no key for";
    await until("it is told", async () => (await healthOf(daemon)).exchange.sender_error.includes(why));
    expect(daemon.output().split("\n")).toContainEqual(
      expect.stringMatching(new RegExp(`${why}.*notice=WATCH|notice=WATCH.*${why}`)),
    );
    useWallet(walletFile());
    await daemon.stop();
    await start();
    await done(next);
    for (const customer of customers) expect(await received(customer)).toBe(sky("10"));
  }, 240_000);

  test("at the end health is well and the process ends with 0", async () => {
    await until("health is OK", async () => (await healthOf(daemon)).status === "OK", blockMs);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  }, 120_000);
});
