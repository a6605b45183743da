import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { anchorOf, bind, importAddresses, openBook, startCursor } from "#internal/book";
import { customer, testWorld } from "./testworld.ts";

test("a copy of the store from before its first payout pays nobody twice", async () => {
  const w = await testWorld({ outputs: [1000n] });
  await w.turn();
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
  expect(w.sender.state().error).toContain("the wallet has paid before");
  expect(w.store.read(anchorOf)).toBeUndefined();
  await w.close();
});
