import { afterEach, describe, expect, test } from "bun:test";
import { payoutOf } from "#internal/book";
import { down, testWorld, type World } from "./testworld.ts";

let open: World | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

const sky = 1_000_000n;

describe("an input that the node does not know at all", () => {
  test("proves nothing: the payout stays open, and its bytes are the same when the node knows more", async () => {
    const w = await testWorld({ outputs: [100n * sky, 50n * sky] });
    open = w;
    await w.turn();
    const before = w.ledger.snapshot();
    await w.owe(1, sky);
    await w.turn();
    w.block();
    await w.turn();
    w.faulty.before = (call) => {
      if (call === "inject") throw down();
    };
    const id = await w.owe(2, sky);
    await w.turn();
    const signed = w.store.read((reader) => payoutOf(reader, 2));
    const known = w.ledger;
    // A copy from before the first payout knows nothing of its change, which the second one spends.
    w.ledger = before.open();
    w.faulty.before = () => {};
    for (let i = 0; i < 3; i++) await w.turn();
    expect(w.store.read((reader) => payoutOf(reader, 2))).toMatchObject({
      state: "signed",
      raw: signed?.raw ?? "",
    });
    expect(w.info(id).status).toBe("waiting_confirm");
    w.ledger = known;
    await w.turn();
    w.block();
    await w.turn();
    expect(w.info(id)).toMatchObject({ status: "done", txid: signed?.txid ?? "" });
    expect([w.received(1), w.received(2)]).toEqual([sky, sky]);
  });
});
