import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { depositInfo, depositsByStatus } from "#internal/book";
import { reorganise, startBtcd, wallet } from "../standin/btcd/mod.ts";
import { btcdBin, type Chains, killBtcd, customerAddress, poolAddresses, startChains } from "./chains.ts";
import {
  askToBind,
  bindAddress,
  type Daemon,
  depositsOf,
  get,
  healthOf,
  readStore,
  startDaemon,
  until,
} from "./daemon.ts";

/**
 * The main job on real chains: blocks of a real btcd, payouts on a Skycoin chain, and the compiled
 * executable between them. One world for all tests, in order, as on a server that lives for years.
 */
const bin = btcdBin();
if (bin === undefined)
  console.log("skipped: the line on real chains needs btcd (BTCD_BIN) or Go to build it");

/** What we did on the Bitcoin chain and owe on the Skycoin chain; at the end both must say the same. */
const owed = new Map<string, bigint>();
let chains: Chains;
let daemon: Daemon;

const dropletsFor = (satoshi: bigint) => ((satoshi * 500n * 1000n) / 10n ** 8n) * 1000n;

function owe(sky: string, satoshi: bigint): void {
  owed.set(sky, (owed.get(sky) ?? 0n) + dropletsFor(satoshi));
}

async function mine(blocks = 1): Promise<void> {
  await chains.wallet.generate(blocks);
}

/** paidUp waits until every customer has on the ledger exactly what is owed. */
async function paidUp(ms = 60_000): Promise<void> {
  await until("everybody is paid", () => [...owed].every(([sky, sum]) => chains.received(sky) === sum), ms);
}

async function deposit(id: string) {
  return (await depositsOf(daemon)).find((one) => one.deposit_id === id);
}

async function reaches(id: string, status: string): Promise<void> {
  await until(`${id} is ${status}`, async () => (await deposit(id))?.status === status);
}

/** pay binds an address for the i-th customer, pays it, and mines the payment. */
async function pay(customer: number, satoshi: bigint): Promise<string> {
  const sky = customerAddress(customer);
  const address = await bindAddress(daemon, sky);
  const { txid } = await chains.wallet.pay([{ address, value: satoshi }]);
  await mine();
  owe(sky, satoshi);
  return `${txid}:0`;
}

async function restart(...flags: string[]): Promise<void> {
  daemon = await startDaemon(chains.daemon, ...flags);
}

