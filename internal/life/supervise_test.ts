import { describe, expect, test } from "bun:test";
import { manualClock } from "#internal/clock";
import { Broken, Fault } from "#internal/fault";
import { type Part, type PartFailure, supervise } from "./mod.ts";

const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

/** untilAborted is a part that does as it is told. */
function untilAborted(name: string, onEnd: () => void = () => {}): Part {
  return {
    name,
    run: (signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          onEnd();
          resolve();
        });
      }),
  };
}

/** failureOf gives what `failed` says by now, or undefined while it is pending. */
async function failureOf(failed: Promise<PartFailure>): Promise<PartFailure | undefined> {
  await soon();
  return Promise.race([failed, Promise.resolve(undefined)]);
}

describe("parts that are supervised", () => {
  test("run until they are told to stop", async () => {
    const ended: string[] = [];
    const running = supervise(
      ["a", "b"].map((name) => untilAborted(name, () => ended.push(name))),
      manualClock(),
    );
    expect(await failureOf(running.failed)).toBeUndefined();
    expect(ended).toEqual([]);
    running.stop();
    expect(await running.ended(1000)).toBe(true);
    expect(ended).toEqual(["a", "b"]);
    expect(await failureOf(running.failed)).toBeUndefined();
  });

  test("one that ends although nobody asked has failed, and the others are stopped", async () => {
    const ended: string[] = [];
    const running = supervise(
      [untilAborted("good", () => ended.push("good")), { name: "lazy", run: async () => {} }],
      manualClock(),
    );
    const failure = await running.failed;
    expect(failure.part).toBe("lazy");
    expect(failure.cause).toEqual(new Broken("lazy ended although nobody asked"));
    expect(await running.ended(1000)).toBe(true);
    expect(ended).toEqual(["good"]);
  });

  test("one that throws has failed with what it threw, and the others are stopped", async () => {
    const ended: string[] = [];
    const cause = new Fault("db.write", "stop", "the disk is full");
    const throwing: Part = { name: "store", run: () => Promise.reject(cause) };
    const running = supervise([throwing, untilAborted("good", () => ended.push("good"))], manualClock());
    expect(await running.failed).toEqual({ part: "store", cause });
    expect(await running.ended(1000)).toBe(true);
    expect(ended).toEqual(["good"]);
  });

  test("one that throws before its first await has failed like any other", async () => {
    const cause = new Error("at once");
    const running = supervise(
      [
        {
          name: "quick",
          run: () => {
            throw cause;
          },
        },
      ],
      manualClock(),
    );
    expect(await running.failed).toEqual({ part: "quick", cause });
  });

  test("the first failure is told, those that follow from it are not", async () => {
    const follower: Part = {
      name: "follower",
      run: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("interrupted")));
        }),
    };
    const running = supervise([follower, { name: "first", run: async () => {} }], manualClock());
    expect((await running.failed).part).toBe("first");
    expect(await running.ended(1000)).toBe(true);
  });

  test("an error while stopping is no failure, but a broken invariant always is", async () => {
    const whileStopping = (name: string, error: Error): Part => ({
      name,
      run: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(error));
        }),
    });
    const calm = supervise([whileStopping("calm", new Error("cut off"))], manualClock());
    calm.stop();
    expect(await calm.ended(1000)).toBe(true);
    expect(await failureOf(calm.failed)).toBeUndefined();
    const broken = supervise([whileStopping("broken", new Broken("torn"))], manualClock());
    broken.stop();
    expect(await failureOf(broken.failed)).toEqual({ part: "broken", cause: new Broken("torn") });
  });

  test("one that stops late is not waited for beyond the deadline", async () => {
    const clock = manualClock();
    let finish: () => void = () => {};
    const late: Part = {
      name: "late",
      run: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    };
    const running = supervise([late, untilAborted("good")], clock);
    running.stop();
    const ended = running.ended(40_000);
    await clock.advance(39_999);
    let answer: boolean | undefined;
    void ended.then((value) => {
      answer = value;
    });
    await soon();
    expect(answer).toBeUndefined();
    await clock.advance(1);
    expect(await ended).toBe(false);
    finish();
    expect(await running.ended(1000)).toBe(true);
  });
});
