import { afterEach, describe, expect, test } from "bun:test";
import {
  cursorOf,
  depositsByStatus,
  erroredDeposits,
  skyStatus,
  stoppedCoins,
  totalsOf,
} from "#internal/book";
import { SimChain } from "./simchain.ts";
import { bound, credited, endWorlds, forked, ids, pay, sky, world } from "./testworld.ts";

afterEach(endWorlds);

describe("a scanner", () => {
  test("credits a deposit when it is deep enough, at the rate of its first sight", async () => {
    const w = await world();
    w.chain.mine([pay(await bound(w), "t1")]);
    await w.follow();
    expect(ids(w)).toEqual([]);
    expect(w.store.read((reader) => skyStatus(reader, sky, 10))[0]?.row).toMatchObject({
      status: "waiting_deposit",
      height: 1,
    });
    w.chain.mine();
    await w.follow();
    expect(credited(w)[0]).toMatchObject({
      deposit_id: "t1:0",
      status: "waiting_decide",
      conversion_rate: "500",
      seq: 1,
    });
  });

  test("keeps two outputs of one transaction to one address apart", async () => {
    const w = await world();
    const address = await bound(w);
    w.chain.mine([pay(address, "t1", [], 0), pay(address, "t1", [], 4)]);
    w.chain.mine();
    await w.follow();
    expect(ids(w)).toEqual(["t1:0", "t1:4"]);
    const lines = w.store.read((reader) => skyStatus(reader, sky, 10));
    expect(lines.map(({ seq, row }) => [seq, row.deposit_id])).toEqual([
      [1, "t1:0"],
      [2, "t1:4"],
    ]);
  });

  test("takes back an uncredited deposit that a reorg removes, and takes it in again where it is mined next", async () => {
    const w = await world();
    const address = await bound(w);
    w.chain.mine([pay(address, "t1", ["c:0"])]);
    await w.follow();
    w.chain.drop(1);
    w.chain.mine();
    w.chain.mine();
    w.chain.mine();
    await w.follow();
    expect(ids(w)).toEqual([]);
    w.chain.mine([pay(address, "t1", ["c:0"])]);
    w.chain.mine();
    await w.follow();
    expect(ids(w)).toEqual(["t1:0"]);
    expect(w.store.read((reader) => skyStatus(reader, sky, 10))).toHaveLength(1);
  });

  test("marks a credited deposit that a reorg removes, and clears the mark only when it is deep again", async () => {
    const w = await world();
    const address = await bound(w);
    w.chain.mine([pay(address, "t1", ["c:0"])]);
    w.chain.mine();
    await w.follow();
    w.chain.drop(2);
    w.chain.mine();
    w.chain.mine();
    await w.follow();
    expect(credited(w)[0]).toMatchObject({ reversed: true });
    expect(w.store.read((reader) => erroredDeposits(reader, { limit: 10 }))).toHaveLength(1);
    expect(w.store.read(totalsOf)).toMatchObject({ attention: 1, received: { BTC: 0n } });
    w.chain.mine([pay(address, "t1", ["c:0"])]);
    await w.follow();
    expect(credited(w)[0]).toMatchObject({ reversed: true });
    w.chain.mine();
    await w.follow();
    expect(credited(w)[0]).toMatchObject({ reversed: false });
    expect(w.store.read(totalsOf)).toMatchObject({ attention: 0, received: { BTC: 1000n } });
  });

  test("lets a replacement of a reversed deposit take its place and its rate", async () => {
    const w = await world();
    const address = await bound(w);
    w.chain.mine([pay(address, "t1", ["c:0"])]);
    w.chain.mine();
    await w.follow();
    w.chain.drop(2);
    w.chain.mine([pay(address, "t2", ["c:0"])]);
    w.chain.mine();
    await w.follow();
    expect(credited(w).map((info) => [info.deposit_id, info.replaced_by, info.status_seq])).toEqual([
      ["t1:0", "t2:0", 1],
      ["t2:0", "", 1],
    ]);
    expect(w.store.read((reader) => skyStatus(reader, sky, 10)).map(({ row }) => row.deposit_id)).toEqual([
      "t2:0",
    ]);
    expect(w.store.read(totalsOf)).toMatchObject({ attention: 0, received: { BTC: 1000n } });
  });

  test("waits when the node is behind, and takes nothing back", async () => {
    const w = await world();
    w.chain.mine([pay(await bound(w), "t1")]);
    w.chain.mine();
    await w.follow();
    const lost = w.chain.drop(2);
    await w.follow();
    expect(w.scanner.state().error).toContain("behind");
    expect(credited(w)[0]).toMatchObject({ reversed: false });
    w.chain.blocks = [...w.chain.blocks, ...lost];
    await w.follow();
    expect(w.scanner.state().error).toBe("");
  });

  test("waits when the node's branch ends below ours, and takes nothing back", async () => {
    const w = await world();
    const address = await bound(w);
    w.chain.mine();
    w.chain.mine([pay(address, "t1")]);
    w.chain.mine();
    await w.follow();
    w.chain.drop(2);
    for (let i = 0; i < 3; i++) w.chain.mine();
    // The tip is above ours and the fork is found; when the branch is read, its end is gone.
    w.chain.meanwhile = [{ calls: 3, deed: () => w.chain.drop(2) }];
    await w.follow();
    expect(w.chain.meanwhile).toEqual([]);
    expect(w.scanner.state().error).toContain("branch ends below ours");
    expect(credited(w)[0]).toMatchObject({ deposit_id: "t1:0", reversed: false });
    w.chain.mine();
    w.chain.mine();
    await w.follow();
    expect(w.scanner.state().error).toBe("");
    expect(credited(w)[0]).toMatchObject({ deposit_id: "t1:0", reversed: true });
  });

  test("stops over a reorg deeper than its window, and goes on when the node is back", async () => {
    const w = await world();
    for (let i = 0; i < 30; i++) w.chain.mine();
    await w.follow();
    const lost = w.chain.drop(25);
    const rest = w.chain.blocks;
    for (let i = 0; i < 26; i++) w.chain.mine();
    await w.follow();
    expect(w.store.read(stoppedCoins)).toHaveLength(1);
    expect(w.scanner.state().error).toContain("payouts are stopped");
    w.chain.blocks = [...rest, ...lost];
    await w.follow();
    expect(w.store.read(stoppedCoins)).toEqual([]);
  });

  test("a reorg as deep as the window stops also where a header below it is kept", async () => {
    const w = await world();
    await forked(w, 520, 20);
    expect(w.store.read(stoppedCoins)).toHaveLength(1);
    const other = await world();
    await forked(other, 520, 19);
    expect(other.store.read(stoppedCoins)).toEqual([]);
  });

  test("says so when the node does not know a block below its tip", async () => {
    const w = await world();
    const address = await bound(w);
    for (const above of [0, 1]) {
      const unknown = w.chain.tip.height + above;
      w.chain.unknown = [unknown];
      w.chain.mine([pay(address, `t${unknown}`)]);
      w.chain.mine();
      await w.follow();
      expect(w.scanner.state().error).toContain(`it does not give block ${unknown}`);
      w.chain.unknown = [];
      await w.follow();
      expect(w.scanner.state().error).toBe("");
    }
    expect(ids(w)).toHaveLength(2);
  });

  test("a node that is suddenly on another network stops its scanner, and no payouts", async () => {
    const w = await world();
    for (let i = 0; i < 30; i++) w.chain.mine();
    await w.follow();
    const ours = w.chain.blocks;
    w.chain.drop(29);
    for (let i = 0; i < 30; i++) w.chain.mine();
    w.chain.elsewhere = true;
    await w.follow();
    expect(w.scanner.state().error).toContain("on another network");
    expect(w.store.read(stoppedCoins)).toEqual([]);
    w.chain.elsewhere = false;
    w.chain.blocks = ours;
    await w.follow();
    expect(w.scanner.state().error).toBe("");
  });

  test("records money on an unbound address, holds it, and never gives that address out", async () => {
    const w = await world();
    w.chain.mine([pay("a1", "t1")]);
    w.chain.mine();
    await w.follow();
    expect(credited(w)[0]).toMatchObject({
      held: "the address was not bound when the money came",
      sky_address: "",
    });
    expect(await bound(w)).toBe("a2");
  });

  test("goes on after the node failed", async () => {
    const w = await world();
    const address = await bound(w);
    w.chain.failures = 3;
    w.chain.mine([pay(address, "t1")]);
    w.chain.mine();
    for (let i = 0; i < 3; i++) {
      await w.follow();
      expect(w.scanner.state().error).toContain("does not answer");
    }
    await w.follow();
    expect(w.scanner.state().error).toBe("");
    expect(w.chain.failures).toBe(0);
    expect(ids(w)).toEqual(["t1:0"]);
  });

  test("a reorg right after the first start is followed", async () => {
    const chain = new SimChain();
    for (let i = 0; i < 30; i++) chain.mine();
    const w = await world(chain);
    chain.drop(3);
    for (let i = 0; i < 4; i++) chain.mine();
    await w.follow();
    expect(w.store.read(stoppedCoins)).toEqual([]);
    expect(w.store.read((reader) => cursorOf(reader, "BTC"))?.hash).toBe(chain.tip.hash);
  });

  test("no reader between two commits of a catch-up of 1,000 blocks sees a deposit above the cursor", async () => {
    const w = await world();
    const address = await bound(w);
    for (let i = 0; i < 1000; i++) w.chain.mine([pay(address, `t${i}`, [`c${i}:0`])]);
    let cursor = 0;
    const cursors = new Set<number>();
    const look = () => {
      const seen = w.store.read((reader) => ({
        cursor: cursorOf(reader, "BTC")?.height ?? 0,
        lines: skyStatus(reader, sky, 1000),
        credited: depositsByStatus(reader, undefined, { limit: 1000 }),
      }));
      cursor = seen.cursor;
      cursors.add(cursor);
      const heights = [
        ...seen.lines.map(({ row }) => row.height),
        ...seen.credited.map(({ deposit }) => deposit.height),
      ];
      expect(Math.max(0, ...heights)).toBeLessThanOrEqual(cursor);
      // Nor one too few: every block up to the cursor pays once.
      expect(seen.lines.filter(({ row }) => row.deposit_id !== "")).toHaveLength(cursor);
    };
    const done = w.follow();
    while (cursor < 1000) {
      look();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    expect(cursors.size).toBeGreaterThan(20);
  }, 30_000);
});
