import { afterEach, describe, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { anchorOf, markStopped, payoutOf, totalsOf, unconfirmedPayouts } from "#internal/book";
import { Fault, refuse } from "#internal/fault";
import { decodeTransactionHex, stockRules } from "#internal/skycoin";
import { customer, down, testWorld, type World } from "./testworld.ts";

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

const anchor = (w: World) => w.store.read(anchorOf);
const openPayouts = (w: World) => w.store.read((reader) => unconfirmedPayouts(reader, 10));
const sky = 1_000_000n;

/** settle lets what was sent confirm. */
async function settle(w: World): Promise<void> {
  w.block();
  await w.turn();
}

describe("a sender", () => {
  test("pays a deposit once, and its change is the next anchor", async () => {
    const w = await world();
    const id = await w.owe(1, 5n * sky);
    await w.turn();
    expect(w.info(id)).toMatchObject({ status: "waiting_confirm", sky_sent: 5n * sky });
    const [payout] = openPayouts(w);
    await settle(w);
    expect(w.info(id)).toMatchObject({ status: "done", txid: payout?.txid ?? "none" });
    expect(anchor(w)).toMatchObject({ uxid: payout?.change.uxid ?? "none", payout: 1 });
    expect(w.received(1)).toBe(5n * sky);
    expect(w.store.read(totalsOf).sent).toBe(5n * sky);
    await settle(w);
    expect(w.received(1)).toBe(5n * sky);
  });

  test("pays equal deposits of one customer in one block, each its own amount", async () => {
    const w = await world();
    await w.stop();
    const ids = [await w.owe(1, sky), await w.owe(1, sky), await w.owe(2, sky)];
    await w.restart();
    await w.turn();
    expect(openPayouts(w)[0]?.outputs).toHaveLength(2);
    await settle(w);
    expect(ids.map((id) => w.info(id).sky_sent)).toEqual([sky, sky, sky]);
    expect([w.received(1), w.received(2)]).toEqual([2n * sky, sky]);
  });

  test("passes over a deposit too large for the balance, names it, and pays it after a refill", async () => {
    const w = await world({ outputs: [10n * sky] });
    const large = await w.owe(1, 50n * sky);
    const small = await w.owe(2, sky);
    await w.turn();
    await settle(w);
    expect(w.info(small).status).toBe("done");
    expect(w.info(large).status).toBe("waiting_send");
    expect(w.sender.state().error).toContain(large);
    w.refill();
    await settle(w);
    await settle(w);
    expect(w.info(large).status).toBe("done");
    expect(w.received(1)).toBe(50n * sky);
  });

  test("an empty wallet is told, and waits", async () => {
    const w = await world({ outputs: [1000n] });
    await w.owe(1, sky);
    await w.turn();
    expect(w.sender.state().error).toContain("balance is not sufficient");
  });

  test("waits while the node is down, and goes on by itself", async () => {
    const w = await world();
    const id = await w.owe(1, sky);
    w.faulty.before = () => {
      throw down();
    };
    await w.turn();
    expect(w.sender.state().error).toBe("the node is down");
    expect(w.info(id).status).toBe("waiting_send");
    w.faulty.before = () => {};
    await w.turn();
    await settle(w);
    expect(w.info(id).status).toBe("done");
    expect(w.sender.state().error).toBe("");
  });

  test("sends the same bytes again when the answer was lost, over restarts too", async () => {
    const w = await world();
    const id = await w.owe(1, sky);
    w.faulty.after = (call) => {
      if (call === "inject") throw new Fault("test.inject", "ask", "the answer was lost");
    };
    await w.turn();
    await w.restart();
    await w.turn();
    w.faulty.after = () => {};
    await w.turn();
    expect(w.faulty.injected.length).toBeGreaterThan(2);
    expect(new Set(w.faulty.injected).size).toBe(1);
    await settle(w);
    expect(w.info(id).status).toBe("done");
    expect(w.received(1)).toBe(sky);
  });

  test("builds nothing while a payout is open", async () => {
    const w = await world();
    await w.owe(1, sky);
    await w.turn();
    await w.owe(2, sky);
    await w.turn();
    expect(openPayouts(w)).toHaveLength(1);
    await settle(w);
    expect(openPayouts(w)).toHaveLength(1);
    await settle(w);
    expect([w.received(1), w.received(2)]).toEqual([sky, sky]);
  });

  test("holds everything when somebody else spent the anchor, and pays nobody twice", async () => {
    const w = await world();
    w.spendAsStranger(anchor(w)?.uxid ?? "");
    w.block();
    await w.owe(1, sky);
    await w.turn();
    expect(w.sender.state().error).toContain("which this store does not know");
    expect(w.faulty.injected).toEqual([]);
    expect(w.log.lines.some((line) => line.includes("notice=WATCH") && line.includes("does not know"))).toBe(
      true,
    );
  });

  test("a store restored from an old copy pays nobody twice", async () => {
    const w = await world();
    const id = await w.owe(1, sky);
    await w.stop();
    copyFileSync(join(w.dir, "teller.db"), join(w.dir, "old.db"));
    await w.restart();
    await w.turn();
    await settle(w);
    expect(w.info(id).status).toBe("done");
    await w.stop();
    await w.store.close();
    copyFileSync(join(w.dir, "old.db"), join(w.dir, "teller.db"));
    const { openBook } = await import("#internal/book");
    w.store = await openBook(join(w.dir, "teller.db"), {
      schema: 1,
      btc_network: "simnet",
      dummy_scanner: false,
      dummy_sender: false,
    });
    await w.restart();
    await w.turn();
    await settle(w);
    expect(w.info(id).status).toBe("waiting_send");
    expect(w.sender.state().error).toContain("an old copy of the store");
    expect(w.received(1)).toBe(sky);
  });

  test("a payout is dead only by proof, and its deposits are then due again", async () => {
    const w = await world({ outputs: [100n * sky, 50n * sky, 40n * sky] });
    w.faulty.before = (call) => {
      if (call === "inject") throw down();
    };
    const id = await w.owe(1, sky);
    await w.turn();
    expect(w.info(id).status).toBe("waiting_confirm");
    const spent = anchor(w)?.uxid ?? "";
    w.spendAsStranger(spent);
    w.block();
    await w.turn();
    expect(w.info(id).status).toBe("waiting_confirm");
    for (const other of w.ledger.unspent().filter((output) => output.hours >= 1_000_000n)) {
      expect(w.info(id).status).toBe("waiting_confirm");
      w.spendAsStranger(other.uxid);
      w.block();
      await w.turn();
    }
    expect(w.info(id)).toMatchObject({ status: "waiting_send", txid: "", sky_sent: 0n, payout: 0 });
    expect(w.store.read((reader) => payoutOf(reader, 1))).toMatchObject({ state: "dead" });
    expect(w.sender.state().error).toContain("which this store does not know");
  });

  test("builds nothing on a node that is set back to an older copy", async () => {
    const w = await world();
    const old = w.ledger.snapshot();
    const first = await w.owe(1, sky);
    await w.turn();
    await settle(w);
    expect(w.info(first).status).toBe("done");
    w.ledger = old.open();
    await w.owe(2, sky);
    await w.turn();
    expect(w.sender.state().error).toContain("it is behind, or an older copy");
    expect(openPayouts(w)).toEqual([]);
  });

  test("takes nothing back from a node that does not give its blocks", async () => {
    const w = await world();
    const id = await w.owe(1, sky);
    await w.turn();
    await settle(w);
    const honest = w.ledger;
    w.ledger = { ...honest, blockHash: (seq) => (seq === 0 ? honest.blockHash(seq) : undefined) };
    await w.owe(2, sky);
    await w.turn();
    expect(w.sender.state().error).toMatch(/is at block \d+ and does not give block \d+/);
    expect(w.info(id)).toMatchObject({ status: "done" });
    expect(openPayouts(w)).toEqual([]);
    w.ledger = honest;
    await w.turn();
    await settle(w);
    expect([w.received(1), w.received(2)]).toEqual([sky, sky]);
  });

  test("a block that comes between the look and the bytes is no refusal", async () => {
    const w = await world();
    const id = await w.owe(1, sky);
    await w.turn();
    w.faulty.before = (call) => {
      if (call === "inject") w.block();
    };
    await w.turn();
    w.faulty.before = () => {};
    expect(w.info(id)).toMatchObject({ status: "done" });
    expect(w.log.lines.filter((line) => line.includes("payouts wait"))).toEqual([]);
  });

  test("a node that falsely says confirmed settles nothing: the bytes are sent", async () => {
    const w = await world();
    const honest = w.ledger;
    const confirmed: typeof honest.confirmed = (txid) => ({ txid, raw: new Uint8Array(), blockSeq: 0 });
    w.ledger = { ...honest, pending: () => undefined, confirmed };
    const id = await w.owe(1, sky);
    await w.turn();
    await w.turn();
    expect(w.info(id)).toMatchObject({ status: "waiting_confirm" });
    expect(w.faulty.injected.length).toBeGreaterThan(0);
    w.ledger = honest;
    await settle(w);
    expect(w.info(id)).toMatchObject({ status: "done" });
    expect(w.received(1)).toBe(sky);
  });

  test("takes back a confirmation whose block is gone, and sends the same bytes again", async () => {
    const w = await world({ outputs: [100n * sky, 50n * sky] });
    const old = w.ledger.snapshot();
    const id = await w.owe(1, sky);
    await w.turn();
    await settle(w);
    const { txid } = w.info(id);
    w.ledger = old.open();
    const [foreign] = w.ledger.unspent().filter((output) => output.uxid !== payoutAnchor(w));
    w.spendAsStranger(foreign?.uxid ?? "");
    w.block();
    await w.turn();
    expect(w.info(id)).toMatchObject({ status: "waiting_confirm", txid });
    expect(w.store.read(totalsOf).sent).toBe(0n);
    await w.turn();
    await settle(w);
    expect(w.info(id)).toMatchObject({ status: "done", txid });
    expect(w.received(1)).toBe(sky);
    await w.owe(2, sky);
    await w.turn();
    await settle(w);
    expect(w.received(2)).toBe(sky);
  });

  test("refuses a node of another chain", async () => {
    const w = await world();
    await w.owe(1, sky);
    const other = await testWorld({ outputs: [5n * sky] });
    open.push(other);
    w.faulty.before = () => {};
    const blockHash = other.ledger.blockHash.bind(other.ledger);
    w.ledger = { ...w.ledger, blockHash: (seq) => (seq === 0 ? "ff".repeat(32) : blockHash(seq)) };
    await w.turn();
    expect(w.sender.state().error).toContain("on another chain");
  });

  test("holds only the deposit that the node refuses, and pays the others", async () => {
    const w = await world();
    await w.stop();
    const good = [await w.owe(1, sky), await w.owe(2, sky)];
    const bad = await w.owe(3, 1_000_001n);
    const more = await w.owe(4, sky);
    await w.restart();
    await w.turn();
    await settle(w);
    expect([...good, more].map((id) => w.info(id).status)).toEqual(["done", "done", "done"]);
    expect(w.info(bad)).toMatchObject({ status: "waiting_send" });
    expect(w.info(bad).held).toContain("too many decimal places");
    expect(w.store.read(totalsOf).attention).toBe(1);
  });

  test("a single false refusal holds nobody, and is told", async () => {
    const w = await world();
    const honest = w.ledger;
    let lies = 1;
    w.ledger = {
      ...honest,
      check: (...args) =>
        lies-- > 0 ? refuse({ kind: "soft", text: "the fee is not met" }) : honest.check(...args),
    };
    const id = await w.owe(1, sky);
    await w.turn();
    expect(w.log.lines.join("\n")).toContain(
      "refused a payout and a moment later did not: the fee is not met",
    );
    await w.turn();
    await settle(w);
    expect(w.info(id)).toMatchObject({ status: "done" });
    expect(w.received(1)).toBe(sky);
  });

  test("names the node when its client reports trouble", async () => {
    const w = await world();
    w.faulty.before = () => {
      throw new Fault("skycoin.health", "retry", "/api/v1/health: 500");
    };
    await w.turn();
    expect(w.sender.state().error).toBe("Skycoin node: /api/v1/health: 500");
  });

  test("with sending switched off follows what was sent, and sends nothing", async () => {
    const w = await world({ sendEnabled: false });
    const id = await w.owe(1, sky);
    await w.turn();
    expect(w.info(id).status).toBe("waiting_send");
    expect(w.faulty.injected).toEqual([]);
  });

  test("pays nothing after a start before the chains were looked at again", async () => {
    const w = await world();
    w.unseen = ["BTC"];
    const id = await w.owe(1, sky);
    await w.turn();
    expect(w.info(id).status).toBe("waiting_send");
    expect(w.sender.state().error).toContain("BTC was looked at again");
    w.unseen = [];
    await w.turn();
    await settle(w);
    expect(w.info(id).status).toBe("done");
  });

  test("pays nothing while a scanner is stopped", async () => {
    const w = await world();
    await w.store.write((tx) => markStopped(tx, "BTC", "too deep", 1));
    const id = await w.owe(1, sky);
    await w.turn();
    expect(w.info(id).status).toBe("waiting_send");
    expect(w.sender.state().error).toContain("payouts are stopped");
  });

  test("puts small outputs together first when a deposit needs too many of them", async () => {
    const w = await world({ outputs: Array.from({ length: 250 }, (_, i) => 1_000_000n + BigInt(i) * 1000n) });
    const id = await w.owe(1, 150n * sky);
    for (let i = 0; i < 5; i++) {
      await w.turn();
      w.block();
    }
    await w.turn();
    expect(w.info(id).status).toBe("done");
    expect(w.received(1)).toBe(150n * sky);
  });

  test("replaces a payout that does not confirm: the same outputs, the same anchor, more fee", async () => {
    const w = await world({ outputs: [100n * sky], hours: 5000n });
    const id = await w.owe(1, sky);
    await w.turn();
    const [first] = openPayouts(w);
    expect(w.block({ burnFactor: 2n })).toBe(false);
    w.clock.skip(700_000);
    await w.turn();
    const [second] = openPayouts(w);
    expect(second).toMatchObject({ seq: 1, outputs: first?.outputs ?? [], anchor: first?.anchor ?? {} });
    expect(second?.txid).not.toBe(first?.txid ?? "");
    expect((second?.fee ?? 0n) > (first?.fee ?? 0n)).toBe(true);
    expect(second?.earlier.map(({ txid }) => txid)).toEqual([first?.txid ?? ""]);
    expect(w.info(id).txid).toBe(second?.txid ?? "");
    expect(w.block({ burnFactor: 2n })).toBe(true);
    await w.turn();
    expect(w.info(id)).toMatchObject({ status: "done", txid: second?.txid ?? "" });
    expect(w.received(1)).toBe(sky);
  });

  test("settles an earlier attempt when that one confirms after all", async () => {
    const w = await world({ outputs: [100n * sky], hours: 5000n });
    const id = await w.owe(1, sky);
    await w.turn();
    const [first] = openPayouts(w);
    w.clock.skip(700_000);
    await w.turn();
    expect(openPayouts(w)[0]?.txid).not.toBe(first?.txid ?? "");
    w.ledger.makeBlock(stockRules, w.clock.now(), first?.txid ?? "");
    w.ledger.dropInvalid();
    await w.turn();
    expect(w.info(id)).toMatchObject({ status: "done", txid: first?.txid ?? "" });
    expect(anchor(w)?.uxid).toBe(first?.change.uxid ?? "");
    expect(w.received(1)).toBe(sky);
    await w.owe(2, sky);
    await w.turn();
    await settle(w);
    expect(w.received(2)).toBe(sky);
  });

  test("on a chain that stands still replaces a payout once, and tells it", async () => {
    const w = await world({ outputs: [100n * sky], hours: 5000n });
    await w.owe(1, sky);
    await w.turn();
    for (let i = 0; i < 5; i++) {
      w.clock.skip(700_000);
      await w.turn();
    }
    expect(openPayouts(w)[0]?.earlier.length).toBe(1);
    expect(w.sender.state().error).toContain("the chain makes no blocks");
  });

  test("tells a payout that does not confirm when there is no more fee to give", async () => {
    const others = Array.from({ length: 12 }, (_, i) => 1_000_000n + BigInt(i) * 1000n);
    const w = await world({ outputs: [100n * sky, ...others], hours: 5000n });
    await w.owe(1, sky);
    await w.turn();
    for (const coins of others) {
      const other = w.ledger.unspent().find((output) => output.coins === coins);
      const txid = w.spendAsStranger(other?.uxid ?? "");
      w.ledger.makeBlock(stockRules, w.clock.now(), txid);
      w.ledger.dropInvalid();
      w.clock.skip(700_000);
      await w.turn();
    }
    expect(openPayouts(w)[0]?.earlier.length).toBe(7);
    expect(w.sender.state().error).toContain(
      "does not confirm, and is not replaced: 8 attempts did not confirm",
    );
  });

  test("gives up a payout that spends the change of an attempt which lost after a reorg", async () => {
    const others = Array.from({ length: 8 }, (_, i) => 3n * sky + BigInt(i) * 1000n);
    const w = await world({ outputs: [100n * sky, ...others], hours: 50_000n });
    const old = w.ledger.snapshot();
    const one = await w.owe(1, sky);
    await w.turn();
    const [first] = openPayouts(w);
    w.clock.skip(700_000);
    await w.turn();
    const [second] = openPayouts(w);
    w.ledger.makeBlock(stockRules, w.clock.now(), second?.txid ?? "");
    w.ledger.dropInvalid();
    await w.turn();
    const two = await w.owe(2, sky);
    await w.turn();
    await settle(w);
    expect([w.info(one).status, w.info(two).status]).toEqual(["done", "done"]);
    w.ledger = old.open();
    const raw = decodeTransactionHex(first?.raw ?? "");
    if (!raw.ok) throw new Error(raw.refusal);
    expect(w.ledger.inject(raw.value, stockRules, w.clock.now()).ok).toBe(true);
    w.block();
    for (const coins of others) {
      const other = w.ledger.unspent().find((output) => output.coins === coins);
      w.spendAsStranger(other?.uxid ?? "");
      w.block();
      await w.turn();
    }
    for (let i = 0; i < 3; i++) await settle(w);
    expect([w.info(one).status, w.info(two).status]).toEqual(["done", "done"]);
    expect([w.received(1), w.received(2)]).toEqual([sky, sky]);
  });

  test("pays nine hundred deposits in payouts of bounded size", async () => {
    const w = await world();
    await w.stop();
    const ids: string[] = [];
    for (let i = 0; i < 900; i++) ids.push(await w.owe(i % 45, 1000n));
    await w.restart();
    for (let i = 0; i < 4; i++) {
      await w.turn();
      w.block();
    }
    await w.turn();
    expect(ids.every((id) => w.info(id).status === "done")).toBe(true);
    expect(w.received(3)).toBe(20_000n);
    expect(customer(3)).not.toBe(customer(4));
  }, 20_000);
});

function payoutAnchor(w: World): string {
  return w.store.read((reader) => payoutOf(reader, 1))?.anchor.uxid ?? "";
}
