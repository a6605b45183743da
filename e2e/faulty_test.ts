import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dice, random } from "../standin/proxy/mod.ts";
import { btcdBin } from "./chains.ts";
import { depositsOf, type Health, healthOf, until } from "./daemon.ts";
import { anyBtcdFaults, btcdFaults, type Cure } from "./faulty_btcd.ts";
import { anySkycoinFaults, skycoinFaults } from "./faulty_skycoin.ts";
import type { Row } from "./faulty_row.ts";
import { faultyNodes } from "./faulty_table.ts";
import { startWorld, type World } from "./faulty_world.ts";

/**
 * The compiled executable between nodes that are faulty in each way of the table. While a fault lasts
 * health names it, the node is asked a bounded number of times and a deposit is made; afterwards
 * every deposit is there and paid once.
 */
const bin = btcdBin();
if (bin === undefined) console.log("skipped: faulty nodes need btcd (BTCD_BIN) or Go to build it");

const faults = { ...btcdFaults, ...skycoinFaults };
const show = process.env["FAULTY_SHOW"] !== undefined;

/** A fault lasts at least so long, so that there is something to count. */
const shortestMs = 300;
/** Teller looks every 100 ms here, and needs at most seven requests of btcd for it, fifteen of a Skycoin node. */
const perSecond = { btcd: 80, skycoin: 180 };
/** Lines that say that something waits: as many as there are things to say, not one every period. */
const mostLines = 12;
/** The random schedule lasts so long. */
const scheduleMs = 20_000;

let world: World;

const errorOf = (row: Row, { scanners, exchange }: Health) =>
  row.node === "btcd" ? scanners.BTC.error : exchange.sender_error;
const proxyOf = (row: Row) => (row.node === "btcd" ? world.btc : world.sky);

interface Trial {
  readonly row: Row;
  readonly cure: Cure;
  readonly printed: number;
  readonly seen: number;
  readonly spoiled: number;
  readonly since: number;
}

async function begin(row: Row): Promise<Trial> {
  const bound = await world.bind();
  const proxy = proxyOf(row);
  const before = { printed: world.daemon.output().length, seen: proxy.seen(), spoiled: proxy.spoiled() };
  const since = performance.now();
  const cure = await faults[row.id]?.(world);
  await world.pay(bound);
  return { row, cure, since, ...before };
}

/** named waits until health says what the table says, or makes sure that it says nothing at all. */
async function named({ row, since, spoiled, cure }: Trial): Promise<void> {
  const { health } = row;
  const said = new Set<string>();
  const told = async () => {
    const error = errorOf(row, await healthOf(world.daemon));
    said.add(error);
    return error;
  };
  const lasted = () => performance.now() - since > shortestMs;
  if (health === "") {
    const met = () => cure !== undefined || proxyOf(row).spoiled() > spoiled;
    await until("it lasted a while", async () => (await told()) === "" && lasted() && met(), 10_000);
    expect([...said]).toEqual([""]);
  } else {
    await until("health names it", async () => health.test(await told()), 40_000).catch((error: unknown) => {
      throw new Error(`health says ${[...said].join(" | ")}`, { cause: error });
    });
    await until("it lasted a while", lasted);
  }
  if (row.log !== undefined) {
    await until("the log says it", () => row.log?.test(world.daemon.output()) === true, 10_000);
  }
}

/** bounded counts what the node was asked, and what the log said. */
function bounded({ row, since, seen, printed }: Trial): void {
  const seconds = (performance.now() - since) / 1000;
  const asked = proxyOf(row).seen() - seen;
  const lines = world.daemon.output().slice(printed).split("\n");
  const waiting = lines.filter((line) => /waits|payouts wait|cannot go on/.test(line));
  if (show) console.log(row.id, `${Math.round(asked / seconds)}/s`, waiting.join("\n  "));
  expect(asked).toBeLessThan(40 + perSecond[row.node] * seconds);
  expect(waiting.length).toBeLessThanOrEqual(mostLines);
  expect(lines.some((line) => line.includes("notice=WATCH"))).toBe(row.watch === true);
}

