import { afterEach, describe, expect, test } from "bun:test";
import { manualClock } from "#internal/clock";
import { patience } from "./patience.ts";
import { testWorld, type World } from "./testworld.ts";

let open: World[] = [];
afterEach(async () => {
  for (const world of open) await world.close();
  open = [];
});

const sky = 1_000_000n;
const hour = 3_600_000;
const day = 24 * hour;

describe("patience with a deposit that is too large", () => {
  test("is over an hour after it was seen first, and not before", () => {
    const clock = manualClock();
    const kept = patience(clock);
    expect(kept.overdue()).toBeUndefined();
    kept.saw("large");
    clock.skip(hour - 1);
    kept.saw("large");
    expect(kept.overdue()).toBeUndefined();
    clock.skip(1);
    expect(kept.overdue()).toBe("large");
  });

  test("begins anew with another deposit, and when there was none", () => {
    const clock = manualClock();
    const kept = patience(clock);
    kept.saw("large");
    clock.skip(hour);
    kept.saw("other");
    expect(kept.overdue()).toBeUndefined();
    clock.skip(hour);
    expect(kept.overdue()).toBe("other");
    kept.saw(undefined);
    kept.saw("other");
    expect(kept.overdue()).toBeUndefined();
  });
});

describe("a wall clock that jumps", () => {
  /** A balance of ten, a deposit of fifty that was seen to be too large, and a younger one that would fit. */
  async function passedOver(): Promise<{ w: World; young: () => Promise<string> }> {
    const w = await testWorld({ outputs: [10n * sky] });
    open.push(w);
    await w.turn();
    const large = await w.owe(1, 50n * sky);
    await w.turn();
    expect(w.sender.state().error).toContain(large);
    const young = async () => {
      const id = await w.owe(2, sky);
      await w.turn();
      w.block();
      await w.turn();
      return w.info(id).status;
    };
    return { w, young };
  }

  test("a day ahead keeps nobody behind a deposit that has not been too large for an hour", async () => {
    const { w, young } = await passedOver();
    w.clock.jump(day);
    expect(await young()).toBe("done");
    w.clock.skip(hour);
    expect(await young()).toBe("waiting_send");
  });

  test("a day back lets nobody overtake a deposit that has been too large for an hour", async () => {
    const { w, young } = await passedOver();
    w.clock.jump(-day);
    expect(await young()).toBe("done");
    w.clock.skip(hour);
    expect(await young()).toBe("waiting_send");
    w.refill();
    w.block();
    for (let i = 0; i < 3; i++) {
      await w.turn();
      w.block();
    }
    expect([w.received(1), w.received(2)]).toEqual([50n * sky, 2n * sky]);
  });
});
