import { expect } from "bun:test";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { droplet } from "#internal/money";
import { parseAddress } from "#internal/skycoin";
import { startBtcd, wallet } from "../standin/btcd/mod.ts";
import { firstKeyOf } from "../standin/skynode/mod.ts";
import { type Chains, customerAddress, startChains } from "./chains.ts";
import {
  bindAddress,
  type Daemon,
  depositsOf,
  healthOf,
  type ShownDeposit,
  startDaemon,
  until,
} from "./daemon.ts";

const dropletsPerSky = 1_000_000n;
const owedFor = (satoshi: bigint) => ((satoshi * 500n * 1000n) / 10n ** 8n) * 1000n;

/**
 * CopiesWorld is a pair of chains with any number of tellers, people and copies of stores on them, and the
 * account of what is owed to whom.
 */
export class CopiesWorld {
  readonly chains: Chains;
  readonly #started: Daemon[] = [];
  /** Skycoin address → droplets, of all that was ever deposited for it. */
  readonly #owed = new Map<string, bigint>();
  #value = 1_000_000n;

  private constructor(chains: Chains) {
    this.chains = chains;
  }

  static async open(bin: string): Promise<CopiesWorld> {
    const world = new CopiesWorld(await startChains(bin));
    await world.chains.wallet.ready(20);
    return world;
  }

