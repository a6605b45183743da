import { expect, test } from "bun:test";
import fc from "fast-check";
import { slidingWindow } from "./window.ts";

const steps = fc.array(
  fc.record({
    client: fc.constantFrom("a", "b", "c"),
    wait: fc.oneof(fc.constant(0), fc.nat(40), fc.nat(1500)),
  }),
  { maxLength: 400 },
);
const durationMs = 1000;

/** The times at which each client was let through by the window under test. */
function run(max: number, walk: readonly { client: string; wait: number }[]) {
  let time = 0;
  const window = slidingWindow({ max, durationMs, clients: 100, now: () => time });
  return walk.map(({ client, wait }) => {
    time += wait;
    return { client, time, waitMs: window.take(client) };
  });
}

test("up to 64 requests the window is exactly the naive one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), steps, (max, walk) => {
      const through = new Map<string, number[]>();
      for (const { client, time, waitMs } of run(max, walk)) {
        const recent = (through.get(client) ?? []).filter((t) => t > time - durationMs);
        expect(waitMs === 0).toBe(recent.length < max);
        // What it says is when the next one gets through, and not a moment earlier.
        if (waitMs > 0) expect(waitMs).toBe((recent[recent.length - max] ?? Number.NaN) + durationMs - time);
        if (waitMs === 0) recent.push(time);
        through.set(client, recent);
      }
    }),
    { numRuns: 200 },
  );
});

test("with any limit never more than it in any window, and nobody below 63/64 of it is refused", () => {
  // Dense enough that limits of several hundred are reached.
  const dense = fc.array(
    fc.oneof({ weight: 50, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(1200) }),
    { minLength: 500, maxLength: 1500, size: "max" },
  );
  let refused = 0;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), dense, (max, waits) => {
      const through: number[] = [];
      for (const { time, waitMs } of run(
        max,
        waits.map((wait) => ({ client: "a", wait })),
      )) {
        if (waitMs === 0) through.push(time);
        const recent = through.filter((t) => t > time - durationMs).length;
        expect(recent).toBeLessThanOrEqual(max);
        if (waitMs === 0) continue;
        refused++;
        expect(recent).toBeGreaterThan(max - Math.ceil(max / 64));
      }
    }),
    { numRuns: 30 },
  );
  expect(refused).toBeGreaterThan(0);
});

test("it never remembers more clients than told, and forgets those whose window is over", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 300 }), (clients) => {
      let time = 0;
      const window = slidingWindow({ max: 2, durationMs, clients: 10, now: () => time });
      for (const client of clients) {
        window.take(String(client));
        time += 10;
        expect(window.remembered).toBeLessThanOrEqual(10);
      }
      for (let i = 0; i < 11; i++) {
        time += durationMs + 1;
        window.take("last");
      }
      expect(window.remembered).toBe(1);
    }),
    { numRuns: 100 },
  );
});