describe.skipIf(bin === undefined)("the line on real chains", () => {
  beforeAll(async () => {
    chains = await startChains(bin ?? "");
    await chains.wallet.ready(60);
    await restart();
    await until("the scan reached the tip", async () => {
      const { BTC } = (await healthOf(daemon)).scanners;
      return BTC.tip > 0 && BTC.height === BTC.tip;
    });
  }, 120_000);

  afterAll(async () => {
    await daemon?.kill();
    await chains?.close();
  }, 60_000);

  test("an empty wallet is told, gives nobody an address, and pays after it was filled", async () => {
    await until("health says why", async () =>
      (await healthOf(daemon)).exchange.sender_error.includes("no unspents to spend"),
    );
    const { status, text } = await askToBind(daemon, customerAddress(1));
    expect([status, text]).toEqual([503, "BTC deposits are closed for a while; try again later"]);
    chains.fund(1_000_000n);
    await reaches(await pay(1, 100_000_000n), "done");
    await paidUp();
  }, 60_000);

  test("one deposit is paid exactly, cut to three decimals", async () => {
    const id = await pay(2, 12_345_678n);
    await reaches(id, "done");
    expect((await deposit(id))?.sky_sent).toBe(61_728_000);
    await paidUp();
  }, 60_000);

  test("two outputs of one transaction to one address are two deposits", async () => {
    const sky = customerAddress(3);
    const address = await bindAddress(daemon, sky);
    const { txid } = await chains.wallet.pay([
      { address, value: 1_000_000n },
      { address: poolAddresses(60).at(-1) ?? "", value: 1n },
      { address, value: 1_000_000n },
    ]);
    await mine();
    for (const n of [0, 2]) {
      owe(sky, 1_000_000n);
      await reaches(`${txid}:${n}`, "done");
    }
    await paidUp();
  }, 60_000);

  test("two deposits in one block and a third later are three payouts", async () => {
    const sky = customerAddress(4);
    const address = await bindAddress(daemon, sky);
    const first = await chains.wallet.payEach([
      { address, value: 2_000_000n },
      { address, value: 3_000_000n },
    ]);
    await mine();
    const later = await chains.wallet.pay([{ address, value: 4_000_000n }]);
    await mine();
    owe(sky, 9_000_000n);
    for (const { txid } of [...first, later]) await reaches(`${txid}:0`, "done");
    await paidUp();
    const { statuses } = await get<{ statuses: { seq: number; status: string }[] }>(
      `${daemon.publicUrl}/api/status?skyaddr=${sky}`,
    );
    expect(statuses.map(({ seq, status }) => [seq, status])).toEqual([
      [1, "done"],
      [2, "done"],
      [3, "done"],
    ]);
  }, 60_000);

  test("dust ends with the documented error and pays nothing", async () => {
    const id = await pay(5, 100n);
    await reaches(id, "done");
    expect(await deposit(id)).toMatchObject({ error: "Skycoin send amount is 0", sky_sent: 0 });
    await paidUp();
  }, 60_000);

  test("money on an unbound address is recorded, told, and not paid", async () => {
    const errored = await get<{ deposits: { marks: string[]; sky_address: string }[] }>(
      `${daemon.adminUrl}/api/deposits/errored`,
    );
    expect(errored.deposits.find(({ sky_address }) => sky_address === "")?.marks[0]).toContain("not bound");
    expect(daemon.output()).toContain("notice=WATCH");
  });

  test("the limit of addresses is told", async () => {
    const sky = customerAddress(6);
    for (let i = 0; i < 5; i++) await bindAddress(daemon, sky);
    await expect(bindAddress(daemon, sky)).rejects.toThrow(
      "403 The maximum number of addresses have been assigned to this SKY address",
    );
  });

  test("btcd down: nothing is lost, and a deposit mined meanwhile is paid when it is back", async () => {
    const sky = customerAddress(7);
    const address = await bindAddress(daemon, sky);
    const { txid } = await chains.wallet.pay([{ address, value: 5_000_000n }]);
    await mine();
    await reaches(`${txid}:0`, "done");
    owe(sky, 5_000_000n);
    await chains.btcd.stop();
    await until("health names it", async () => (await healthOf(daemon)).scanners.BTC.error !== "");
    chains.btcd = await startBtcd(chains.btcd.options);
    chains.wallet = wallet(chains.btcd);
    const again = await chains.wallet.pay([{ address, value: 6_000_000n }]);
    await mine();
    owe(sky, 6_000_000n);
    await reaches(`${again.txid}:0`, "done");
    await paidUp();
    expect((await healthOf(daemon)).scanners.BTC.error).toBe("");
  }, 60_000);

  test("btcd killed: its tip falls, and nothing is taken back or paid twice", async () => {
    const id = await pay(8, 7_000_000n);
    await reaches(id, "done");
    const { height } = (await healthOf(daemon)).scanners.BTC;
    const lost = await killBtcd(chains.btcd);
    chains.btcd = lost.node;
    chains.wallet = wallet(chains.btcd);
    expect(lost.height).toBeLessThan(height);
    await until("health says that the node is behind", async () =>
      (await healthOf(daemon)).scanners.BTC.error.includes("behind"),
    );
    expect(await deposit(id)).toMatchObject({ status: "done", marks: [] });
    await lost.bringBack();
    await until("the scanner is well", async () => (await healthOf(daemon)).scanners.BTC.error === "");
    expect(await deposit(id)).toMatchObject({ status: "done", marks: [] });
    await paidUp();
  }, 60_000);

  test("Skycoin node down: the deposit waits, and is paid when it is back", async () => {
    chains.sky.faults.arm("any-drop", { times: 1_000_000, skip: 0 });
    const id = await pay(9, 8_000_000n);
    await reaches(id, "waiting_send");
    await until("health names it", async () => (await healthOf(daemon)).exchange.sender_error !== "");
    chains.sky.faults.clear();
    await reaches(id, "done");
    await paidUp();
  }, 60_000);

  for (const depth of [1, 100]) {
    test(`a reorg of depth ${depth} moves a deposit: it is paid once`, async () => {
      const sky = customerAddress(100 + depth);
      const address = await bindAddress(daemon, sky);
      const paid = await chains.wallet.pay([{ address, value: 9_000_000n }]);
      await mine(depth);
      await reaches(`${paid.txid}:0`, "done");
      const other = await startBtcd({ bin: chains.bin, data: `${chains.dir}/moved-${depth}` });
      await reorganise({ node: chains.btcd, other, depth, kind: "moved", paid: [paid] });
      await other.stop();
      await until("the reorg is followed", async () => daemon.output().includes(`depth=${depth} `));
      owe(sky, 9_000_000n);
      await until("the mark is gone", async () => (await deposit(`${paid.txid}:0`))?.marks.length === 0);
      await paidUp();
    }, 60_000);
  }

  test("a reorg removes a deposit that was paid: it stays on the operator's list, nothing is clawed back", async () => {
    const sky = customerAddress(10);
    const address = await bindAddress(daemon, sky);
    const paid = await chains.wallet.pay([{ address, value: 10_000_000n }]);
    await mine();
    await reaches(`${paid.txid}:0`, "done");
    owe(sky, 10_000_000n);
    const other = await startBtcd({ bin: chains.bin, data: `${chains.dir}/gone` });
    await reorganise({ node: chains.btcd, other, depth: 1, kind: "double-spent", paid: [paid] });
    await other.stop();
    await until(
      "it is marked",
      async () => (await deposit(`${paid.txid}:0`))?.marks.includes("reversed") === true,
    );
    expect((await healthOf(daemon)).exchange.held_count).toBeGreaterThan(0);
    await paidUp();
  }, 60_000);

  test("a reorg removes a deposit before it is paid: it is never paid", async () => {
    chains.sky.faults.arm("any-drop", { times: 1_000_000, skip: 0 });
    const sky = customerAddress(11);
    const address = await bindAddress(daemon, sky);
    const paid = await chains.wallet.pay([{ address, value: 11_000_000n }]);
    await mine();
    await reaches(`${paid.txid}:0`, "waiting_send");
    const other = await startBtcd({ bin: chains.bin, data: `${chains.dir}/unpaid` });
    await reorganise({ node: chains.btcd, other, depth: 1, kind: "double-spent", paid: [paid] });
    await other.stop();
    await until(
      "it is marked",
      async () => (await deposit(`${paid.txid}:0`))?.marks.includes("reversed") === true,
    );
    chains.sky.faults.clear();
    const next = await pay(12, 1_000_000n);
    await reaches(next, "done");
    owed.set(sky, 0n);
    await paidUp();
  }, 60_000);

  /** Where a crash leaves a deposit in each stored status; `done` is killed from outside. */
  const stored = [
    { status: "waiting_decide", at: "decide.due" },
    { status: "waiting_send", at: "payout.built" },
    { status: "waiting_confirm", at: "payout.signed" },
  ] as const;

  for (const [i, { status, at }] of stored.entries()) {
    test(`killed while a deposit is ${status}, it is paid once after the restart`, async () => {
      await daemon.stop();
      await restart("--crash-at", at);
      const sky = customerAddress(20 + i);
      const address = await bindAddress(daemon, sky);
      const { txid } = await chains.wallet.pay([{ address, value: 13_000_000n }]);
      await mine();
      owe(sky, 13_000_000n);
      expect((await daemon.exited).signal).toBe("SIGKILL");
      const info = await readStore(chains.dir, (reader) => depositInfo(reader, `${txid}:0`));
      expect(info?.status).toBe(status);
      await restart();
      await reaches(`${txid}:0`, "done");
      await paidUp();
    }, 60_000);
  }

  test("killed when a deposit is done, nothing is paid again", async () => {
    const id = await pay(30, 14_000_000n);
    await reaches(id, "done");
    await daemon.kill();
    const info = await readStore(chains.dir, (reader) => depositInfo(reader, id));
    expect(info?.status).toBe("done");
    await restart();
    const next = await pay(31, 1_000_000n);
    await reaches(next, "done");
    await paidUp();
  }, 60_000);

  test("the rate of the first sight holds over a restart with another rate", async () => {
    chains.sky.faults.arm("any-drop", { times: 1_000_000, skip: 0 });
    const id = await pay(32, 15_000_000n);
    await reaches(id, "waiting_send");
    await daemon.stop();
    chains.sky.faults.clear();
    const { config } = chains.daemon;
    daemon = await startDaemon({ ...chains.daemon, config: config.replace('"500"', '"700"') });
    await reaches(id, "done");
    await paidUp();
    await daemon.stop();
    await restart();
  }, 60_000);

  test("an empty pool is told", async () => {
    const bindAll = async () => {
      for (let i = 0; i < 200; i++) await bindAddress(daemon, customerAddress(200 + i));
    };
    await expect(bindAll()).rejects.toThrow("503 Deposit address pool is empty");
  });

  test("a second daemon on the same store is refused with exit 1", async () => {
    const second = await startDaemon(chains.daemon);
    expect((await second.exited).code).toBe(1);
    expect(second.output()).toContain("in use by another teller");
  }, 30_000);

  test("SIGTERM ends it with exit 0, and both ledgers say the same, deposit by deposit", async () => {
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    const rows = await readStore(chains.dir, (reader) =>
      depositsByStatus(reader, undefined, { limit: 10_000 }),
    );
    const sent = new Map<string, bigint>();
    for (const row of rows) {
      if (row.status === "done") sent.set(row.sky_address, (sent.get(row.sky_address) ?? 0n) + row.sky_sent);
    }
    for (const [sky, sum] of owed) {
      expect([sky, chains.received(sky)]).toEqual([sky, sum]);
      expect([sky, sent.get(sky) ?? 0n]).toEqual([sky, sum]);
    }
    expect(rows.length).toBeGreaterThan(20);
  }, 60_000);
});
