import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  advance,
  bind,
  type ChainRules,
  depositInfo,
  type DepositInfo,
  depositsByStatus,
  events,
  importAddresses,
  openBook,
  pinSkyChain,
  rewind,
  startCursor,
  totalsOf,
} from "#internal/book";
import { type ManualClock, manualClock } from "#internal/clock";
import type { Store } from "#internal/db";
import { type CrashPoints, noCrash } from "#internal/life";
import { recordingLog, type RecordingLog } from "#internal/log";
import { type Exchange, exchange, judge } from "./mod.ts";

const stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };
const rules: ChainRules = {
  coin: "BTC",
  confirmations: 1,
  window: 100,
  rate: "500",
  maxDecimals: 3,
  buyMethod: "direct",
};
const start = { height: 0, hash: "h0" };
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

let dir = "";
let store: Store;
let clock: ManualClock;
let log: RecordingLog;
let height = 0;
let decided = 0;
/** How many loops sleep now. */
let asleep = 0;
let stop = new AbortController();
let running: Promise<void> = Promise.resolve();

beforeEach(async () => {
  dir = mkdtempSync(join(scratch, "teller-exchange-"));
  clock = manualClock();
  log = recordingLog();
  height = 0;
  decided = 0;
  asleep = 0;
  stop = new AbortController();
  running = Promise.resolve();
  store = await openBook(join(dir, "a.db"), stamp);
  await store.write((tx) => {
    pinSkyChain(tx, { genesis: "g", decimals: 6 });
    startCursor(tx, "BTC", start);
    pinSkyChain(tx, { genesis: "g", decimals: 6 });
    importAddresses(tx, "BTC", [
      { address: "a1", script: "01" },
      { address: "a2", script: "02" },
    ]);
    bind(tx, { sky: "alice", coin: "BTC", method: "direct", limit: 0, at: 1 });
    bind(tx, { sky: "bob", coin: "BTC", method: "passthrough", limit: 0, at: 1 });
  });
});
afterEach(async () => {
  stop.abort();
  await running.catch(() => {});
  await store.close();
  rmSync(dir, { recursive: true });
});

/** credit makes a block with these amounts of satoshi, to alice's address unless told, each credited at once. */
async function credit(values: readonly bigint[], own: Partial<ChainRules> & { address?: string } = {}) {
  const { address = "a1", ...changed } = own;
  const outputs = values.map((value, n) => ({
    txid: `t${height + 1}`,
    n,
    value,
    address,
    inputs: [],
    coinbase: false,
  }));
  const block = { height: height + 1, hash: `h${height + 1}`, parent: `h${height}`, outputs };
  height += 1;
  const { credited } = await store.write((tx) => advance(tx, { ...rules, ...changed }, [block], 1));
  return credited;
}

function begin(crash: CrashPoints = noCrash): Exchange {
  const watched = {
    ...clock,
    async sleep(ms: number, signal?: AbortSignal) {
      asleep += 1;
      await clock.sleep(ms, signal);
      asleep -= 1;
    },
  };
  const made = exchange({
    store,
    clock: watched,
    log: log.logger,
    crash,
    periodMs: 5000,
    decided: () => {
      decided += 1;
    },
  });
  stop = new AbortController();
  running = made.part.run(stop.signal);
  return made;
}

/** until waits until this holds, or fails after a few seconds. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 3000; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (holds()) return;
  }
  throw new Error("waited too long");
}

/** quiet waits until the loop sleeps with nothing left to decide. */
async function quiet(): Promise<void> {
  await until(() => {
    const { waiting_decide: left } = store.read(totalsOf).by_status;
    const marked = list("waiting_decide").filter((one) => one.held !== "" || one.reversed).length;
    return asleep === 1 && left === marked;
  });
}

function info(id: string): DepositInfo {
  const row = store.read((reader) => depositInfo(reader, id));
  if (row === undefined) throw new Error(`no ${id}`);
  return row;
}
const list = (status: "waiting_decide" | "waiting_send" | "done") =>
  store.read((reader) => depositsByStatus(reader, status, { limit: 10_000 }));
const decisions = () =>
  store.read((reader) => events(reader, 0, 10_000)).filter(({ event }) => event.type === "deposit_decided")
    .length;

