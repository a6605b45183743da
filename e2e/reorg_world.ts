import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  keyOf,
  type LegacyCoin,
  type MadeBlock,
  malleate,
  spendLegacy,
  startBtcd,
  submitBlocks,
} from "../standin/btcd/mod.ts";
import { callsOf, type Fault, type NodeProxy, startProxy } from "../standin/proxy/mod.ts";
import { type Chains, customerAddress, startChains } from "./chains.ts";
import { bindAddress, type Daemon, healthOf, startDaemon, until } from "./daemon.ts";
import { type Books, type Case, type CasePayment, idOf, readBooks, wrongIn } from "./reorg_case.ts";
import { empty, ReorgChain } from "./reorg_chain.ts";
import type { Campaign, Row, Stage } from "./reorg_table.ts";

const payer = keyOf("reorg payer");
const nobody = keyOf("somebody else").addresses.p2wpkh;
const coinCount = 600;
const coinValue = 3_000_000n;
/** No hold lasts so long: what is changed meanwhile takes milliseconds. */
const holdMs = 60_000;

/** What each stage is called by teller when a deposit has come to it; before its credit it has no row. */
const statuses: Readonly<Record<Stage, string | undefined>> = {
  seen: undefined,
  due: "waiting_send",
  signed: "waiting_confirm",
  paid: "done",
};

interface Parts {
  readonly chains: Chains;
  readonly chain: ReorgChain;
  readonly proxy: NodeProxy;
  readonly daemon: Daemon;
  readonly coins: LegacyCoin[];
}

/**
 * ReorgWorld is a Bitcoin chain whose branches come when they are told to, a Skycoin chain, and one teller between
 * them. It sees btcd through a proxy that can let it wait.
 */
export class ReorgWorld {
  readonly chains: Chains;
  readonly chain: ReorgChain;
  /** cases has every row that was played. */
  readonly cases: Case[] = [];
  readonly #proxy: NodeProxy;
  readonly #coins: LegacyCoin[];
  #daemon: Daemon;
  #confirmations = 2;
  #customers = 0;
  #satoshi = 1_000_000n;
  /** What the proxy had held before its newest hold. */
  #held = 0;

  private constructor({ chains, chain, proxy, daemon, coins }: Parts) {
    this.chains = chains;
    this.chain = chain;
    this.#proxy = proxy;
    this.#daemon = daemon;
    this.#coins = coins;
  }

  static async open(bin: string): Promise<ReorgWorld> {
    const chains = await startChains(bin, { confirmations: 2, maxBound: 0, poolSize: 800 });
    const { btcd, wallet } = chains;
    await wallet.ready(30);
    const fan = Array.from({ length: coinCount }, () => ({
      address: payer.addresses.p2pkh,
      value: coinValue,
    }));
    const { txid } = await wallet.pay(fan);
    await wallet.generate(1);
    chains.fund(1_000_000n);
    const read = (name: string) => readFileSync(join(btcd.options.data, name), "utf8");
    const tls = { cert: read("rpc.cert"), key: read("rpc.key") };
    const proxy = startProxy({ upstream: btcd.url, ca: btcd.cert, tls });
    const daemon = await startDaemon(configured(chains, proxy, 2));
    const coins = Array.from({ length: coinCount }, (_, n) => ({ txid, n }));
    const chain = await ReorgChain.on(btcd);
    const world = new ReorgWorld({ chains, chain, proxy, daemon, coins });
    await until("the wallet is known", () => daemon.output().includes("the first payout will spend"));
    await world.#atTip();
    return world;
  }

  async close(): Promise<void> {
    await this.#daemon.kill();
    this.#proxy.stop();
    await this.chains.close();
  }

  get daemon(): Daemon {
    return this.#daemon;
  }

  books(): Promise<Books> {
    return readBooks(this.#daemon, (sky) => this.chains.received(sky));
  }

  async #mine(...blocks: readonly (readonly string[])[]): Promise<void> {
    await this.chain.extend(this.chains.btcd, blocks);
  }

  /** A longer branch has heights that the one before never had: there teller has followed it. */
  async #atTip(): Promise<void> {
    await until(`teller is at ${this.chain.height}`, async () => {
      const { BTC } = (await healthOf(this.#daemon)).scanners;
      return BTC.height === this.chain.height && BTC.error === "";
    });
  }

  async #restart(confirmations: number): Promise<void> {
    await this.#daemon.stop();
    this.#confirmations = confirmations;
    this.#daemon = await startDaemon(configured(this.chains, this.#proxy, confirmations));
  }