async function heal({ row, cure }: Trial): Promise<void> {
  await proxyOf(row).heal();
  cure?.();
}

/** settled waits until all is well, and compares what was made with what is there: nothing lost, nothing twice. */
async function settled(): Promise<void> {
  await until("all is done", async () =>
    (await depositsOf(world.daemon)).every(({ status }) => status === "done"),
  );
  for (const one of world.made) await world.paid(one);
  await until("health is well", async () => {
    const { status, scanners } = await healthOf(world.daemon);
    return status === "OK" && scanners.BTC.height === scanners.BTC.tip;
  });
  expect((await healthOf(world.daemon)).scanners.BTC.height).toBe(await world.chains.wallet.height());
  const there = (await depositsOf(world.daemon)).map(({ deposit_id, marks }) => [deposit_id, marks.length]);
  expect(there.toSorted()).toEqual(world.made.map(({ id }) => [id, 0]).toSorted());
}

test("the table has at least 25 rows, each with a fault, and each fault a row", () => {
  expect(faultyNodes.length).toBeGreaterThanOrEqual(25);
  expect(faultyNodes.map(({ id }) => id).toSorted()).toEqual(Object.keys(faults).toSorted());
});

describe.skipIf(bin === undefined)("faulty nodes", () => {
  beforeAll(async () => {
    world = await startWorld(bin ?? "");
  }, 60_000);

  afterAll(async () => {
    await world?.close();
  }, 30_000);

  const lasting = new Map<string, Trial>();

  /** Those that last long come last, two at a time. */
  const long = faultyNodes.filter(({ id, within }) => faultyNodes.some((row) => row.within === id) || within);
  for (const row of [...faultyNodes.filter((one) => !long.includes(one)), ...long]) {
    test(`${row.id}: ${row.what}`, async () => {
      const outer = faultyNodes.find(({ id }) => id === row.within);
      if (outer !== undefined) lasting.set(outer.id, await begin(outer));
      const trial = lasting.get(row.id) ?? (await begin(row));
      try {
        await named(trial);
        bounded(trial);
      } finally {
        await heal(trial);
      }
      if (outer === undefined) await settled();
    }, 60_000);
  }

  test("on a random schedule of faults at both nodes, every deposit is paid once", async () => {
    const seed = Number(process.env["FAULTY_SEED"] ?? crypto.getRandomValues(new Uint32Array(1))[0]);
    console.log(`faulty nodes: seed ${seed} (FAULTY_SEED repeats its choices)`);
    const since = performance.now();
    const nodes = [world.btc, world.sky].map((proxy) => ({
      proxy,
      seen: proxy.seen(),
      spoiled: proxy.spoiled(),
    }));
    world.btc.arm(random(dice(seed), 0.2, anyBtcdFaults));
    world.sky.arm(random(dice(seed + 1), 0.15, anySkycoinFaults));
    const pause = dice(seed + 2);
    for (let next = since; next - since < scheduleMs; next += 200 + pause.below(800)) {
      await until("the next payment", () => performance.now() >= next);
      await world.pay(await world.bind());
    }
    const seconds = (performance.now() - since) / 1000;
    for (const { proxy, seen, spoiled } of nodes) {
      expect(proxy.spoiled() - spoiled).toBeGreaterThan(20);
      expect(proxy.seen() - seen).toBeLessThan(20 + perSecond.skycoin * seconds);
    }
    const before = world.made.length;
    const done = (await depositsOf(world.daemon)).filter(({ status }) => status === "done").length;
    console.log(`faulty nodes: ${done} of ${before} deposits done while it lasted`);
    await Promise.all([world.btc.heal(), world.sky.heal()]);
    await settled();
  }, 90_000);
});
