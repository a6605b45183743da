import { describe, expect, test } from "bun:test";
import { manualClock, systemClock, unixSeconds } from "./mod.ts";

/** soon lets everything run that is ready now. */
const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a manual clock", () => {
  test("stands still until it is moved", async () => {
    const clock = manualClock(1_000_500);
    expect([clock.now(), clock.mono(), unixSeconds(clock)]).toEqual([1_000_500, 0, 1000]);
    await clock.advance(1500);
    expect([clock.now(), clock.mono(), unixSeconds(clock)]).toEqual([1_002_000, 1500, 1002]);
  });

  test("wakes sleepers in the order of their times, each at its own time", async () => {
    const clock = manualClock(0);
    const woken: [string, number][] = [];
    const sleeper = async (name: string, ms: number) => {
      await clock.sleep(ms);
      woken.push([name, clock.mono()]);
    };
    const all = [sleeper("late", 300), sleeper("early", 100), sleeper("middle", 200), sleeper("never", 301)];
    await clock.advance(99);
    expect(woken).toEqual([]);
    await clock.advance(201);
    expect(woken).toEqual([
      ["early", 100],
      ["middle", 200],
      ["late", 300],
    ]);
    await clock.advance(1);
    await Promise.all(all);
  });

  test("lets a woken sleeper sleep again within the same move", async () => {
    const clock = manualClock(0);
    const times: number[] = [];
    const loop = async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(100);
        times.push(clock.mono());
      }
    };
    const running = loop();
    await clock.advance(1000);
    await running;
    expect(times).toEqual([100, 200, 300]);
    expect(clock.mono()).toBe(1000);
  });

  test("jumps in wall time alone", async () => {
    const clock = manualClock(5000);
    let woken = false;
    const sleeping = clock.sleep(10).then(() => {
      woken = true;
    });
    clock.jump(-4000);
    await soon();
    expect([clock.now(), clock.mono(), woken]).toEqual([1000, 0, false]);
    await clock.advance(10);
    await sleeping;
    expect([clock.now(), clock.mono(), woken]).toEqual([1010, 10, true]);
  });

  test("a sleeper whose signal aborts wakes at once, and one that comes too late never sleeps", async () => {
    const clock = manualClock(0);
    const stop = new AbortController();
    const sleeping = clock.sleep(1000, stop.signal);
    stop.abort();
    await sleeping;
    await clock.sleep(1000, stop.signal);
    expect(clock.mono()).toBe(0);
  });
});

describe("the machine's clock", () => {
  test("goes forward and sleeps at least as long as asked", async () => {
    const before = systemClock.mono();
    await systemClock.sleep(5);
    expect(systemClock.mono() - before).toBeGreaterThanOrEqual(4);
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
  });

  test("a sleep longer than a timer can count does not end at once", async () => {
    const stop = new AbortController();
    let ended = false;
    const sleeping = systemClock.sleep(2 ** 40, stop.signal).then(() => {
      ended = true;
    });
    await systemClock.sleep(5);
    expect(ended).toBe(false);
    stop.abort();
    await sleeping;
    expect(ended).toBe(true);
  });

  test("a signal that has aborted lets nobody sleep", async () => {
    await systemClock.sleep(2 ** 40, AbortSignal.abort());
  });

  test("less than nothing is a sleep of no time", async () => {
    await systemClock.sleep(-5);
  });
});