describe("the exchange", () => {
  test("decides what is credited at the frozen rate and lets it be sent", async () => {
    const [id = ""] = await credit([12_345_678n], { rate: "512" });
    begin();
    await quiet();
    expect(info(id)).toMatchObject({ status: "waiting_send", sky_owed: 63_209_000n, max_decimals: 3 });
    expect(decided).toBe(1);
    expect(log.lines.join("\n")).toContain("droplets=63209000");
  });

  test("keeps a fraction exact: 2/3 at three decimals", async () => {
    const [id = ""] = await credit([8_765_432_190_000n], { rate: "2/3" });
    begin();
    await quiet();
    expect(info(id).sky_owed).toBe(58_436_214_000n);
  });

  test("ends what buys nothing, with the documented error", async () => {
    const [id = ""] = await credit([1n]);
    begin();
    await quiet();
    expect(info(id)).toMatchObject({ status: "done", error: "Skycoin send amount is 0", sky_owed: 0n });
  });

  test("cuts to the decimals that the node allows when those are fewer", async () => {
    await store.write((tx) => pinSkyChain(tx, { genesis: "g", decimals: 1 }));
    const [id = ""] = await credit([12_345_678n], { rate: "512" });
    begin();
    await quiet();
    expect(info(id)).toMatchObject({ sky_owed: 63_200_000n, max_decimals: 1 });
  });

  test("keeps to the configured decimals when the node allows more", async () => {
    const [id = ""] = await credit([12_345_678n], { rate: "512", maxDecimals: 0 });
    begin();
    await quiet();
    expect(info(id).sky_owed).toBe(63_000_000n);
  });

  test("waits until the node was met: before that nobody knows how many decimals it takes", async () => {
    await store.close();
    store = await openBook(join(dir, "b.db"), stamp);
    await store.write((tx) => {
      startCursor(tx, "BTC", start);
      importAddresses(tx, "BTC", [{ address: "a1", script: "01" }]);
      bind(tx, { sky: "alice", coin: "BTC", method: "direct", limit: 0, at: 1 });
    });
    const [id = ""] = await credit([12_345_678n], { rate: "512" });
    begin();
    await until(() => asleep === 1);
    expect(info(id)).toMatchObject({ status: "waiting_decide", held: "", sky_owed: 0n });
    await store.write((tx) => pinSkyChain(tx, { genesis: "g", decimals: 2 }));
    await clock.advance(5000);
    await quiet();
    expect(info(id).sky_owed).toBe(63_200_000n);
  });

  test("decides more than a batch at once, each exactly once", async () => {
    const ids = await credit(Array.from({ length: 600 }, (_, i) => BigInt(i + 1) * 100_000n));
    begin();
    await quiet();
    expect(list("waiting_send")).toHaveLength(600);
    for (const [i, id] of ids.entries()) expect(info(id).sky_owed).toBe(BigInt(i + 1) * 500_000n);
    expect(decisions()).toBe(600);
  });

  const held: readonly [why: string, own: Parameters<typeof credit>[1], reason: RegExp][] = [
    ["a rate that is no number", { rate: "many" }, /^rate many: can't convert many to decimal$/],
    ["a rate of zero", { rate: "0" }, /rate must be greater than zero/],
    ["negative decimals", { maxDecimals: -1 }, /maxDecimals can't be negative/],
    ["a method that is not built yet", { address: "a2" }, /buy method passthrough is not built yet/],
  ];
  for (const [why, own, reason] of held) {
    test(`holds what it cannot judge (${why}), tells, and goes on with the others`, async () => {
      const [bad = ""] = await credit([100_000n], own);
      const [good = ""] = await credit([100_000n]);
      const made = begin();
      await quiet();
      expect(info(bad)).toMatchObject({ status: "waiting_decide", held: expect.stringMatching(reason) });
      expect(info(good).status).toBe("waiting_send");
      expect(log.lines.filter((line) => line.includes("notice=WATCH"))).toHaveLength(1);
      expect(store.read(totalsOf).attention).toBe(1);
      if (own?.address === undefined) expect(made.error()).toMatch(reason);
    });
  }

  test("sleeps when there is nothing, wakes at the bell, and looks by itself after its period", async () => {
    const made = begin();
    await quiet();
    const [first = ""] = await credit([100_000n]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(info(first).status).toBe("waiting_decide");
    made.bell.ring();
    await quiet();
    expect(info(first).status).toBe("waiting_send");
    const [second = ""] = await credit([100_000n]);
    await clock.advance(5000);
    await quiet();
    expect(info(second).status).toBe("waiting_send");
  });

  test("does not decide what a reorg takes back between its look and its commit", async () => {
    const [id = ""] = await credit([100_000n]);
    let taken: Promise<unknown> | undefined;
    begin((point) => {
      // Queued before the exchange's own write, as a scanner's would be.
      if (point === "decide.due") taken ??= store.write((tx) => rewind(tx, rules, start, 2));
    });
    await quiet();
    await taken;
    expect(info(id)).toMatchObject({ status: "waiting_decide", reversed: true, sky_owed: 0n });
  });

  for (const point of ["decide.due", "decide.committed"] as const) {
    test(`that dies at ${point} decides each deposit once after a restart`, async () => {
      const ids = await credit([100_000n, 200_000n]);
      let died = false;
      begin((reached) => {
        if (reached === point && !died) {
          died = true;
          throw new Error("killed");
        }
      });
      expect(await running.catch((error: Error) => error.message)).toBe("killed");
      begin();
      await quiet();
      expect(ids.map((id) => info(id).sky_owed)).toEqual([500_000n, 1_000_000n]);
      expect(decisions()).toBe(2);
    });
  }

  test("dies when the store does: nobody else may go on with money", async () => {
    const made = begin();
    await quiet();
    await store.close();
    made.bell.ring();
    expect(await running.catch((error: Error) => error.message)).toBe("the store is closed");
  });
});

describe("a judgement", () => {
  const row = {
    deposit_id: "t:0",
    buy_method: "direct",
    max_decimals: 6,
    deposit_value: 1n,
    coin_type: "BTC",
  };
  const rate = { num: 1000n, den: 1n };

  test("before the node was met never has more decimals than a droplet", () => {
    const deposit = { ...row, max_decimals: 30 } as unknown as DepositInfo;
    expect(judge(deposit, undefined, rate)).toMatchObject({ owed: 10n, decimals: 6 });
  });

  test("counts ETH in wei", () => {
    const wei = { ...row, coin_type: "ETH", deposit_value: 10n ** 18n } as unknown as DepositInfo;
    expect(judge(wei, 6, rate)).toMatchObject({ owed: 1_000_000_000n });
  });
});