  /** close ends every teller that was started, and the chains. */
  async close(): Promise<void> {
    for (const daemon of this.#started) await daemon.kill();
    await this.chains.close();
  }

  /** start starts a teller in a folder, the first one's when none is named, and waits until it has scanned. */
  async start(dir = this.chains.dir): Promise<Daemon> {
    const daemon = await this.startDoomed(dir);
    await this.atTip(daemon);
    return daemon;
  }

  /** startDoomed starts a teller that may end before it has scanned. */
  async startDoomed(dir: string, ...flags: string[]): Promise<Daemon> {
    const daemon = await startDaemon({ ...this.chains.daemon, dir }, ...flags);
    this.#started.push(daemon);
    return daemon;
  }

  /** startFilled fills the wallet and starts a teller that chooses its first anchor there. */
  async startFilled(sky = 1_000_000n): Promise<Daemon> {
    this.chains.fund(sky);
    const daemon = await this.start();
    await until("the first anchor is chosen", () =>
      daemon.output().includes("the first payout will spend this output"),
    );
    return daemon;
  }

  async atTip(daemon: Daemon): Promise<void> {
    await until("the scan reached the tip", async () => {
      const { BTC } = (await healthOf(daemon)).scanners;
      return BTC.tip > 0 && BTC.height === BTC.tip && BTC.tip === (await this.chains.wallet.height());
    });
  }

  /** deposit pays for a customer, another amount each time, and gives the deposit's id. */
  async deposit(sky: string, address: string, satoshi?: bigint): Promise<string> {
    this.#value += 100_000n;
    const value = satoshi ?? this.#value;
    const { txid } = await this.chains.wallet.pay([{ address, value }]);
    await this.chains.wallet.generate(1);
    this.#owed.set(sky, this.owed(sky) + owedFor(value));
    return `${txid}:0`;
  }

  /** buy binds and deposits. */
  async buy(daemon: Daemon, sky: string, satoshi?: bigint): Promise<string> {
    return this.deposit(sky, await bindAddress(daemon, sky), satoshi);
  }

  /** buyDone binds, deposits, and waits until it is paid. */
  async buyDone(daemon: Daemon, sky: string): Promise<void> {
    await this.reaches(daemon, await this.buy(daemon, sky), "done");
  }

  owed(sky: string): bigint {
    return this.#owed.get(sky) ?? 0n;
  }

  async row(daemon: Daemon, id: string): Promise<ShownDeposit | undefined> {
    return (await depositsOf(daemon)).find(({ deposit_id }) => deposit_id === id);
  }

  async reaches(daemon: Daemon, id: string, status: string): Promise<void> {
    await until(`${id} is ${status}`, async () => (await this.row(daemon, id))?.status === status);
  }

  /** rounds waits until the tellers have looked at the wallet so often again: what they would do by then, they have done. */
  async rounds(count = 20): Promise<void> {
    const looks = () => this.chains.sky.requests("/api/v1/outputs");
    const wanted = looks() + count;
    await until(`${count} more looks at the wallet`, () => looks() >= wanted);
  }

  expectPaidOnce(...customers: string[]): void {
    for (const sky of customers) expect([sky, this.chains.received(sky)]).toEqual([sky, this.owed(sky)]);
  }

  expectUnpaid(...customers: string[]): void {
    for (const sky of customers) expect([sky, this.chains.received(sky)]).toEqual([sky, 0n]);
  }

  /** expectHeld: payouts wait, and a person is told why, in the health and in the log. */
  async expectHeld(daemon: Daemon, why: string): Promise<void> {
    await until(`it says: ${why}`, async () => (await healthOf(daemon)).exchange.sender_error.includes(why));
    expect((await healthOf(daemon)).status).toBe("ERROR");
    const lines = daemon.output().split("\n");
    expect(lines.some((line) => line.includes("notice=WATCH") && line.includes(why))).toBe(true);
  }

  /** copy copies the store of the first teller, which must not run, into a new folder that a second teller could run in. */
  copy(name: string): string {
    const dir = join(this.chains.dir, name);
    mkdirSync(dir);
    cpSync(join(this.chains.dir, "app"), join(dir, "app"), { recursive: true });
    for (const file of ["hot.wlt", "rpc.cert", "pool.txt"]) {
      cpSync(join(this.chains.dir, file), join(dir, file));
    }
    return dir;
  }

  /** restore puts a copy in place of the first teller's store. */
  restore(dir: string): void {
    rmSync(join(this.chains.dir, "app"), { recursive: true });
    cpSync(join(dir, "app"), join(this.chains.dir, "app"), { recursive: true });
  }

  /** withoutBtcd does something while the Bitcoin node is down. */
  async withoutBtcd<T>(deed: () => Promise<T>): Promise<T> {
    await this.chains.btcd.stop();
    const done = await deed();
    this.chains.btcd = await startBtcd(this.chains.btcd.options);
    this.chains.wallet = wallet(this.chains.btcd);
    return done;
  }

  /** personSpends lets somebody else with the wallet's keys spend: these outputs, or the largest. */
  personSpends(sky: bigint, inputs?: readonly string[]): string {
    const to = parseAddress(customerAddress(900));
    if (!to.ok) throw new Error(to.refusal);
    const payment = { from: "hot", to: to.value, coins: droplet(sky * dropletsPerSky) } as const;
    const spent = this.chains.sky.spend(inputs === undefined ? payment : { ...payment, inputs });
    if (!spent.ok) throw new Error(spent.refusal);
    return spent.value;
  }

  /** topUp gives the wallet another output, and waits until a block has it. */
  async topUp(sky: bigint): Promise<void> {
    const before = this.walletOutputs().length;
    this.chains.fund(sky);
    await until("the wallet has another output", () => this.walletOutputs().length > before);
  }

  /** walletOutputs gives the uxids of what the wallet has, largest first. */
  walletOutputs(): string[] {
    const own = this.chains.sky.world.chain.unspent([firstKeyOf("hot").address]);
    return own.toSorted((a, b) => (a.coins < b.coins ? 1 : -1)).map(({ uxid }) => uxid);
  }

  /** othersBlocks makes blocks of people who have nothing to do with us. */
  othersBlocks(count: number): void {
    for (let i = 0; i < count; i++) {
      const made = this.chains.sky.foreignBlock(10);
      if (!made.ok) throw new Error(made.refusal);
    }
  }
}
