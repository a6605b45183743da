import { afterEach, describe, expect, test } from "bun:test";
import {
  anchorOf,
  payoutOf,
  setSkyHead,
  settlePayout,
  signPayout,
  skyChain,
  unconfirmedPayouts,
} from "#internal/book";
import { noCrash } from "#internal/life";
import { droplet, hours } from "#internal/money";
import { memoryNode, stockRules } from "#internal/skycoin";
import { compareHeads } from "./meet.ts";
import { sender } from "./mod.ts";
import { down, hotAddress, testWorld, type World } from "./testworld.ts";

let open: World[] = [];
afterEach(async () => {
  for (const world of open) await world.close();
  open = [];
});

async function world(options: Parameters<typeof testWorld>[0] = {}): Promise<World> {
  const made = await testWorld(options);
  open.push(made);
  await made.turn();
  return made;
}

const openPayout = (w: World) => w.store.read((reader) => unconfirmedPayouts(reader, 1))[0];
const sky = 1_000_000n;
const late = 900_000;

/** depsOf is what a sender of this world gets, over a node of its own. */
function depsOf(w: World, node = memoryNode(w.ledger, { clock: w.clock, rules: stockRules })) {
  const { store, signer, clock } = w;
  return {
    ...{ store, signer, clock, node, log: w.log.logger, crash: noCrash },
    ...{ waitMs: 1000, unseen: () => [], sendEnabled: true },
  };
}

describe("an outage", () => {
  test("between signing and the first sending is no waiting: the bytes are sent before they are replaced", async () => {
    const w = await world({ outputs: [100n * sky] });
    w.faulty.before = (call) => {
      if (call === "inject") throw down();
    };
    await w.owe(1, sky);
    await w.turn();
    const signed = openPayout(w);
    w.clock.skip(late);
    await w.stop();
    w.faulty.before = () => {};
    await w.restart();
    await w.turn();
    expect(openPayout(w)).toMatchObject({ txid: signed?.txid ?? "", earlier: [] });
    expect(w.faulty.injected.at(-1)).toBe(signed?.raw ?? "");
    w.clock.skip(late);
    await w.turn();
    expect(openPayout(w)?.earlier).toHaveLength(1);
  });

  test("that leaves the node on an older copy replaces nothing until it has caught up", async () => {
    const w = await world({ outputs: [100n * sky, 5n * sky] });
    const old = w.ledger.snapshot();
    const other = w.ledger.unspent().find((output) => output.coins === 5n * sky);
    w.spendAsStranger(other?.uxid ?? "");
    w.block();
    await w.owe(1, sky);
    await w.turn();
    const ours = w.ledger;
    w.ledger = old.open();
    for (let i = 0; i < 2; i++) {
      w.clock.skip(late);
      await w.turn();
    }
    expect(openPayout(w)?.earlier).toEqual([]);
    expect(w.sender.state().error).toContain("it is behind, or an older copy");
    w.ledger = ours;
    await w.turn();
    expect(openPayout(w)?.earlier).toHaveLength(1);
  });
});

describe("what nobody foresaw of a node", () => {
  test("as hours beyond 64 bits is told, ends nothing, and is over when the node tells the truth", async () => {
    const w = await world({ outputs: [100n * sky, 50n * sky, 40n * sky] });
    const honest = w.ledger;
    const most = hours(2n ** 64n - 1n);
    w.ledger = {
      ...honest,
      unspent: (...asked) => honest.unspent(...asked).map((output) => ({ ...output, hours: most })),
    };
    await w.stop();
    const ids = [await w.owe(1, 180n * sky), await w.owe(2, sky)];
    await w.restart();
    await w.turn();
    expect(w.sender.state().error).not.toBe("");
    expect(ids.map((id) => w.info(id).status)).toEqual(["waiting_send", "waiting_send"]);
    w.ledger = honest;
    await w.turn();
    w.block();
    await w.turn();
    expect(w.sender.state().error).toBe("");
    expect([w.received(1), w.received(2)]).toEqual([180n * sky, sky]);
  });
});

