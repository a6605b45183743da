import { describe, expect, test } from "bun:test";
import type { Watch } from "#internal/coin";
import { Fault } from "#internal/fault";
import { memoryChain, type MemoryDeposit } from "./mod.ts";

const never = new AbortController().signal;
const base = { height: 0, hash: "0".repeat(64) };
const money = (txid: string, own: Partial<MemoryDeposit> = {}): MemoryDeposit => ({
  txid,
  n: 0,
  value: 100n,
  script: Buffer.from("ours"),
  shownHeight: 494_713,
  ...own,
});
const watch: Watch = {
  size: 1,
  addressOf: (bytes) => (Buffer.from(bytes).toString() === "ours" ? "1abc" : undefined),
};

/** all reads every block above the base. */
async function all(chain: ReturnType<typeof memoryChain>, from = base.height) {
  const { height } = await chain.source.tip(never);
  const heights = Array.from({ length: height - from }, (_, i) => from + 1 + i);
  const hashes = await chain.source.hashesAt(heights, never);
  const refs = heights.map((at, i) => ({ height: at, hash: hashes[i] ?? "" }));
  return chain.source.blocks(refs, watch, never);
}

describe("a chain in memory", () => {
  test("is of its coin, passes its check, and begins where it is told", async () => {
    const { source } = memoryChain("BTC", { height: 7, hash: "seven" });
    expect(source.coin).toBe("BTC");
    await source.check(never);
    expect(await source.tip(never)).toEqual({ height: 7, hash: "seven" });
    expect(await source.hashesAt([6, 7, 8], never)).toEqual([undefined, "seven", undefined]);
  });

  test("makes a block of each deposit, linked to the one before", async () => {
    const chain = memoryChain("BTC", base);
    for (const txid of ["t1", "t2", "t3"]) expect(chain.deposit(money(txid))).toBe(true);
    const blocks = await all(chain);
    expect(blocks.map(({ height }) => height)).toEqual([1, 2, 3]);
    expect(blocks.map(({ parent }) => parent)).toEqual([
      base.hash,
      blocks[0]?.hash ?? "",
      blocks[1]?.hash ?? "",
    ]);
    expect(new Set(blocks.map(({ hash }) => hash)).size).toBe(3);
    expect(await chain.source.tip(never)).toMatchObject({ height: 3, hash: blocks[2]?.hash ?? "" });
  });

  test("counts the same tx:n once, and another n as another deposit", async () => {
    const chain = memoryChain("BTC", base);
    expect(chain.deposit(money("t1"))).toBe(true);
    expect(chain.deposit(money("t1", { value: 999n }))).toBe(false);
    expect(chain.deposit(money("t1", { n: 1 }))).toBe(true);
    expect((await all(chain)).map(({ outputs }) => outputs.map(({ n, value }) => `${n} ${value}`))).toEqual([
      ["0 100"],
      ["1 100"],
    ]);
  });

  test("shows what pays a watched script, with the height that was given only as something to show", async () => {
    const chain = memoryChain("BTC", base);
    chain.deposit(money("t1", { n: 4, value: 10n ** 25n }));
    chain.deposit(money("t2", { script: Buffer.from("not ours") }));
    const [first, second] = await all(chain);
    expect(first?.outputs).toEqual([
      {
        txid: "t1",
        n: 4,
        value: 10n ** 25n,
        address: "1abc",
        inputs: [],
        coinbase: false,
        shownHeight: 494_713,
      },
    ]);
    expect(second?.outputs).toEqual([]);
  });

  test("does not know a block by another hash or height", async () => {
    const chain = memoryChain("BTC", base);
    chain.deposit(money("t1"));
    for (const ref of [
      { height: 1, hash: "other" },
      { height: 9, hash: "x" },
    ]) {
      const reading = chain.source.blocks([ref], watch, never);
      expect(await reading.catch((error: unknown) => error)).toMatchObject({ name: "Fault", fate: "retry" });
      expect(await reading.catch((error: unknown) => error)).toBeInstanceOf(Fault);
    }
  });

  test("that begins again goes on from where it was and may be paid the same again", async () => {
    const first = memoryChain("BTC", base);
    first.deposit(money("t1"));
    const cursor = await first.source.tip(never);
    const second = memoryChain("BTC", cursor);
    expect(second.deposit(money("t1"))).toBe(true);
    const [block] = await all(second, cursor.height);
    expect([block?.height, block?.parent]).toEqual([2, cursor.hash]);
  });

  test("forgets what is far below the block from which somebody asks on, and nothing that nobody has read", async () => {
    const chain = memoryChain("BTC", base);
    for (let i = 0; i < 5_000; i++) chain.deposit(money(`t${i}`));
    expect(await all(chain)).toHaveLength(500);
    const [first, hash] = await chain.source.hashesAt([1, 4_000], never);
    expect(first).toBeDefined();
    expect(await chain.source.hashesAt([4_000, 4_001], never)).toEqual([hash, expect.any(String)]);
    const [gone, kept] = await chain.source.hashesAt([1, 3_500], never);
    expect([gone, typeof kept]).toEqual([undefined, "string"]);
    const [next] = await all(chain, 4_000);
    expect(next?.parent).toBe(hash);
  });

  test("hands out long catches in parts, and forgets old blocks", async () => {
    const chain = memoryChain("BTC", base);
    for (let i = 0; i < 600; i++) chain.deposit(money(`t${i}`));
    expect(await all(chain)).toHaveLength(500);
    for (let i = 600; i < 200_001; i++) chain.deposit(money(`t${i}`));
    const { height, hash } = await chain.source.tip(never);
    expect(height).toBe(200_001);
    expect(await chain.source.hashesAt([1, 100_000, 200_001], never)).toEqual([undefined, undefined, hash]);
    const [, last] = await all(chain, 199_999);
    expect([last?.hash, last?.outputs[0]?.txid]).toEqual([hash, "t200000"]);
  });
});
