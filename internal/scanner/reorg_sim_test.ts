import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  bind,
  type ChainRules,
  cursorOf,
  depositsByStatus,
  importAddresses,
  openBook,
  totalsOf,
} from "#internal/book";
import { manualClock } from "#internal/clock";
import type { Store } from "#internal/db";
import { Broken } from "#internal/fault";
import type { CrashPoints } from "#internal/life";
import { silent } from "#internal/log";
import { scanner } from "./mod.ts";
import { SimChain, watchAll } from "./simchain.ts";
import { deepIn, idOf, Payers, type Pick, SimSender } from "./simmoney.ts";

const stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };
const rules: ChainRules = {
  ...{ coin: "BTC", confirmations: 3, window: 400, rate: "7", maxDecimals: 3, buyMethod: "direct" },
};
/** Two of each of three customers, and one that nobody is bound to. */
const addresses = ["a1", "a2", "a3", "a4", "a5", "a6", "a7"];
const customers = ["S1", "S1", "S2", "S2", "S3", "S3"];
/** What lies in memory is quicker; these tests are not about syncs. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

interface Reorg {
  readonly depth: number;
  /** By how much the new branch is longer; below 0 the node is first behind. */
  readonly longer: number;
  /** What its first blocks have. */
  readonly blocks: readonly (readonly Pick[])[];
}

/** Look is one life of the scanner: it may be killed at a commit, and the chain may change between two of its calls. */
interface Look {
  readonly killAt: number;
  readonly meanwhile: readonly { readonly calls: number; readonly reorg: Reorg }[];
}

type Step =
  | { readonly kind: "mine"; readonly blocks: readonly (readonly Pick[])[] }
  | { readonly kind: "reorg"; readonly reorg: Reorg }
  | { readonly kind: "outage"; readonly calls: number }
  | { readonly kind: "look"; readonly look: Look }
  | { readonly kind: "settle" }
  /** A payout of so many; the scanner may look between its making and its signing. */
  | { readonly kind: "pay"; readonly count: number; readonly look: Look | undefined }
  /** An uneventful time: blocks are mined, read, grow deep, and what they bring is paid. */
  | { readonly kind: "calm"; readonly picks: readonly Pick[]; readonly count: number };

const pick: fc.Arbitrary<Pick> = fc.record({
  how: fc.constantFrom("new", "again", "malleated", "other", "joined"),
  pick: fc.nat(3),
  to: fc.array(fc.nat(addresses.length), { minLength: 1, maxLength: 2 }),
});
const blocks = (maxLength: number) =>
  fc.array(fc.array(pick, { maxLength: 3 }), { minLength: 1, maxLength, size: "max" });
const reorg: fc.Arbitrary<Reorg> = fc.record({
  depth: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 4 }) },
    { weight: 3, arbitrary: fc.integer({ min: 5, max: 12 }) },
    { weight: 1, arbitrary: fc.constantFrom(50, 99, 100) },
  ),
  longer: fc.constantFrom(1, 1, 1, 2, 0, -1),
  blocks: blocks(4),
});
const look: fc.Arbitrary<Look> = fc.record({
  killAt: fc.constantFrom(0, 0, 0, 1, 2, 3),
  meanwhile: fc.array(fc.record({ calls: fc.nat(8), reorg }), { maxLength: 2 }),
});
const count = fc.integer({ min: 1, max: 5 });
const step = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const only = <K extends string>(kind: K) => ({ kind: fc.constant(kind) });
const steps: fc.Arbitrary<Step> = fc.oneof(
  step(4, fc.record({ ...only("mine"), blocks: blocks(4) })),
  step(6, fc.record({ ...only("reorg"), reorg })),
  step(1, fc.record({ ...only("outage"), calls: fc.integer({ min: 1, max: 4 }) })),
  step(4, fc.record({ ...only("look"), look })),
  step(1, fc.record(only("settle"))),
  step(4, fc.record({ ...only("pay"), count, look: fc.option(look, { nil: undefined }) })),
  step(6, fc.record({ ...only("calm"), picks: fc.array(pick, { maxLength: 3, size: "max" }), count })),
);

/** Killed ends a life of the scanner as a kill would. */
class Killed extends Broken {}

/** Desk is a store with a scanner that comes and goes, a sender, and the chain that they live on. */
class Desk {
  readonly chain = new SimChain();
  readonly sender: SimSender;
  readonly #store: Store;
  readonly #payers = new Payers(addresses);
  #highest = 0;
  /** What the look at a commit found. It is kept here because the scanner takes a throw for a node's fault. */
  readonly #wrong: string[] = [];

  constructor(store: Store) {
    this.#store = store;
    this.sender = new SimSender(store);
    this.chain.remembers = true;
  }

