import { afterEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { anchorOf, bind, importAddresses, openBook, startCursor } from "#internal/book";
import { customer, testWorld, type World } from "./testworld.ts";

/** freshCopy takes the store back to before its first payout: it has a binding, and no anchor. */
async function freshCopy(w: World): Promise<void> {
  await w.stop();
  await w.store.close();
  rmSync(join(w.dir, "teller.db"));
  const stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };
  w.store = await openBook(join(w.dir, "teller.db"), stamp);
  await w.store.write((tx) => {
    startCursor(tx, "BTC", { height: 0, hash: "h0" });
    importAddresses(tx, "BTC", [{ address: "a0", script: "s0" }]);
    bind(tx, { sky: customer(1), coin: "BTC", method: "direct", limit: 0, at: 1 });
  });
  await w.restart();
  await w.turn();
}

const held = (w: World) => [w.sender.state().error, w.store.read(anchorOf)] as const;

describe("a copy of the store from before its first payout pays nobody twice", () => {
  let w: World;
  afterEach(() => w.close());

  test("because the wallet has paid before", async () => {
    w = await testWorld({ outputs: [1000n] });
    await w.turn();
    await freshCopy(w);
    expect(held(w)).toEqual([expect.stringContaining("the wallet has paid before"), undefined]);
  });

  test("whatever the wallet got since: the change of a payout may be its smallest output", async () => {
    w = await testWorld({ outputs: [10_000_000n] });
    await w.turn();
    await w.owe(1, 9_000_000n);
    await w.turn();
    w.block();
    for (let i = 0; i < 21; i++) {
      w.topUp(20_000_000n);
      w.block();
    }
    await freshCopy(w);
    expect(held(w)).toEqual([expect.stringContaining("the wallet has paid before"), undefined]);
  });

  test("while the change of a payout is about to be spent", async () => {
    w = await testWorld({ outputs: [10_000_000n] });
    await w.turn();
    await w.owe(1, 1_000_000n);
    await w.turn();
    w.block();
    w.topUp(20_000_000n);
    w.block();
    await w.turn();
    await w.owe(2, 1_000_000n);
    await w.turn();
    await freshCopy(w);
    expect(held(w)).toEqual([expect.stringContaining("the wallet has paid before"), undefined]);
  });

  test("from a node that does not give what made the wallet's outputs", async () => {
    w = await testWorld({ outputs: [1000n] });
    await w.turn();
    w.node.rawTransaction = async () => undefined;
    await freshCopy(w);
    expect(held(w)).toEqual([expect.stringContaining("does not give"), undefined]);
  });
});
