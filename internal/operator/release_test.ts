import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { totalsOf } from "#internal/book";
import { refused, said, told } from "./testsaid.ts";
import { sky, testWorld, type World } from "./testworld.ts";

let w: World;
beforeEach(async () => {
  w = await testWorld();
});
afterEach(() => w.close());

describe("release", () => {
  test("lets a held deposit go on, wakes the sender, and keeps who and why", async () => {
    const id = await w.owe(1, sky);
    await w.mark(id, "held");
    expect(await w.operator.release(id, said)).toEqual({
      ok: true,
      value: `${id} goes on; it was held: look`,
    });
    expect([w.info(id).held, w.store.read(totalsOf).attention, w.changed]).toEqual(["", 0, 1]);
    told(w, { type: "deposit_released", subject: id });
  });

  test("is refused for what waits for nobody, and changes nothing", async () => {
    const id = await w.owe(1, sky);
    await refused(w, () => w.operator.release(id, said), `${id} waits for nobody`);
    await refused(w, () => w.operator.release("x", said), "there is no credited deposit x");
  });
});