  async begin(): Promise<void> {
    await this.#store.write((tx) => {
      importAddresses(
        tx,
        "BTC",
        addresses.map((address) => ({ address, script: address })),
      );
      for (const sky of customers) bind(tx, { sky, coin: "BTC", method: "direct", limit: 0, at: 1 });
    });
    await this.sender.begin();
    for (let i = 0; i < 105; i++) this.chain.mine();
    await this.look(0);
  }

  reorganise({ depth, longer, blocks: first }: Reorg): void {
    const gone = this.chain.drop(Math.min(depth, this.chain.tip.height - 1)).length;
    for (let i = 0; i < gone + longer; i++) this.#payers.mine(this.chain, first[i] ?? []);
  }

  /** Whatever was committed last, it is what the chain under the cursor says, and the cursor never fell. */
  #checkCommit(): void {
    const { height, hash } = this.#store.read((reader) => cursorOf(reader, "BTC")) ?? { height: 0, hash: "" };
    if (height < this.#highest) this.#wrong.push(`the cursor fell from ${this.#highest} to ${height}`);
    this.#highest = height;
    this.#wrong.push(...this.#notAs(hash));
  }

  /** What is credited and stands must be what the branch below this block says, neither more nor less. */
  #notAs(hash: string): string[] {
    const deep = deepIn(this.chain.branch(hash), addresses, rules.confirmations);
    const rows = this.#store.read((reader) => depositsByStatus(reader, undefined, { limit: 10_000 }));
    const standing = rows.filter((info) => !info.reversed && info.replaced_by === "");
    const [got, want] = [standing.map((info) => info.deposit_id), deep.map(idOf)].map((ids) =>
      ids.sort().join(" "),
    );
    const sum = standing.reduce((total, info) => total + info.deposit_value, 0n);
    const { BTC } = this.#store.read(totalsOf).received;
    return [
      ...(got === want ? [] : [`at ${hash} credited is [${got}] instead of [${want}]`]),
      ...(sum === BTC ? [] : [`at ${hash} the sum is ${BTC} instead of ${sum}`]),
    ];
  }

  /** wrong gives everything that was ever not as it must be. */
  wrong(): string[] {
    return [...this.#wrong, ...this.sender.wrong(this.chain)];
  }

  /** look lets a scanner live until it has caught up, or until it is killed at its n-th passage of a crash point. */
  async look(killAt: number): Promise<void> {
    const clock = manualClock();
    let passages = 0;
    const crash: CrashPoints = (point) => {
      if (point === "scan.committed") this.#checkCommit();
      passages += 1;
      if (passages === killAt) throw new Killed(`killed at ${point}`);
    };
    const made = scanner({
      ...{ store: this.#store, source: this.chain.source(9), rules, initialHeight: undefined },
      ...{ clock, log: silent, crash, periodMs: 1000, credited: () => {} },
      watch: async () => watchAll(new Set(addresses)),
    });
    const stop = new AbortController();
    const life = made.part.run(stop.signal).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
      return "killed" as const;
    });
    for (let i = 0; i < 8; i++) {
      const idle = clock.nextSleep();
      made.bell.ring();
      if ((await Promise.race([idle, life])) === "killed") return;
      const cursor = this.#store.read((reader) => cursorOf(reader, "BTC"));
      const level = cursor?.hash === this.chain.tip.hash || (cursor?.height ?? -1) > this.chain.tip.height;
      if (level && this.chain.meanwhile.length === 0) break;
    }
    stop.abort();
    await life;
  }

  async #lookMeanwhile({ killAt, meanwhile }: Look): Promise<void> {
    this.chain.meanwhile = meanwhile.map(({ calls, reorg: change }) => ({
      calls,
      deed: () => this.reorganise(change),
    }));
    await this.look(killAt);
    for (const { deed } of this.chain.meanwhile.splice(0)) deed();
  }

  async play(now: Step): Promise<void> {
    switch (now.kind) {
      case "mine":
        for (const picks of now.blocks) this.#payers.mine(this.chain, picks);
        return;
      case "reorg":
        return this.reorganise(now.reorg);
      case "outage":
        this.chain.failures = now.calls;
        return;
      case "look":
        return this.#lookMeanwhile(now.look);
      case "settle":
        return this.sender.settle();
      case "pay":
        return this.sender.pay(now.count, async () => {
          if (now.look !== undefined) await this.#lookMeanwhile(now.look);
        });
      case "calm":
        for (const picks of [now.picks, [], []]) this.#payers.mine(this.chain, picks);
        await this.look(0);
        return this.sender.pay(now.count);
    }
  }

  /** end lets the node come back and the chain outgrow what we have, and everything that is due be paid. */
  async end(): Promise<void> {
    this.chain.failures = 0;
    do this.chain.mine();
    while (this.chain.tip.height <= this.#highest);
    await this.look(0);
    this.#wrong.push(...this.#notAs(this.chain.tip.hash));
    await this.sender.payAll();
    await this.sender.release();
    await this.sender.payAll();
  }
}

test("for any reorgs, also while blocks are read or payouts are made, the final chain is credited and no coin is paid twice", async () => {
  const met = { paid: 0, reversed: 0, replaced: 0, held: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 25, maxLength: 60, size: "max" }), async (script) => {
      const dir = mkdtempSync(join(scratch, "reorg-sim-"));
      const store = await openBook(join(dir, "teller.db"), stamp);
      try {
        const desk = new Desk(store);
        await desk.begin();
        for (const now of script) {
          await desk.play(now);
          expect(desk.wrong()).toEqual([]);
        }
        await desk.end();
        expect(desk.wrong()).toEqual([]);
        const deep = deepIn(desk.chain.blocks, addresses, rules.confirmations);
        expect(desk.sender.unpaid(desk.chain, deep)).toEqual([]);
        for (const info of store.read((reader) => depositsByStatus(reader, undefined, { limit: 10_000 }))) {
          met.paid += Number(info.status === "done");
          met.reversed += Number(info.reversed);
          met.replaced += Number(info.replaced_by !== "");
          met.held += Number(info.held.includes("the same coin"));
        }
      } finally {
        await store.close();
        rmSync(dir, { recursive: true });
      }
    }),
    { numRuns: 100 },
  );
  // The steps must lead somewhere, or the test looks at nothing.
  for (const count of Object.values(met)) expect(count).toBeGreaterThan(20);
}, 60_000);
