import { afterEach, describe, expect, test } from "bun:test";
import { anchorOf, moveAnchor } from "#internal/book";
import { droplet } from "#internal/money";
import { down, hotAddress, testWorld, type World } from "./testworld.ts";

const sky = 1_000_000n;

let open: World[] = [];
afterEach(async () => {
  for (const world of open) await world.close();
  open = [];
});

async function world(options: Parameters<typeof testWorld>[0] = {}): Promise<World> {
  const made = await testWorld(options);
  open.push(made);
  return made;
}

const anchor = (w: World) => w.store.read(anchorOf)?.uxid ?? "";
const view = (w: World) => w.sender.state().ledger;

describe("what the ledger says of the store", () => {
  test("is nothing before the node answers, and that they agree from then on", async () => {
    const w = await world();
    w.faulty.before = () => {
      throw down();
    };
    await w.restart();
    await w.turn();
    expect(view(w)).toBe("unseen");
    w.faulty.before = () => {};
    await w.turn();
    expect(view(w)).toBe("agrees");
    w.faulty.before = () => {
      throw down();
    };
    await w.turn();
    expect(view(w)).toBe("agrees");
  });

  test("is nothing while the node does not know the anchor yet", async () => {
    const w = await world();
    const young = w.ledger.snapshot();
    await w.turn();
    await w.owe(1, sky);
    await w.turn();
    w.block();
    await w.turn();
    w.ledger = young.open();
    await w.restart();
    await w.turn();
    expect([view(w), w.sender.state().error]).toEqual(["unseen", expect.stringContaining("behind")]);
  });

  test("is that they differ when somebody else is about to spend the anchor, and when it is spent", async () => {
    const w = await world();
    await w.turn();
    w.spendAsStranger(anchor(w));
    await w.turn();
    expect(view(w)).toBe("differs");
    w.block();
    await w.turn();
    expect(view(w)).toBe("differs");
    await w.restart();
    await w.turn();
    expect(view(w)).toBe("differs");
  });

  for (const [name, hindered] of [
    ["sending is off", { sendEnabled: false }],
    ["no chain was looked at", {}],
  ] as const) {
    test(`is told also while ${name}`, async () => {
      const w = await world(hindered);
      if (!("sendEnabled" in hindered)) w.unseen = ["BTC"];
      await w.restart();
      await w.turn();
      expect(view(w)).toBe("agrees");
      w.spendAsStranger(anchor(w));
      w.block();
      await w.turn();
      expect([view(w), w.sender.state().error]).toEqual([
        "differs",
        expect.stringContaining("which this store does not know"),
      ]);
    });
  }

  test("is that they agree while a payout of ours is open, and differ when its anchor was spent by another", async () => {
    const w = await world();
    await w.turn();
    w.faulty.before = (call) => {
      if (call === "inject") throw down();
    };
    await w.owe(1, sky);
    await w.turn();
    await w.restart();
    w.faulty.before = () => {};
    await w.turn();
    expect(view(w)).toBe("agrees");
    w.faulty.before = (call) => {
      if (call === "inject") throw down();
    };
    await w.owe(2, sky);
    w.block();
    await w.turn();
    w.spendAsStranger(anchor(w));
    w.block();
    w.faulty.before = () => {};
    await w.turn();
    expect(view(w)).toBe("differs");
  });
});

describe("the first anchor", () => {
  test("is chosen when the node is first met, although sending is off", async () => {
    const w = await world({ sendEnabled: false });
    await w.turn();
    expect(anchor(w)).not.toBe("");
  });

  test("is chosen before the chains were looked at, so that nobody is bound before it", async () => {
    const w = await world();
    await w.stop();
    w.unseen = ["BTC"];
    await w.restart();
    await w.turn();
    expect(anchor(w)).not.toBe("");
  });
});

describe("a node that does not know the anchor", () => {
  /** An anchor that this node has never seen, as one has it that lags behind. */
  async function unknownAnchor(w: World): Promise<void> {
    await w.turn();
    const to = { uxid: "ab".repeat(32), address: hotAddress, coins: droplet(1000n) };
    const who = { who: "ann", why: "a test", at: 1 };
    await w.store.write((tx) => moveAnchor(tx, anchor(w), to, who));
    await w.restart();
    await w.turn();
  }

  test("keeps binding closed and is told, also while sending is off", async () => {
    const w = await world({ sendEnabled: false });
    await unknownAnchor(w);
    expect([view(w), w.sender.state().error]).toEqual(["unseen", expect.stringContaining("does not know")]);
  });

  test("says nothing of a store whose payout is open: it may be an old copy", async () => {
    const w = await world();
    await w.turn();
    await w.owe(1, sky);
    await w.turn();
    const { uxout } = w.node;
    w.node.uxout = async (uxid, signal) => (uxid === anchor(w) ? undefined : uxout(uxid, signal));
    await w.restart();
    await w.turn();
    expect(view(w)).toBe("unseen");
    w.node.uxout = uxout;
    await w.turn();
    expect(view(w)).toBe("agrees");
  });
});

describe("a wallet that was never filled", () => {
  test("is told, also while sending is off, and keeps binding closed until it is", async () => {
    const w = await world({ sendEnabled: false, outputs: [] });
    await w.turn();
    const empty = expect.stringContaining("the hot wallet is empty");
    expect([view(w), w.sender.state().error]).toEqual(["empty", empty]);
    w.topUp(sky);
    w.block();
    await w.turn();
    expect([view(w), w.sender.state().error]).toEqual(["agrees", ""]);
    expect(anchor(w)).not.toBe("");
  });
});

describe("a store", () => {
  test("with bindings and no anchor is not whole: nothing is paid, nobody is bound", async () => {
    const w = await world({ outputs: [] });
    await w.owe(1, sky);
    w.topUp(100n * sky);
    w.block();
    await w.turn();
    expect([view(w), w.sender.state().error]).toEqual(["differs", expect.stringContaining("no anchor")]);
    expect([anchor(w), w.received(1)]).toEqual(["", 0n]);
  });
});