  /** play makes the deposits of a campaign, lets its reorg come, and waits until every row has its end, or long enough. */
  async play(campaign: Campaign): Promise<readonly Case[]> {
    if (this.#confirmations !== campaign.confirmations) await this.#restart(campaign.confirmations);
    const cases: Case[] = [];
    for (const row of campaign.rows) cases.push(await this.#prepare(row));
    this.cases.push(...cases);
    try {
      await this.#lay(campaign, cases);
      await this.#change(campaign, cases);
      await this.#expectTakenBack(cases);
    } finally {
      this.chains.sky.faults.clear();
      this.chains.sky.resume();
      await this.#proxy.heal();
    }
    await this.#bringBack(cases);
    await this.#untilEnded(cases);
    return cases;
  }

  async #bind(): Promise<{ sky: string; address: string }> {
    const sky = customerAddress(3000 + this.#customers++);
    return { sky, address: await bindAddress(this.#daemon, sky) };
  }

  /** prepare binds for a row and makes all transactions that it may need, unsent. */
  async #prepare(row: Row): Promise<Case> {
    const coin = this.#coins.pop();
    if (coin === undefined) throw new Error("no coin is left: make more at the start");
    const pay = (to: { sky: string; address: string }): CasePayment => {
      this.#satoshi += 1000n;
      const paid = spendLegacy(payer, coin, { address: to.address, value: this.#satoshi });
      return { ...paid, sky: to.sky, satoshi: this.#satoshi };
    };
    const bound = await this.#bind();
    const own = pay(bound);
    const against = (other: CasePayment): Case => ({ row, own, other, instead: other });
    switch (row.fate) {
      case "malleated":
        return against({ ...own, ...malleate(own) });
      case "other address":
        return against(pay({ ...bound, address: await bindAddress(this.#daemon, bound.sky) }));
      case "other customer":
        return against(pay(await this.#bind()));
      case "elsewhere":
        return {
          ...{ row, own, other: undefined },
          instead: spendLegacy(payer, coin, { address: nobody, value: own.satoshi }),
        };
      case "vanishes":
      case "moves":
      case "returns":
      case "returns by a reorg":
        return { row, own, other: undefined, instead: undefined };
    }
  }

  /** lay mines the blocks that will lose their place, and waits at each until its deposits are at their stage. */
  async #lay({ blocks, circumstance, unread, reading }: Campaign, cases: readonly Case[]): Promise<void> {
    const total = blocks.reduce<number>((sum, block) => sum + (typeof block === "number" ? block : 1), 0);
    const behindFrom = circumstance === "catch-up" && unread > 0 ? total - unread : total;
    let laid = 0;
    const heights = new Map<Stage, number>();
    for (const block of blocks) {
      if (laid === behindFrom) this.#hold(reading);
      if (typeof block === "number") await this.#mine(...empty(block));
      else {
        await this.#prepareSky(block, heights.has("signed"));
        await this.#mine(cases.filter(({ row }) => row.stage === block).map(({ own }) => own.hex));
        heights.set(block, this.chain.height);
      }
      laid += typeof block === "number" ? block : 1;
      if (laid <= behindFrom) await this.#reached(cases, heights);
    }
    if (behindFrom < total) await this.#waits();
  }

  /** Payouts stay unconfirmed without blocks; without a node nothing is signed at all. */
  async #prepareSky(stage: Stage, open: boolean): Promise<void> {
    if (stage === "signed") this.chains.sky.pause();
    if (stage === "due" && !open) this.chains.sky.faults.arm("any-drop", { times: 1_000_000, skip: 0 });
  }

  async #reached(cases: readonly Case[], heights: ReadonlyMap<Stage, number>): Promise<void> {
    await this.#atTip();
    const deep = cases.filter(({ row }) => {
      const height = heights.get(row.stage);
      return height !== undefined && this.chain.height - height + 1 >= this.#confirmations;
    });
    await until("all deposits are at their stages", async () => {
      const { rows } = await this.books();
      return deep.every(({ row, own }) => rows.get(idOf(own))?.status === statuses[row.stage]);
    });
  }

  /** hold lets teller wait for its next blocks, or for the hashes of blocks above its own. */
  #hold(reading: Campaign["reading"]): void {
    const ours = this.chain.height;
    const fault: Fault = (question) => {
      const calls = callsOf(question);
      const met =
        reading === "blocks"
          ? calls.some(({ method }) => method === "getblock")
          : question.body.startsWith("[") && calls.some(({ params }) => Number(params[0]) > ours);
      return met ? { kind: "slow", ms: holdMs } : undefined;
    };
    this.#held = this.#proxy.spoiled();
    this.#proxy.arm(fault);
  }

  async #waits(): Promise<void> {
    await until("teller waits for what it reads", () => this.#proxy.spoiled() > this.#held);
  }

  /** change lets the other branch win: first what spends the coins otherwise, last what moves. */
  async #change(campaign: Campaign, cases: readonly Case[]): Promise<void> {
    const { depth, circumstance } = campaign;
    const instead = cases.flatMap(({ instead: other }) => (other === undefined ? [] : [other.hex]));
    const moved = cases.filter(({ row }) => row.fate === "moves").map(({ own }) => own.hex);
    const third = circumstance === "catch-up" && campaign.unread === 0;
    if (third) {
      this.#hold("blocks");
      await submitBlocks(this.chains.btcd, this.chain.branch(depth, empty(depth + 1)));
      await this.#waits();
    }
    const between = empty(third ? depth : depth - 1);
    const fork = this.chain.height - depth;
    await this.#offer(circumstance, this.chain.reorganise(depth, [instead, ...between, moved]));
    await this.#atTip();
    // A teller that was behind may have left the old branch before it came to its end.
    if (circumstance !== "catch-up") expect(this.#daemon.output()).toContain(`depth=${depth} fork=${fork} `);
  }

  async #offer(circumstance: Campaign["circumstance"], branch: readonly MadeBlock[]): Promise<void> {
    const { btcd } = this.chains;
    switch (circumstance) {
      case "live":
        return submitBlocks(btcd, branch);
      case "catch-up":
        await submitBlocks(btcd, branch);
        return this.#proxy.heal();
      case "outage": {
        await btcd.stop();
        await until("health names it", async () => (await healthOf(this.#daemon)).scanners.BTC.error !== "");
        // On another port, where teller does not see it come to the other branch.
        const aside = await startBtcd({ bin: this.chains.bin, data: btcd.options.data });
        await submitBlocks(aside, branch);
        await aside.stop();
        this.chains.btcd = await startBtcd(btcd.options);
        return;
      }
      case "restart": {
        await this.#daemon[this.chain.height % 2 === 0 ? "stop" : "kill"]();
        await submitBlocks(btcd, branch);
        this.#daemon = await startDaemon(configured(this.chains, this.#proxy, this.#confirmations));
        return;
      }
    }
  }

  /** What was credited and is not on the branch is marked at once; nothing that was signed is taken back. */
  async #expectTakenBack(cases: readonly Case[]): Promise<void> {
    const { rows } = await this.books();
    for (const { row, own } of cases) {
      if (row.fate === "moves") continue;
      const shown = rows.get(idOf(own));
      const right =
        row.stage === "seen"
          ? shown === undefined
          : shown?.status === statuses[row.stage] && shown?.marks.includes("reversed") === true;
      if (!right) throw new Error(`after the reorg ${Bun.inspect(row)} is ${Bun.inspect(shown)}`);
    }
  }

  /** bringBack mines what returns: in a block, and by a second reorg of the newest block; then so much that all is deep. */
  async #bringBack(cases: readonly Case[]): Promise<void> {
    const of = (fate: Row["fate"]) => cases.filter(({ row }) => row.fate === fate).map(({ own }) => own.hex);
    await this.#mine(of("returns"), []);
    await this.#atTip();
    await submitBlocks(this.chains.btcd, this.chain.reorganise(1, [of("returns by a reorg"), []]));
    await this.#atTip();
  }

  /** Waits for what must come; what must not come is then judged by the test. */
  async #untilEnded(cases: readonly Case[]): Promise<void> {
    const ended = async () => {
      const books = await this.books();
      return cases.every((one) => wrongIn(one, books).length === 0);
    };
    await until("every row has its end", ended, 15_000).catch(() => {});
  }
}

function configured(chains: Chains, proxy: NodeProxy, confirmations: number) {
  const config = chains.daemon.config
    .replace(`:${chains.btcd.options.rpcPort}"`, `:${proxy.port}"`)
    .replace("confirmations_required = 2", `confirmations_required = ${confirmations}`);
  return { dir: chains.dir, config };
}
