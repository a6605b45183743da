import { afterEach, expect, test } from "bun:test";
import { systemClock } from "#internal/clock";
import type { BlockRef, Watch } from "#internal/coin";
import { type Fate, Fault } from "#internal/fault";
import { bitcoinSource, type NetworkName } from "./mod.ts";
import { networkNames, networkOf } from "./networks.ts";
import { randomBlock, seeded } from "./testblocks.ts";

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}
type Answer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } };

const never = new AbortController().signal;
const everything: Watch = { size: 1, addressOf: (script) => Buffer.from(script).toString("hex") };
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** node is a server that answers each call as the test says; `batches` are the sizes of the requests it got. */
function node(answer: (call: Call) => Answer, oversized: (calls: number) => boolean = () => false) {
  const batches: number[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const body: Call | Call[] = JSON.parse(await request.text());
      const calls = Array.isArray(body) ? body : [body];
      batches.push(calls.length);
      if (oversized(calls.length)) return new Response("9".repeat(12_000_001));
      const answers = calls.map((call) => ({
        jsonrpc: "1.0",
        id: call.id,
        result: null,
        error: null,
        ...answer(call),
      }));
      return new Response(JSON.stringify(Array.isArray(body) ? answers : answers[0]));
    },
  });
  closers.push(() => void server.stop(true));
  return { url: `http://127.0.0.1:${server.port}`, batches };
}

