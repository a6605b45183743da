import { afterEach, describe, test } from "bun:test";
import { addressText, txidOf } from "#internal/skycoin";
import { refused, said, signal } from "./testsaid.ts";
import { customer, sky, testWorld, type World } from "./testworld.ts";

let open: World[] = [];
afterEach(async () => {
  for (const one of open) await one.close();
  open = [];
});

async function world(sizes?: readonly bigint[]): Promise<World> {
  const made = await testWorld(sizes);
  open.push(made);
  return made;
}

const foreign = (w: World, txid: string) => w.operator.foreign(txid, said, signal);

describe("foreign after a transaction that left no change", () => {
  test("is refused while the wallet pays by something that is not confirmed, which may be a payout of ours", async () => {
    const w = await world([10n * sky, 100n * sky, 50n * sky]);
    await w.owe(1, sky);
    const other = w.ledger.unspent().find(({ coins }) => coins === 100n * sky)?.uxid ?? "";
    const person = w.spend(w.anchor().uxid, [], { keep: false });
    w.bury(2);
    w.pend(w.spend(other, [[customer(1), sky]], { block: false }));
    await refused(w, () => foreign(w, txidOf(person)), "is not confirmed yet");
  });

  test("is refused where the node does not know what a transaction spent: it may be the wallet's", async () => {
    const w = await world([10n * sky, 100n * sky, 50n * sky]);
    await w.owe(1, sky);
    const other = w.ledger.unspent().find(({ coins }) => coins === 100n * sky)?.uxid ?? "";
    const person = w.spend(w.anchor().uxid, [], { keep: false });
    const ours = w.spend(other, [[customer(1), sky]]);
    w.spend(w.change(ours), []);
    w.bury(2);
    w.lies.uxout = async (uxid) => {
      const output = uxid === other ? undefined : w.ledger.output(uxid);
      if (output === undefined) return undefined;
      const { coins, srcTx, spent } = output;
      return { uxid, address: addressText(output.address), coins, srcTx, spent };
    };
    await refused(w, () => foreign(w, txidOf(person)), "does not know");
    delete w.lies.uxout;
    await refused(w, () => foreign(w, txidOf(person)), "whose deposits wait for SKY here");
  });
});
