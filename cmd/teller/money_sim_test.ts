import { afterAll, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  anchorOf,
  attemptsOf,
  depositsByStatus,
  erroredDeposits,
  latestPayout,
  payoutOf,
  stoppedCoins,
} from "#internal/book";
import { manualClock } from "#internal/clock";
import type { Result } from "#internal/fault";
import { crashPointNames } from "#internal/life";
import { budget } from "#mutation";
import { SimBtc } from "./testsimbtc.ts";
import { customerOf, openDesk, type SimDesk } from "./testsimdesk.ts";
import { dice } from "./testsimdice.ts";
import { customer, SimSky } from "./testsimsky.ts";

const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const dir = mkdtempSync(join(scratch, "teller-sim-"));
afterAll(() => rmSync(dir, { recursive: true }));
const said = { who: "sim", why: "looked at the chains" };
const signal = new AbortController().signal;

/** Sim is one run of the world on a seed. */
class Sim {
  readonly dice;
  readonly clock = manualClock(1_800_000_000_000);
  readonly btc;
  readonly sky;
  readonly trail: string[] = [];
  /** Deposits that a transaction of any copy of the store pays. */
  readonly payouts = new Map<string, readonly string[]>();
  readonly #given = new Set<string>();
  readonly #seed: number;
  #desk: SimDesk | undefined;
  #copies: string[] = [];
  #current: string;
  #pool = 12;
  #calm = false;
  readonly #claims = new Map<string, string>();
  #adopted = false;
  #atStart: SimBtc["blocks"] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.dice = dice(seed);
    this.btc = new SimBtc(this.dice);
    this.sky = new SimSky(this.dice, this.clock);
    this.#current = join(dir, `${seed}-0.db`);
  }

  async desk(): Promise<SimDesk> {
    if (this.#desk?.dead() === true) await this.close();
    if (this.#desk !== undefined) return this.#desk;
    // What the node shows at the start must be known before anything is given away.
    this.#atStart = this.btc.blocks.slice(0, this.btc.blocks.length - this.btc.behind);
    this.#desk = await openDesk(this, {
      path: this.#current,
      confirmations: 1 + this.dice.below(3),
      sendEnabled: this.#calm || !this.dice.one(8),
      pool: this.#pool,
    });
    return this.#desk;
  }

  async close(): Promise<void> {
    if (this.#desk === undefined) return;
    this.#learn(this.#desk);
    await this.#desk.end();
    this.#learn(undefined);
    this.#desk = undefined;
  }

  /** What the operator may know of every copy: which deposits each transaction was made for. */
  #learn(desk: SimDesk | undefined): void {
    if (desk === undefined) return;
    const newest = desk.store.read(latestPayout)?.seq ?? 0;
    for (let seq = 1; seq <= newest; seq++) {
      const payout = desk.store.read((reader) => payoutOf(reader, seq));
      if (payout === undefined) continue;
      for (const { txid } of attemptsOf(payout)) {
        if (!this.payouts.has(txid)) this.payouts.set(txid, payout.deposits);
      }
    }
  }

  async #copy(): Promise<void> {
    await this.close();
    const path = join(dir, `${this.#seed}-${this.#copies.length + 1}.db`);
    copyFileSync(this.#current, path);
    this.#copies.push(path);
  }

  /** Another copy goes on, as after a restore, or on a second host; the one of before is a copy from then on. */
  async #swap(): Promise<void> {
    const other = this.dice.pick(this.#copies);
    if (other === undefined) return this.#copy();
    await this.close();
    this.#copies = [...this.#copies.filter((path) => path !== other), this.#current];
    this.#current = other;
  }

  /** An address that was given to somebody, or, now and then, one that may not have been. */
  readonly #anyAddress = () => (this.dice.one(10) ? undefined : this.dice.pick([...this.#given])) ?? "a011";

  readonly #anyHeight = () => 1 + this.dice.below(this.btc.blocks.length);

  async step(): Promise<void> {
    const { btc, sky } = this;
    const steps: readonly (readonly [weight: number, name: string, run: () => unknown])[] = [
      [12, "turn", async () => (await this.desk()).turn()],
      [5, "bind", () => this.#bind()],
      [
        8,
        "pay",
        () =>
          btc.mine([
            btc.pay(this.dice.one(2) ? [this.#anyAddress()] : [this.#anyAddress(), this.#anyAddress()]),
          ]),
      ],
      [4, "mine", () => btc.mine()],
      [3, "btc reorg", () => this.#reorg(1 + this.dice.below(4))],
      [1, "btc deep reorg", () => this.#reorg(10 + this.dice.below(6))],
      [1, "btc behind", () => this.#lag()],
      [1, "btc faults", () => void (btc.faults = this.dice.one(2) ? 0 : 15)],
      [10, "sky block", () => sky.block()],
      [2, "sky reorg", () => sky.reorg()],
      [1, "sky forgets", () => sky.forget()],
      [1, "sky set back", () => sky.setBack()],
      [2, "sky comes back", () => sky.comeBack()],
      [1, "sky faults", () => void (sky.faults = this.dice.one(2) ? 0 : 8)],
      [1, "sky absences", () => void (sky.absences = this.dice.one(2) ? 0 : 8)],
      [1, "top up", () => sky.topUp()],
      [1, "person", async () => sky.personSpends((await this.desk()).store.read(anchorOf)?.uxid)],
      [4, "operator", () => this.#operate()],
      [2, "whim", () => this.#whim()],
      [
        3,
        "doom",
        async () =>
          (await this.desk()).doom({
            point: this.dice.pick(crashPointNames) ?? "scan.fetched",
            after: this.dice.below(3),
          }),
      ],
      [2, "restart", () => this.close()],
      [1, "copy", () => this.#copy()],
      [1, "swap", () => this.#swap()],
      [1, "node refuses", () => void (sky.refused = this.dice.one(2) ? "" : customer(this.dice.below(5)))],
      [1, "person pays", () => this.#payByHand()],
      [1, "time", () => this.clock.skip(700_000)],
      [1, "pool grows", () => void (this.#pool += 2)],
    ];
    let at = this.dice.below(steps.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, name, run] of steps) {
      at -= weight;
      if (at >= 0) continue;
      this.trail.push(name);
      await run();
      return;
    }
  }

  /** What the node does not show nobody can know. */
  #lag(): void {
    this.btc.behind = this.dice.below(4);
    this.#atStart = this.#atStart.slice(0, this.btc.blocks.length - this.btc.behind);
  }

  /** A copy that does not know what was paid before its coin was spent otherwise is beyond every promise. */
  #reorg(depth: number): void {
    this.btc.reorg(depth, this.#copies.length === 0 ? this.#anyAddress : undefined);
  }

  /** A person pays a deposit that waits for a person, and says so. Who has copies does not pay by hand from one of them. */
  async #payByHand(): Promise<void> {
    const { store } = await this.desk();
    const listed = store.read((reader) => erroredDeposits(reader, { limit: 1000 }));
    const unpaid = listed.filter((one) => one.sky_owed > 0n && one.payout === 0 && !one.reversed);
    const info = this.dice.pick(unpaid.filter(({ settled }) => settled === ""));
    if (info === undefined || this.#copies.length > 0 || this.#claims.has(info.deposit_id)) return;
    const txid = this.sky.personPays(info.sky_address, info.sky_owed);
    if (txid === undefined) return;
    this.payouts.set(txid, [info.deposit_id]);
    this.#claims.set(info.deposit_id, txid);
    await this.#claim();
  }

  /** claim says of what was paid by hand that it was, until it is heard. */
  async #claim(): Promise<void> {
    const { operator } = await this.desk();
    for (const [id, txid] of this.#claims) {
      const paid = () => operator.paid(id, txid, said, signal);
      if (await this.#command(`paid ${id} ${txid}`, paid)) this.#claims.delete(id);
    }
  }

  async #bind(): Promise<void> {
    const address = await (await this.desk()).bind();
    if (address === undefined) return;
    const shown = this.#atStart.filter((block) => this.btc.blocks.includes(block));
    const paid = shown.flatMap(({ payments }) => payments.flatMap(({ outputs }) => outputs));
    expect(paid.map((output) => output.address)).not.toContain(address);
    this.#given.add(address);
  }

  async #command(name: string, run: () => Promise<Result<string, string>>): Promise<boolean> {
    try {
      const done = await run();
      this.trail.push(`  ${name}: ${done.ok ? done.value : `refused: ${done.refusal}`}`);
      return done.ok;
    } catch (error) {
      this.trail.push(`  ${name}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }

  async #adopt(txid: string): Promise<Result<string, string>> {
    const done = await (await this.desk()).operator.adopt(txid, said, signal);
    this.#adopted ||= done.ok;
    return done;
  }

  /** operate does what a person does who reads what teller says, and knows what every copy of the store has paid. */
  async #operate(): Promise<void> {
    const { operator, sender, store, turn } = await this.desk();
    if (store.read(stoppedCoins).length > 0) {
      // One that is not low enough is refused, and the next time another is tried.
      const from = this.dice.one(2) ? 1 : this.#anyHeight();
      void this.#command(`rescan from ${from}`, () => operator.rescan(from, said));
      return turn();
    }
    await this.#claim();
    const txid = /"teller foreign ([0-9a-f]{64})"/.exec(sender.state().error)?.[1];
    if (txid === undefined) return;
    const own = this.payouts.get(txid);
    if (own !== undefined) {
      const adopt = () => this.#adopt(txid);
      if (await this.#command(`adopt ${txid}`, adopt)) return;
      for (const id of own)
        await this.#command(`paid ${id} ${txid}`, () => operator.paid(id, txid, said, signal));
      if (await this.#command(`adopt ${txid}`, adopt)) return;
    }
    if (own !== undefined || this.sky.persons.has(txid)) {
      await this.#command(`foreign ${txid}`, () => operator.foreign(txid, said, signal));
    }
  }

  /** whim gives a command that is true, at a moment when nobody asks for it. */
  async #whim(): Promise<void> {
    const desk = await this.desk();
    const { operator, store } = desk;
    this.#learn(desk);
    const listed = store.read((reader) => erroredDeposits(reader, { limit: 1000 }));
    const id = this.dice.pick(listed)?.deposit_id ?? "";
    const [txid = "", ids = []] = this.dice.pick([...this.payouts]) ?? [];
    const person = this.dice.pick([...this.sky.persons]) ?? "";
    const from = this.#anyHeight();
    switch (this.dice.below(5)) {
      case 0:
        if (this.#claims.has(id)) return;
        await this.#command(`release ${id}`, () => operator.release(id, said));
        return;
      case 1:
        await this.#command(`adopt ${txid}`, () => this.#adopt(txid));
        return;
      case 2:
        await this.#command(`foreign ${person}`, () => operator.foreign(person, said, signal));
        return;
      case 3: {
        const paid = this.dice.pick(ids) ?? "";
        const real = this.sky.ledger.confirmed(txid) !== undefined;
        if (real) await this.#command(`paid ${paid} ${txid}`, () => operator.paid(paid, txid, said, signal));
        return;
      }
      default:
        this.trail.push(`  rescan from ${from}`);
        void operator.rescan(from, said);
        await desk.turn();
    }
  }

  /** check holds what the Skycoin chain has paid against the coins that came: each is paid for once at most. */
  check(): void {
    if (this.#desk?.dead() === false) this.#learn(this.#desk);
    const confirmed = this.sky.ledger.allConfirmed().map(({ txid }) => txid);
    const paidFor = confirmed.flatMap((txid) => (this.payouts.get(txid) ?? []).map((id) => this.#coinOf(id)));
    // A copy that adopts may take the payment of one deposit for that of another of the same customer and sum.
    if (!this.#adopted) expect(paidFor.filter((coin, i) => paidFor.indexOf(coin) !== i)).toEqual([]);
    for (let i = 0; i < 5; i++) {
      const got = this.sky.received(customer(i));
      expect([i, got, got <= this.#mayGet(customer(i))]).toEqual([i, got, true]);
    }
  }

  #coinOf(id: string): string {
    const [txid = "", n = ""] = id.split(":");
    return `${this.btc.known.get(txid)?.coin} ${n}`;
  }

  /** So much has ever come for a customer; of two transactions that spend one coin the one with more. */
  #mayGet(who: string): bigint {
    const most = new Map<string, bigint>();
    for (const { coin, outputs } of this.btc.known.values()) {
      const own = outputs.filter(({ address }) => customerOf(address) === who);
      const sum = own.reduce((total, { value }) => total + value, 0n);
      if (sum > (most.get(coin) ?? 0n)) most.set(coin, sum);
    }
    return [...most.values()].reduce((total, sum) => total + sum, 0n);
  }

  /** calm ends all trouble, and lets everybody do what is asked of them. */
  async calm(): Promise<void> {
    const { btc, sky } = this;
    Object.assign(btc, { behind: 0, faults: 0 });
    Object.assign(sky, { faults: 0, absences: 0, refused: "" });
    sky.comeBack();
    this.#calm = true;
    await this.close();
    for (let i = 0; i < 25; i++) {
      btc.mine();
      sky.heal();
      sky.block();
      if (i % 5 === 0) sky.topUp();
      await (await this.desk()).turn();
      await this.#operate();
      this.clock.skip(100_000);
      this.check();
    }
  }

  /** ended tells what became of every deposit that stands; nothing may be lost, nothing in limbo, nothing untold. */
  async ended(): Promise<{ done: number; all: number }> {
    const { store, sender, watchdog } = await this.desk();
    const infos = store.read((reader) => depositsByStatus(reader, undefined, { limit: 10_000 }));
    const byId = new Map(infos.map((info) => [info.deposit_id, info]));
    const listed = new Set(
      store.read((reader) => erroredDeposits(reader, { limit: 10_000 })).map((info) => info.deposit_id),
    );
    const told = sender.state().error !== "" || watchdog.troubles().length > 0 || listed.size > 0;
    let done = 0;
    const ids = this.btc
      .standing()
      .flatMap(({ txid, outputs }) => outputs.map(({ address }, n) => ({ id: `${txid}:${n}`, address })));
    for (const { id, address } of ids) {
      const info = byId.get(id);
      if (Number(address.slice(1)) >= this.#pool) continue;
      expect([id, info === undefined]).toEqual([id, false]);
      if (info === undefined) continue;
      if (info.status === "done" && info.settled === "") {
        const seen = [id, info.txid, this.sky.ledger.confirmed(info.txid) !== undefined, info.sky_address];
        expect(seen).toEqual([id, info.txid, true, customerOf(address)]);
      }
      if (info.status === "done") done += 1;
      else expect([id, listed.has(id) || told]).toEqual([id, true]);
      expect([id, info.reversed]).toEqual([id, false]);
    }
    return { done, all: ids.length };
  }
}

async function play(seed: number): Promise<{ done: number; all: number }> {
  const sim = new Sim(seed);
  try {
    for (let i = 0; i < 6; i++) {
      await (await sim.desk()).turn();
      await sim.step();
    }
    for (let i = 0; i < 90; i++) {
      await sim.step();
      sim.check();
    }
    await sim.calm();
    return await sim.ended();
  } catch (error) {
    console.error(`MONEY_SEED=${seed}\n${sim.trail.join("\n")}`);
    throw error;
  } finally {
    await sim.close();
  }
}

const { parameters, timeoutMs } = budget(40);

test(
  "whatever chains, crashes, copies, persons and operators do, a coin is paid for once, and nothing is lost or untold",
  async () => {
    const given = process.env["MONEY_SEED"];
    const deadline = performance.now() + parameters.interruptAfterTimeLimit;
    const first = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
    const sum = { done: 0, all: 0, runs: 0 };
    for (let i = 0; i < (given === undefined ? parameters.numRuns : 1); i++) {
      if (performance.now() > deadline && i > 0) break;
      const { done, all } = await play(first + i);
      sum.done += done;
      sum.all += all;
      sum.runs += 1;
    }
    // The steps must lead somewhere, or nothing is tried.
    if (sum.runs > 10) expect(sum.done).toBeGreaterThan(sum.runs);
    if (process.env["TELLER_SHOW"] !== undefined) console.error(sum);
  },
  timeoutMs,
);
