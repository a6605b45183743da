import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seeded } from "../bench/random.ts";
import { buildRecorder, Disk, type Happening } from "../standin/recorder/mod.ts";
import { binary, depositsOf, get, until } from "./daemon.ts";
import { type Outcome, playCuts } from "./powercut_play.ts";
import { type Fact, factsOf, openWorld, type PowercutWorld } from "./powercut_world.ts";

/**
 * The executable runs under load with a recorder below it; then the power is cut, on paper, at hundreds of
 * points. Whatever had left the machine must be in the store that a cut leaves. `POWERCUT_SEED` plays the same
 * cuts again, `POWERCUT_COUNT` more of them.
 */
const dir = mkdtempSync(join(tmpdir(), "teller-recorder-"));
const library = buildRecorder(dir);
if (library === undefined) {
  if (process.env["CI"] === "true") throw new Error("no C compiler: the power cuts need cc");
  console.log("skipped: the power cuts need a C compiler (cc) to build the recorder");
}

const setting = (name: string, usual: number) => Number(process.env[name] || usual);
const seed = setting("POWERCUT_SEED", 1 + Math.floor(Math.random() * 1e8));
const count = setting("POWERCUT_COUNT", 300);
const controlCuts = 40;

const lifeMs = 2000;

describe.skipIf(library === undefined)("after a power cut", () => {
  let world: PowercutWorld;
  let log: Happening[] = [];
  let facts: Fact[] = [];

  beforeAll(async () => {
    console.log(`POWERCUT_SEED=${seed}`);
    binary();
    world = openWorld(library ?? "");
    const first = await world.live();
    await world.load(first, lifeMs);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    const second = await world.live();
    await world.load(second, lifeMs);
    // The power goes while payouts are under way.
    await second.kill();
    log = world.recorded();
    facts = factsOf(log, world.bound);
  }, 60_000);

  afterAll(async () => {
    await world?.close();
    rmSync(dir, { recursive: true });
  });

  test("the recorder has seen every write, every answer and every payout", () => {
    const disk = new Disk();
    for (const happening of log) disk.step(happening);
    expect(disk.whole().equals(readFileSync(world.store))).toBe(true);
    const ofKind = (kind: Fact["kind"]) => facts.filter((fact) => fact.kind === kind).length;
    expect(ofKind("bind")).toBe(world.bound.length);
    expect(ofKind("payout")).toBe(world.sky.requests("/api/v1/injectTransaction"));
    expect(ofKind("payout")).toBeGreaterThan(10);
    expect(ofKind("deposit")).toBeGreaterThan(ofKind("bind"));
  });

  const tell = (what: string, { looked, problems, facts: left }: Outcome) =>
    console.log(`${what}: ${looked} cuts, ${left} facts that had left, ${problems.length} with problems`);

  test("the store knows everything that had left the machine, and is whole", async () => {
    const outcome = await playCuts({ log, facts, count, random: seeded(seed) });
    tell(`${log.length} records`, outcome);
    expect(outcome.problems).toEqual([]);
    expect(outcome.looked).toBe(count);
  }, 200_000);

  const controls = [
    { what: "that ignores fdatasync", trust: { syncs: false, dsync: true } },
    { what: "that ignores O_DSYNC", trust: { syncs: true, dsync: false } },
    { what: "that ignores both", trust: { syncs: false, dsync: false } },
  ];
  for (const { what, trust } of controls) {
    test(`control: on a disk ${what}, things are lost`, async () => {
      const outcome = await playCuts({ log, facts, count: controlCuts, random: seeded(seed), trust });
      tell(what, outcome);
      expect(outcome.problems.length).toBeGreaterThan(0);
    }, 60_000);
  }

  test("the executable goes on with what is left, and pays each deposit once", async () => {
    const disk = new Disk();
    for (const happening of log) disk.step(happening);
    writeFileSync(world.store, disk.cut(seeded(seed)) ?? "");
    const life = await world.live(false);
    await until("all is done", async () => {
      const shown = await depositsOf({ ...life, dir: "", output: () => "" });
      return shown.length > 0 && shown.every(({ status }) => status === "done");
    });
    const shown = await get<{ deposits: { sky_address: string; sky_sent: number }[] }>(
      `${life.adminUrl}/api/deposits?limit=10000`,
    );
    expect(await life.stop()).toEqual({ code: 0, signal: null });
    for (const [sky, rows] of Map.groupBy(shown.deposits, (row) => row.sky_address)) {
      const sent = rows.reduce((sum, row) => sum + BigInt(row.sky_sent), 0n);
      expect({ sky, received: world.received(sky) }).toEqual({ sky, received: sent });
    }
  }, 60_000);
});
