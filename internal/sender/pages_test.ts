import { expect, test } from "bun:test";
import { payoutOf } from "#internal/book";
import { testWorld } from "./testworld.ts";

test("more deposits than are read at a time share one payout, each of them once", async () => {
  const w = await testWorld();
  try {
    await w.turn();
    // The first page ends among those of one customer.
    const bound = [await w.owe(0, 1_000n), await w.owe(1, 1_000n)];
    const more = Array.from({ length: 1_008 }, (_, i) => w.owe(i < 698 ? 0 : 1, 1_000n));
    const ids = [...bound, ...(await Promise.all(more))];
    await w.turn();
    expect(w.store.read((reader) => payoutOf(reader, 1))?.deposits).toEqual(ids);
    w.block();
    await w.turn();
    expect([w.received(0), w.received(1)]).toEqual([699_000n, 311_000n]);
  } finally {
    await w.close();
  }
}, 30_000);