function source(url: string, network: NetworkName = "simnet") {
  return bitcoinSource({ url, user: "u", password: "p", network, clock: systemClock });
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

/** chain is a row of generated blocks with their bytes in hex by hash. */
function chain(count: number, transactions: number) {
  const refs: BlockRef[] = [];
  const bytes = new Map<unknown, string>();
  for (let height = 0; height < count; height++) {
    const block = randomBlock(seeded(height), transactions);
    refs.push({ height, hash: block.getId() });
    bytes.set(block.getId(), block.toHex());
  }
  const answer = (call: Call): Answer => {
    const found = bytes.get(call.params[0]);
    return found === undefined ? { error: { code: -5, message: "Block not found" } } : { result: found };
  };
  return { refs, bytes, answer };
}

for (const network of networkNames) {
  test(`a node on ${network} is taken for ${network} only`, async () => {
    const { url } = node(() => ({ result: networkOf(network).genesis }));
    await source(url, network).check(never);
    for (const other of networkNames.filter((name) => name !== network)) {
      const fault = await faultOf(source(url, other).check(never));
      expect([fault.op, fault.fate]).toEqual(["bitcoin.check", "stop"]);
      expect(fault.message).toContain(`the node is on ${network}, the configuration says ${other}`);
    }
  });
}

const failedChecks: { name: string; answer: Answer; fate: Fate; message: RegExp }[] = [
  {
    name: "an unknown chain",
    answer: { result: "ab".repeat(32) },
    fate: "stop",
    message: /on an unknown network, the configuration says simnet/,
  },
  {
    name: "another kind of node",
    answer: { error: { code: -32601, message: "the method does not exist" } },
    fate: "stop",
    message: /no Bitcoin node/,
  },
  {
    name: "a node that is starting",
    answer: { error: { code: -28, message: "Loading block index…" } },
    fate: "retry",
    message: /Loading block index/,
  },
  { name: "nonsense", answer: { result: "hello" }, fate: "retry", message: /no block hash/ },
];
for (const { name, answer, fate, message } of failedChecks) {
  test(`check with ${name}: ${fate}`, async () => {
    const fault = await faultOf(source(node(() => answer).url).check(never));
    expect(fault.fate).toBe(fate);
    expect(fault.message).toMatch(message);
  });
}

test("the tip is a height and the hash that the node gives for it", async () => {
  const { url } = node(({ method, params }) => ({
    result: method === "getblockcount" ? 17 : `${params[0]}`.padStart(64, "0"),
  }));
  expect(await source(url).tip(never)).toEqual({ height: 17, hash: "17".padStart(64, "0") });
  expect((await faultOf(source(node(() => ({ result: -1 })).url).tip(never))).message).toContain("no height");
});

// btcd, Bitcoin Core.
for (const error of [
  { code: -1, message: "Block number out of range" },
  { code: -8, message: "Block height out of range" },
]) {
  test(`heights above the tip have no hash (error ${error.code})`, async () => {
    const { url, batches } = node(({ params }) =>
      Number(params[0]) > 5 ? { error } : { result: `${params[0]}`.padStart(64, "a") },
    );
    const hashes = await source(url).hashesAt([5, 6, 4, 1_000_000], never);
    expect(hashes).toEqual(["5".padStart(64, "a"), undefined, "4".padStart(64, "a"), undefined]);
    expect(batches).toEqual([4]);
  });
}

test("another error than 'out of range' is no proof that a height is above the tip", async () => {
  const { url } = node(() => ({ error: { code: -1, message: "Command unimplemented" } }));
  expect((await faultOf(source(url).hashesAt([5], never))).fate).toBe("retry");
});

test("many heights are asked for in several requests", async () => {
  const { url, batches } = node(({ params }) => ({ result: `${params[0]}`.padStart(64, "0") }));
  const heights = Array.from({ length: 4100 }, (_, i) => i);
  const hashes = await source(url).hashesAt(heights, never);
  expect(hashes[4099]).toBe("4099".padStart(64, "0"));
  expect(batches).toEqual([2000, 2000, 100]);
  expect(await source(url).hashesAt([], never)).toEqual([]);
});

test("blocks come in order, and small ones many at a time", async () => {
  const { refs, answer } = chain(60, 2);
  const { url, batches } = node(answer);
  const bitcoin = source(url);
  const first = await bitcoin.blocks(refs, everything, never);
  expect(first.map(({ height, hash }) => ({ height, hash }))).toEqual(refs.slice(0, first.length));
  const rest = await bitcoin.blocks(refs.slice(first.length), everything, never);
  expect(first.length + rest.length).toBe(60);
  expect(batches).toEqual([4, 4, 26, 26]);
  expect(await bitcoin.blocks([], everything, never)).toEqual([]);
});

test("large blocks come few at a time", async () => {
  const { refs, answer } = chain(4, 2500);
  const many = Array.from({ length: 12 }, (_, i) => refs[i % 4] ?? { height: 0, hash: "" });
  const { url, batches } = node(answer);
  const bitcoin = source(url);
  await bitcoin.blocks(many, everything, never);
  await bitcoin.blocks(many, everything, never);
  // What was asked for ahead may have come already.
  expect(batches.slice(0, 4)).toEqual([4, 4, 2, 1]);
});

test("an answer that is too large is asked for again by halves", async () => {
  const { refs, answer } = chain(20, 2);
  const { url, batches } = node(answer, (calls) => calls > 1);
  const blocks = await source(url).blocks(refs, everything, never);
  expect(blocks.map(({ height }) => height)).toEqual([0, 1]);
  expect(batches.slice(0, 6)).toEqual([4, 4, 2, 2, 1, 1]);
});

test("a single block that is too large fails", async () => {
  const { refs, answer } = chain(1, 2);
  const fault = await faultOf(source(node(answer, () => true).url).blocks(refs, everything, never));
  expect([fault.op, fault.fate]).toEqual(["bitcoin.getblock", "retry"]);
  expect(fault.message).toContain("larger than");
});

test("a block that the node does not have is named; those before it are given", async () => {
  const { refs, answer, bytes } = chain(4, 2);
  bytes.delete(refs[2]?.hash);
  const bitcoin = source(node(answer).url);
  expect((await bitcoin.blocks(refs, everything, never)).map(({ height }) => height)).toEqual([0, 1]);
  const fault = await faultOf(bitcoin.blocks(refs.slice(2), everything, never));
  expect([fault.op, fault.fate]).toEqual(["bitcoin.getblock", "retry"]);
  expect(fault.message).toContain(`block 2 ${refs[2]?.hash}: the node does not have it`);
});

const badAnswers: { name: string; change: (hex: string) => Answer; fate: Fate; message: RegExp }[] = [
  { name: "cut", change: (hex) => ({ result: hex.slice(0, -2) }), fate: "retry", message: /cut off/ },
  {
    name: "half a byte cut",
    change: (hex) => ({ result: hex.slice(0, -1) }),
    fate: "retry",
    message: /not all hex digits/,
  },
  {
    name: "not hex",
    change: (hex) => ({ result: `${hex.slice(0, 40)}zz${hex.slice(42)}` }),
    fate: "retry",
    message: /not all hex digits/,
  },
  { name: "no text", change: () => ({ result: { hash: "x" } }), fate: "retry", message: /no hex text/ },
  {
    name: "another block",
    change: () => ({ result: randomBlock(seeded(99), 1).toHex() }),
    fate: "retry",
    message: /its header has the hash/,
  },
  {
    name: "pruned",
    change: () => ({ error: { code: -1, message: "Block not available (pruned data)" } }),
    fate: "stop",
    message: /has pruned it/,
  },
  {
    name: "failed",
    change: () => ({ error: { code: -32603, message: "disk" } }),
    fate: "retry",
    message: /error -32603: disk/,
  },
];
for (const { name, change, fate, message } of badAnswers) {
  test(`a block that is ${name}: ${fate}`, async () => {
    const { refs, bytes } = chain(1, 3);
    const { url } = node(({ params }) => change(bytes.get(params[0]) ?? ""));
    const fault = await faultOf(source(url).blocks(refs, everything, never));
    expect(fault.fate).toBe(fate);
    expect(fault.message).toMatch(message);
  });
}

test("the blocks that follow are on their way while a chunk is read, and each is asked for once", async () => {
  const { refs, answer } = chain(40, 100);
  const asked: unknown[] = [];
  const { url } = node((call) => {
    asked.push(call.params[0]);
    return answer(call);
  });
  const reader = source(url);
  const seen: string[] = [];
  for (let rest = refs; rest.length > 0; rest = refs.slice(seen.length)) {
    seen.push(...(await reader.blocks(rest, everything, never)).map(({ hash }) => hash));
  }
  expect(seen).toEqual(refs.map(({ hash }) => hash));
  expect(asked.toSorted()).toEqual(seen.toSorted());
});

test("what was asked for ahead is left alone when other blocks are wanted, or when it was given up", async () => {
  const { refs, answer } = chain(40, 100);
  const { url } = node(answer);
  const first = async (reader: ReturnType<typeof source>, from: number, signal = never) =>
    (await reader.blocks(refs.slice(from), everything, signal))[0]?.height;
  const reader = source(url);
  for (const from of [0, 30, 1]) expect(await first(reader, from)).toBe(from);
  const other = source(url);
  const stopped = new AbortController();
  const { length } = await other.blocks(refs, everything, stopped.signal);
  expect(length).toBeLessThan(refs.length);
  stopped.abort();
  expect(await first(other, length)).toBe(length);
});

test("a failure of what was asked for ahead is told to whoever asks for it, who may try again", async () => {
  const { refs, answer } = chain(40, 100);
  let down = false;
  const { url } = node((call) => (down ? { error: { code: -1, message: "busy" } } : answer(call)));
  const reader = source(url);
  const stops: Watch = {
    size: 1,
    // Called while the first blocks are read, when the next are asked for: those are refused.
    addressOf: () => {
      down = true;
      return undefined;
    },
  };
  const { length } = await reader.blocks(refs, stops, never);
  const second = refs.slice(length);
  expect((await faultOf(reader.blocks(second, everything, never))).fate).toBe("retry");
  down = false;
  expect((await reader.blocks(second, everything, never))[0]?.height).toBe(length);
});

test("what the look-up of an address throws comes through as it is", async () => {
  const { refs, answer } = chain(1, 3);
  const broken: Watch = {
    size: 1,
    addressOf: () => {
      throw new Error("the store is gone");
    },
  };
  await expect(source(node(answer).url).blocks(refs, broken, never)).rejects.toThrow("the store is gone");
});
