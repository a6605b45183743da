import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "bun:test";
import { type Payout, storedStatuses } from "#internal/book";
import { systemClock } from "#internal/clock";
import { addressText, type Node, parseAddress, restNode } from "#internal/skycoin";
import { type Btcd, startBtcd, type Wallet, wallet } from "../standin/btcd/mod.ts";
import { type Skynode, startSkynode } from "../standin/skynode/mod.ts";
import { type ChainsOptions, customerAddress, poolAddresses, tellerConfig, walletFile } from "./chains.ts";
import {
  bindAddress,
  type Daemon,
  depositsOf,
  get,
  healthOf,
  readStore,
  type ShownDeposit,
  startDaemon,
  until,
} from "./daemon.ts";
import { compare, owedFor, readBooks, readLedger } from "./kill_books.ts";
import type { BoundAddress, Sent } from "./kill_load.ts";
import { build, never, type Pay, textOf } from "./skynode_contract_build.ts";

/** Bitcoin is a private Bitcoin chain that several shops share. */
export interface Bitcoin {
  readonly dir: string;
  readonly btcd: Btcd;
  readonly wallet: Wallet;
  close(): Promise<void>;
}

/** openBitcoin starts a btcd whose miner has coins. */
export async function openBitcoin(bin: string): Promise<Bitcoin> {
  const dir = mkdtempSync(join(tmpdir(), "teller-payouts-"));
  const btcd = await startBtcd({ bin, data: join(dir, "btcd") });
  const miner = wallet(btcd);
  await miner.ready(60);
  return {
    ...{ dir, btcd, wallet: miner },
    async close() {
      await btcd.stop().catch(() => {});
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** ShopOptions say how a shop differs from the usual one. */
export interface ShopOptions extends ChainsOptions {
  /** Seconds after which somebody else's block follows each block: 3600 unless told; 0: hours stay as they are. */
  readonly foreignSeconds?: number;
}

/** StartOptions are what a life of the teller differs in. */
export interface StartOptions {
  readonly sending?: boolean;
  /** The crash point at which it is killed. */
  readonly crashAt?: string;
}

const million = 1_000_000n;
/** The pools of all shops are apart, so that none sees another's deposits. */
const poolRoom = 2000;
let shops = 0;
/** A new store gives out addresses from then on. */
const reached = "scanner reached the tip";

/**
 * Shop is a teller with a Skycoin chain, a wallet and a part of the pool of its own, on a shared Bitcoin chain,
 * and the account of all that was deposited there and filled into the wallet.
 */
export class Shop {
  readonly dir: string;
  readonly sky: Skynode;
  readonly node: Node;
  readonly sent: Sent[] = [];
  readonly bound: BoundAddress[] = [];
  readonly #bitcoin: Bitcoin;
  readonly #config: string;
  #daemon: Daemon | undefined;
  /** Droplets that the hot wallet was given. */
  #funded = 0n;
  #value = million;
  #customers = 0;

  constructor(bitcoin: Bitcoin, options: ShopOptions = {}) {
    const number = shops++;
    this.#bitcoin = bitcoin;
    this.dir = join(bitcoin.dir, `shop-${number}`);
    mkdirSync(this.dir);
    this.sky = startSkynode({ blockSeconds: 0.2, foreignSeconds: options.foreignSeconds ?? 3600 });
    this.node = restNode({ address: this.sky.url, clock: systemClock });
    this.#config = tellerConfig(bitcoin.btcd, this.sky.port, options);
    this.useWallet(walletFile());
    writeFileSync(join(this.dir, "rpc.cert"), bitcoin.btcd.cert);
    const pool = poolAddresses(options.poolSize ?? 40, number * poolRoom);
    writeFileSync(join(this.dir, "pool.txt"), pool.join("\n"));
  }

  async close(): Promise<void> {
    await this.#daemon?.kill();
    await this.sky.stop();
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error("the shop is not open");
    return this.#daemon;
  }

  /** start starts a life of the teller, and waits until it has scanned all blocks. */
  async start({ sending = true, crashAt }: StartOptions = {}): Promise<void> {
    const config = `${this.#config}send_enabled = ${sending}\n`;
    const flags = crashAt === undefined ? [] : ["--crash-at", crashAt];
    const first = this.#daemon === undefined;
    const daemon = await startDaemon({ dir: this.dir, config }, ...flags);
    this.#daemon = daemon;
    let ended = false;
    void daemon.exited.then(() => {
      ended = true;
    });
    await until("the scan reached the tip", async () => {
      if (ended) return true;
      const { BTC } = (await healthOf(daemon)).scanners;
      return BTC.tip > 0 && BTC.height === BTC.tip && (!first || daemon.output().includes(reached));
    });
  }

  /** stop ends the teller in good order. */
  async stop(): Promise<void> {
    expect(await this.daemon.stop()).toEqual({ code: 0, signal: null });
  }

  /** restart ends the teller and starts another life. */
  async restart(options: StartOptions = {}): Promise<void> {
    await this.stop();
    await this.start(options);
  }

  /** dies waits until the teller was killed at its crash point. */
  async dies(): Promise<void> {
    expect((await this.daemon.exited).signal).toBe("SIGKILL");
  }

  /** useWallet puts another wallet file in the place of the configured one. */
  useWallet(text: string): void {
    writeFileSync(join(this.dir, "hot.wlt"), text);
  }

  /** fill gives the hot wallet, or another address, outputs of so many droplets and hours, and waits for their block. */
  async fill(
    outputs: readonly (readonly [coins: bigint, hours: bigint])[],
    to = textOf("hot"),
  ): Promise<void> {
    const pays = outputs.map(([coins, hours]): Pay => [to, coins, hours]);
    const [genesis] = this.sky.world.chain
      .unspent(this.sky.world.wallets.genesis.map(({ address }) => address))
      .toSorted((a, b) => (a.coins < b.coins ? 1 : -1));
    if (genesis === undefined) throw new Error("the genesis wallet is empty");
    const sum = (at: 1 | 2) => pays.reduce((total, pay) => total + pay[at], 0n);
    const rest: Pay = [textOf("genesis"), genesis.coins - sum(1), (genesis.hours - sum(2)) / 2n];
    const built = build([{ uxid: genesis.uxid, address: addressText(genesis.address) }], [...pays, rest]);
    const taken = await this.node.inject(built.raw, never);
    if (!taken.ok) throw new Error(taken.refusal);
    await until("the wallet is filled", () => this.sky.world.chain.confirmed(built.txid) !== undefined);
    if (to === textOf("hot")) this.#funded += sum(1);
  }

  /** customer gives the address of somebody who was not here before. */
  customer(): string {
    return customerAddress(this.#customers++);
  }

  async bind(sky: string): Promise<string> {
    const address = await bindAddress(this.daemon, sky);
    this.bound.push({ sky, address });
    return address;
  }

  /** deposit pays these amounts to bound addresses by one transaction, which is not mined yet. */
  async deposit(payments: readonly Omit<Sent, "id">[]): Promise<void> {
    const { txid } = await this.#bitcoin.wallet.pay(
      payments.map(({ address, value }) => ({ address, value })),
    );
    this.sent.push(...payments.map((payment, n) => ({ id: `${txid}:${n}`, ...payment })));
  }

  async mine(): Promise<void> {
    await this.#bitcoin.wallet.generate(1);
  }

  /** buy binds an address for a new customer, pays it and mines that; another amount each time unless one is named. */
  async buy(satoshi?: bigint): Promise<Sent> {
    this.#value += 100_000n;
    const sky = this.customer();
    const address = await this.bind(sky);
    return this.pay({ sky, address }, satoshi ?? this.#value);
  }

  /** pay pays to a bound address, and mines that. */
  async pay(to: BoundAddress, satoshi: bigint): Promise<Sent> {
    await this.deposit([{ ...to, value: satoshi }]);
    await this.mine();
    const made = this.sent.at(-1);
    if (made === undefined) throw new Error("nothing was sent");
    return made;
  }

  async row({ id }: Pick<Sent, "id">): Promise<ShownDeposit | undefined> {
    return (await depositsOf(this.daemon)).find(({ deposit_id }) => deposit_id === id);
  }

  async reaches(one: Sent, status: string): Promise<void> {
    await until(`${one.id} is ${status}`, async () => (await this.row(one))?.status === status);
    if (status === "done") this.expectPaid(one);
  }

  /** allDone waits until so many deposits are known and none of them waits for anything. */
  async allDone(count = this.sent.length, ms = 40_000): Promise<void> {
    const some = async (query: string) => {
      const url = `${this.daemon.adminUrl}/api/deposits?limit=1&${query}`;
      return (await get<{ deposits: unknown[] }>(url)).deposits.length > 0;
    };
    const waiting = storedStatuses.filter((status) => status !== "done");
    await until(
      `${count} deposits are done`,
      async () => {
        if (!(await some(`after=${count - 1}`))) return false;
        for (const status of waiting) if (await some(`status=${status}`)) return false;
        return true;
      },
      ms,
    );
  }

  /** received gives the droplets that a customer has on the ledger. */
  received({ sky }: Pick<Sent, "sky">): bigint {
    const parsed = parseAddress(sky);
    if (!parsed.ok) throw new Error(parsed.refusal);
    return this.sky.world.chain.unspent([parsed.value]).reduce((sum, { coins }) => sum + coins, 0n);
  }

  expectPaid(...made: readonly Sent[]): void {
    for (const one of made) expect([one.id, this.received(one)]).toEqual([one.id, owedFor(one.value)]);
  }

  expectUnpaid(...made: readonly Sent[]): void {
    for (const one of made) expect([one.id, this.received(one)]).toEqual([one.id, 0n]);
  }

  /** sendings counts how often bytes were handed to the Skycoin node. */
  sendings(): number {
    return this.sky.requests("/api/v1/injectTransaction");
  }

  /** rounds waits until the teller has looked at its wallet so often again: what it would do by then, it has done. */
  async rounds(count = 6): Promise<void> {
    const looks = () => this.sky.requests("/api/v1/outputs");
    const wanted = looks() + count;
    await until(`${count} more looks at the wallet`, () => looks() >= wanted);
  }

  /** othersBlocks makes blocks of people who have nothing to do with us. */
  othersBlocks(count: number, seconds = 10): void {
    for (let i = 0; i < count; i++) {
      const made = this.sky.foreignBlock(seconds);
      if (!made.ok) throw new Error(made.refusal);
    }
  }

  /** expectHeld: payouts wait, and a person is told why, in the health and in the log. */
  async expectHeld(why: string): Promise<void> {
    await until(`it says: ${why}`, async () =>
      (await healthOf(this.daemon)).exchange.sender_error.includes(why),
    );
    expect((await healthOf(this.daemon)).status).toBe("ERROR");
    const lines = this.daemon.output().split("\n");
    expect(lines.some((line) => line.includes("notice=WATCH") && line.includes(why))).toBe(true);
  }

  async expectWell(): Promise<void> {
    await until("payouts go on", async () => (await healthOf(this.daemon)).exchange.sender_error === "");
  }

  /** settleUp stops the teller and holds its store against both chains, deposit by deposit. Gives its payouts. */
  async settleUp(): Promise<readonly Payout[]> {
    await this.stop();
    const books = await readStore(this.dir, (reader) => readBooks(reader, this));
    const customers = Array.from(new Set(this.bound.map(({ sky }) => sky)));
    const question = { customers, payouts: books.payouts, funded: this.#funded };
    const verdict = compare(this, books, await readLedger(this.node, question));
    expect(verdict.problems).toEqual([]);
    return books.payouts;
  }
}
