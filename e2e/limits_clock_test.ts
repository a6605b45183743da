import { afterEach, describe, expect, test } from "bun:test";
import { bind, type ChainRules, depositInfo, unconfirmedPayouts } from "#internal/book";
import { exchange } from "#internal/exchange";
import { noCrash } from "#internal/life";
import { scanner } from "#internal/scanner";
import { stockRules } from "#internal/skycoin";
import { watchdog } from "#internal/watchdog";
import { SimChain, watchAll } from "../internal/scanner/simchain.ts";
import { customer, down, testWorld, type World } from "../internal/sender/testworld.ts";
import { until } from "./daemon.ts";

/**
 * The wall clock of the machine jumps by a day, either way, at each step of a deposit. All workers run in
 * this process, on one clock of the test.
 */
const daySeconds = 86_400;
const dayMs = daySeconds * 1000;
const hourMs = 3_600_000;
const rules: ChainRules = {
  coin: "BTC",
  confirmations: 2,
  window: 100,
  rate: "500",
  maxDecimals: 3,
  buyMethod: "direct",
};
/** Buys 10 SKY. */
const satoshi = 2_000_000n;
const owed = 10_000_000n;
const id = "t:0";

/** Line is everything between a block and a payout. */
interface Line {
  readonly world: World;
  readonly chain: SimChain;
  readonly troubles: () => readonly string[];
  /** pass lets so much time pass, so many milliseconds at a time, until something is true. */
  pass(what: string, test: () => boolean): Promise<void>;
  /** mine makes a Bitcoin block, with the deposit or without. */
  mine(withDeposit?: boolean): void;
  /** confirm lets the publisher make a block; its clock is right. */
  confirm(): void;
}

const clean: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

async function openLine(): Promise<Line> {
  const world = await testWorld();
  clean.push(() => world.close());
  const { store, clock, log } = world;
  const chain = new SimChain();
  chain.blocks = [{ height: 0, hash: "h0", parent: "none", payments: [] }];
  // The first anchor is chosen before anybody is bound.
  await world.turn();
  // The first address is bound, and nothing is mined yet: the test world makes its own blocks.
  const address = await bindFirst(world);
  const stop = new AbortController();
  const common = { store, clock, log: log.logger, crash: noCrash, periodMs: 1000 };
  const decider = exchange({ ...common, decided: () => world.sender.bell.ring() });
  const scan = scanner({
    ...common,
    rules,
    source: chain.source(),
    watch: async () => watchAll(new Set([address])),
    initialHeight: undefined,
    credited: () => decider.bell.ring(),
  });
  const dog = watchdog({ store, clock, log: log.logger, scanners: { BTC: scan.state } });
  const running = [scan.part, decider.part, dog.part].map((part) => part.run(stop.signal));
  clean.push(async () => {
    stop.abort();
    await Promise.all(running);
  });
  let publisherTime = Math.floor(clock.now() / 1000);
  return {
    world,
    chain,
    troubles: dog.troubles,
    pass: (what, test) =>
      until(what, async () => {
        if (!test()) await clock.advance(250);
        return test();
      }),
    mine(withDeposit = false) {
      chain.mine(withDeposit ? [{ txid: "t", n: 0, value: satoshi, address, inputs: ["c:0"] }] : []);
    },
    confirm() {
      publisherTime += 10;
      world.ledger.makeBlock(stockRules, publisherTime * 1000);
    },
  };
}

async function bindFirst(world: World): Promise<string> {
  const request = { sky: customer(0), coin: "BTC", method: "direct", limit: 0, at: 1 } as const;
  const done = await world.store.write((tx) => bind(tx, request));
  if (!done.ok) throw new Error(done.refusal);
  return done.value.address;
}

const statusOf = ({ store }: World) => store.read((reader) => depositInfo(reader, id))?.status;
const isOpen = ({ store }: World) => store.read((reader) => unconfirmedPayouts(reader, 2)).length === 1;

const jumps = [
  { name: "a day forward", ms: dayMs },
  { name: "a day back", ms: -dayMs },
];
const stages = [
  "before it is mined",
  "when it is seen",
  "when it is credited",
  "when its payout is signed",
  "at the end",
];

describe.each(jumps)("the clock is set $name", ({ ms }) => {
  for (const [i, stage] of stages.entries()) {
    test(`${stage}: the deposit is paid once, and nobody is alarmed`, async () => {
      const line = await openLine();
      const { world } = line;
      const jumpAt = (now: number) => {
        if (now === i) world.clock.jump(ms);
      };
      jumpAt(0);
      line.mine(true);
      await line.pass("seen", () => line.chain.calls > 3);
      jumpAt(1);
      line.mine();
      await line.pass("credited", () => statusOf(world) !== undefined);
      jumpAt(2);
      await line.pass("signed", () => statusOf(world) === "waiting_confirm" && isOpen(world));
      jumpAt(3);
      await line.pass("sent", () => world.faulty.injected.length > 0);
      line.confirm();
      await line.pass("done", () => statusOf(world) === "done");
      jumpAt(4);
      await line.world.clock.advance(60_000);
      expect(line.troubles()).toEqual([]);
      expect(world.received(0)).toBe(owed);
      expect(
        world.log.lines.filter((text) => text.includes("notice=WATCH") && !text.includes("store is new")),
      ).toEqual([]);
    });
  }

  test("a deposit that is stuck is told after an hour", async () => {
    const line = await openLine();
    const { world } = line;
    line.mine(true);
    line.mine();
    await line.pass("sent", () => world.faulty.injected.length > 0);
    world.clock.jump(ms);
    world.faulty.before = () => {
      throw down();
    };
    for (let passed = 0; passed < hourMs / 2; passed += 60_000) await world.clock.advance(60_000);
    expect(line.troubles().filter((text) => text.startsWith("deposit"))).toEqual([]);
    for (let passed = 0; passed < hourMs; passed += 60_000) await world.clock.advance(60_000);
    expect(line.troubles().filter((text) => text.startsWith("deposit"))).toEqual([
      `deposit ${id} is waiting_confirm since more than an hour`,
    ]);
  }, 30_000);

  test("a payout that does not confirm is replaced within some minutes", async () => {
    const line = await openLine();
    const { world } = line;
    line.mine(true);
    line.mine();
    await line.pass("sent", () => world.faulty.injected.length > 0);
    world.clock.jump(ms);
    for (let passed = 0; passed < 15 * 60_000; passed += 10_000) {
      await world.clock.advance(10_000);
      await Bun.sleep(1);
    }
    await line.pass("replaced", () => new Set(world.faulty.injected).size > 1);
    line.confirm();
    await line.pass("done", () => statusOf(world) === "done");
    expect(world.received(0)).toBe(owed);
  }, 30_000);
});
