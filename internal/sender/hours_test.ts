import { afterEach, describe, expect, test } from "bun:test";
import { testWorld, type World } from "./testworld.ts";

let open: World[] = [];
afterEach(async () => {
  for (const world of open) await world.close();
  open = [];
});

const sky = 1_000_000n;
const tenMinutes = 600_000;

async function world(hours: bigint | ((i: number) => bigint), outputs = [100n * sky]): Promise<World> {
  const made = await testWorld({ outputs, hours });
  open.push(made);
  await made.turn();
  return made;
}

/** settle lets the publisher make a block of what was sent, and the sender see it. */
async function settle(w: World): Promise<void> {
  w.block();
  await w.turn();
}

const told = (w: World, why: string) =>
  w.log.lines.some((line) => line.includes("notice=WATCH") && line.includes(why));

describe("coin hours", () => {
  test("that are few make payouts rarer: one in ten minutes, and that is told", async () => {
    const w = await world(90n);
    const first = await w.owe(1, sky);
    await w.turn();
    await settle(w);
    expect(w.info(first).status).toBe("done");
    const second = await w.owe(2, sky);
    await w.turn();
    w.clock.skip(tenMinutes - 1000);
    await w.turn();
    expect(w.info(second).status).toBe("waiting_send");
    expect(w.sender.state().error).toContain("coin hours are low: payouts are rarer");
    expect(told(w, "coin hours are low")).toBe(true);
    w.clock.skip(1000);
    await w.turn();
    await settle(w);
    expect(w.info(second).status).toBe("done");
    expect([w.received(1), w.received(2)]).toEqual([sky, sky]);
  });

  test("that are enough keep nobody waiting", async () => {
    const w = await world(1000n);
    for (const i of [1, 2]) {
      const id = await w.owe(i, sky);
      await w.turn();
      await settle(w);
      expect(w.info(id).status).toBe("done");
    }
  });

  test("that are none: nothing is built, and a person is told", async () => {
    const w = await world(0n);
    const id = await w.owe(1, sky);
    await w.turn();
    expect(w.info(id).status).toBe("waiting_send");
    expect(w.sender.state().error).toContain("the wallet has no coin hours");
    expect(told(w, "has no coin hours")).toBe(true);
    expect(w.faulty.injected).toEqual([]);
  });

  test("in one small output count, however many larger ones without hours the wallet has", async () => {
    const many = Array.from({ length: 150 }, (_, i) => sky + BigInt(i) * 1000n);
    const w = await world((i) => (i === many.length ? 5000n : 0n), [...many, 1000n]);
    const id = await w.owe(1, sky);
    await w.turn();
    await settle(w);
    expect([w.info(id).status, w.sender.state().error]).toEqual(["done", ""]);
    const large = await w.owe(2, 120n * sky);
    for (let i = 0; i < 4; i++) {
      await w.turn();
      await settle(w);
    }
    expect(w.info(large).status).toBe("done");
    expect([w.received(1), w.received(2)]).toEqual([sky, 120n * sky]);
  });
});