describe("a node that takes small transactions only", () => {
  const many = Array.from({ length: 90 }, (_, i) => 2n * sky + BigInt(i) * 1000n);

  async function paidUnder(maxSize: number) {
    const w = await world({ outputs: many });
    await w.stop();
    const id = await w.owe(1, sky);
    const node = memoryNode(w.ledger, { clock: w.clock, rules: { ...stockRules, maxSize } });
    const small = sender(depsOf(w, node));
    const stop = new AbortController();
    const idle = w.clock.nextSleep();
    const running = small.part.run(stop.signal);
    await idle;
    stop.abort();
    await running;
    return { status: w.info(id).status, error: small.state().error };
  }

  test("is paid through, however many outputs the wallet has", async () => {
    expect(await paidUnder(16_384)).toEqual({ status: "waiting_confirm", error: "" });
  });

  test("is told when not even one customer fits", async () => {
    const { status, error } = await paidUnder(600);
    expect(status).toBe("waiting_send");
    expect(error).toContain("leaves no room for a payout");
  });
});

test("a replacement that takes more inputs for their hours is no larger than any payout", async () => {
  const w = await world({ outputs: [sky], hours: 1n, pool: 500 });
  await w.stop();
  for (let i = 0; i < 430; i++) await w.owe(i, 1000n);
  await w.restart();
  await w.turn();
  const first = openPayout(w);
  expect((first?.raw.length ?? 0) / 2).toBeGreaterThan(15_000);
  w.clock.skip(late);
  w.ledger.makeBlock(stockRules, w.clock.now(), w.refill(80));
  await w.turn();
  const second = openPayout(w);
  expect(second).toMatchObject({ seq: 1, outputs: first?.outputs ?? [] });
  expect(second?.earlier).toHaveLength(1);
  expect(second?.inputs.length).toBeGreaterThan(1);
  expect((second?.raw.length ?? 0) / 2).toBeLessThanOrEqual(16_000);
}, 20_000);

test("a deposit that waits for small outputs to be put together is not said to exceed the balance", async () => {
  const w = await world({ outputs: Array.from({ length: 250 }, (_, i) => sky + BigInt(i) * 1000n) });
  await w.stop();
  const ids = [await w.owe(1, 150n * sky), await w.owe(2, sky)];
  await w.restart();
  for (let i = 0; i < 5; i++) {
    await w.turn();
    w.block();
  }
  await w.turn();
  expect(ids.map((id) => w.info(id).status)).toEqual(["done", "done"]);
  expect(w.log.lines.filter((line) => line.includes("balance is not sufficient"))).toEqual([]);
});

test("all payouts whose blocks are gone are taken back, the oldest too, however many", async () => {
  const w = await world();
  await w.stop();
  const count = 450;
  const start = w.store.read(anchorOf)?.uxid ?? "";
  const change = (i: number) => (i === 0 ? start : `change-${i}`);
  await w.store.write((tx) => {
    for (let i = 1; i <= count; i++) {
      const [anchor, txid, block] = [change(i - 1), `p${i}`, { seq: 10 + i, hash: `b${10 + i}` }];
      signPayout(tx, {
        ...{ txid, raw: `raw-${txid}`, inputs: [anchor], anchor, fee: 1n, signed_at: 1, built_on: block },
        ...{ change: { uxid: change(i), address: hotAddress, coins: droplet(10n ** 12n) } },
        ...{ outputs: [], shares: [] },
      });
      settlePayout(tx, { seq: i, txid, block, at: 2 });
      setSkyHead(tx, block);
    }
  });
  expect(w.store.read(anchorOf)?.payout).toBe(count);
  const node = memoryNode(w.ledger, { clock: w.clock, rules: stockRules });
  // The branch that the node follows has our block of payout 31, and none after it.
  const deps = depsOf(w, { ...node, blockHash: async (seq) => (seq <= 41 ? `b${seq}` : `other${seq}`) });
  const signal = new AbortController().signal;
  const health = await node.health(signal);
  const head = { ...health.head, seq: 1000 };
  const held = await compareHeads(deps, { health, head, behind: false, signal });
  expect(held?.reason).toContain("another block at a height that the store has seen");
  const states = Array.from(
    { length: count },
    (_, i) => w.store.read((reader) => payoutOf(reader, i + 1))?.state,
  );
  expect(states.slice(0, 31).every((state) => state === "confirmed")).toBe(true);
  expect(states.slice(31).every((state) => state === "signed")).toBe(true);
  expect(w.store.read(anchorOf)).toMatchObject({ uxid: change(31), payout: 31 });
  expect(w.store.read(skyChain).head?.hash).toBe(`b${10 + count}`);
});
