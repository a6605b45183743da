import { describe, expect, test } from "bun:test";
import { manualClock, systemClock } from "#internal/clock";
import { bell } from "./mod.ts";

const never = new AbortController().signal;
const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

/** waiting tells whether a wait has ended. */
function waiting(promise: Promise<void>): { ended: () => boolean } {
  let ended = false;
  void promise.then(() => {
    ended = true;
  });
  return { ended: () => ended };
}

describe("a bell", () => {
  test("that nobody rings lets the sleeper sleep its period", async () => {
    const clock = manualClock();
    const wait = waiting(bell(clock).wait(1000, never));
    await clock.advance(999);
    expect(wait.ended()).toBe(false);
    await clock.advance(1);
    expect(wait.ended()).toBe(true);
  });

  test("wakes the sleeper", async () => {
    const made = bell(manualClock());
    const wait = waiting(made.wait(1000, never));
    await soon();
    expect(wait.ended()).toBe(false);
    made.ring();
    await soon();
    expect(wait.ended()).toBe(true);
  });

  test("that was rung before keeps the next sleep from beginning, and only that one", async () => {
    const made = bell(manualClock());
    made.ring();
    made.ring();
    await made.wait(1000, never);
    const wait = waiting(made.wait(1000, never));
    await soon();
    expect(wait.ended()).toBe(false);
    made.ring();
    await soon();
    expect(wait.ended()).toBe(true);
  });

  test("that wakes a sleeper is used up by that", async () => {
    const made = bell(manualClock());
    const first = made.wait(1000, never);
    made.ring();
    await first;
    const second = waiting(made.wait(1000, never));
    await soon();
    expect(second.ended()).toBe(false);
    made.ring();
  });

  test("does not hold up a part that is to stop", async () => {
    const made = bell(manualClock());
    const stop = new AbortController();
    const wait = made.wait(1000, stop.signal);
    stop.abort();
    await wait;
    await made.wait(1000, stop.signal);
  });

  test("is never missed by a loop that looks after each wait", async () => {
    const made = bell(systemClock);
    const stop = new AbortController();
    let work = 0;
    let done = 0;
    const loop = async () => {
      while (!stop.signal.aborted) {
        while (done < work) {
          done += 1;
          await soon();
        }
        await made.wait(60_000, stop.signal);
      }
    };
    const running = loop();
    for (let i = 0; i < 500; i++) {
      work += 1;
      made.ring();
      if (i % 3 === 0) await soon();
      if (i % 7 === 0) await Promise.resolve();
    }
    for (let i = 0; done < work && i < 5000; i++) await soon();
    expect(done).toBe(work);
    stop.abort();
    await running;
  });
});
