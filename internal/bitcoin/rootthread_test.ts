import { expect, test } from "bun:test";
import { manualClock } from "#internal/clock";
import { recordingLog } from "#internal/log";
import { rootReader } from "./roots.ts";
import { type Bytes, rootThread } from "./rootthread.ts";
import { randomBlock, seeded } from "./testblocks.ts";
import { BadBlock } from "./walk.ts";

const files = `${import.meta.dir}/testdata`;

/** bytesOf gives a block in memory of its own. */
function bytesOf(seed: number, transactions = 20): Bytes {
  const block = randomBlock(seeded(seed), transactions).toBuffer();
  const raw = Buffer.allocUnsafeSlow(block.length);
  raw.set(block);
  return raw;
}

function world(file?: string) {
  const clock = manualClock();
  const log = recordingLog();
  const stop = new AbortController();
  const thread = rootThread({ clock, log: log.logger, ...(file === undefined ? {} : { file }) });
  const again: number[] = [];
  const rootOf = (seed: number, raw = bytesOf(seed)) => {
    const bringBack = () => {
      again.push(seed);
      return bytesOf(seed);
    };
    return thread.rootOf(raw, bringBack, stop.signal);
  };
  const told = () => log.lines.map((line) => [started, ended, fallen].find((text) => line.includes(text)));
  return { clock, log, told, stop, rootOf, again };
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const rootHere = (seed: number) => rootReader()(bytesOf(seed));
const started = "merkle roots are computed on a thread of their own";
const ended = "the thread for merkle roots ends";
const fallen = "merkle roots are computed on the main thread from now on";

test("the thread gives each block the root that the main thread gives it, and takes the bytes away", async () => {
  const { rootOf, again, log, told, stop } = world();
  const given = seeds.map((seed) => bytesOf(seed));
  const roots = await Promise.all(given.map((raw, i) => rootOf(seeds[i] ?? 0, raw)));
  expect(roots).toEqual(seeds.map(rootHere));
  expect(given.map((raw) => raw.length)).toEqual(seeds.map(() => 0));
  expect(again).toEqual([]);
  stop.abort();
  expect(told()).toEqual([started, ended]);
  expect(log.lines.at(-1)).toContain(`blocks=${seeds.length}`);
});

test("what the thread finds bad is as bad as on the main thread, and the next block is read", async () => {
  const { rootOf, told } = world();
  const [cut, good] = [bytesOf(1), bytesOf(2)];
  const shorter = Buffer.from(cut.buffer.slice(0, cut.length - 1));
  const wrong = rootOf(1, shorter);
  const right = rootOf(2, good);
  await expect(wrong).rejects.toBeInstanceOf(BadBlock);
  await expect(wrong).rejects.toThrow(`cut off at byte ${cut.length - 1}`);
  expect(await right).toBe(rootHere(2));
  expect(told()).toEqual([started]);
});

const failures = [
  { name: "cannot be started", file: `${files}/no_such_thread.js` },
  { name: "dies over a block", file: `${files}/dying_thread.js` },
];
for (const { name, file } of failures) {
  test(`when the thread ${name}, the main thread does its work, which is told once`, async () => {
    const { rootOf, told, again } = world(file);
    expect(await Promise.all(seeds.map((seed) => rootOf(seed)))).toEqual(seeds.map(rootHere));
    expect(again).toEqual(seeds);
    expect(await rootOf(9)).toBe(rootHere(9));
    expect(again).toEqual(seeds);
    expect(told()).toEqual([started, fallen]);
  });
}

test("a thread that does not answer within a minute or so is given up", async () => {
  const { rootOf, told, clock, again } = world(`${files}/silent_thread.js`);
  const root = rootOf(1);
  await clock.advance(50_000);
  expect(told()).toEqual([started]);
  await clock.advance(20_000);
  expect(await root).toBe(rootHere(1));
  expect(again).toEqual([1]);
  expect(told()).toEqual([started, fallen]);
});

test("a thread that has nothing to do ends, and another is started when there is something", async () => {
  const { rootOf, told, clock, stop } = world();
  expect(await rootOf(1)).toBe(rootHere(1));
  await clock.advance(70_000);
  expect(told()).toEqual([started, ended]);
  expect(await rootOf(2)).toBe(rootHere(2));
  stop.abort();
  expect(told()).toEqual([started, ended, started, ended]);
});

test("a thread that is told to stop answers what it was asked; afterwards none is started", async () => {
  const { rootOf, told, stop, again } = world();
  const roots = Promise.all(seeds.map((seed) => rootOf(seed)));
  stop.abort();
  expect(await roots).toEqual(seeds.map(rootHere));
  expect(again).toEqual([]);
  expect(await rootOf(9)).toBe(rootHere(9));
  expect(told()).toEqual([started, ended]);
});
