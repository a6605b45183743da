import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BitcoinOptions, bitcoinSource, checkAddress, scriptSet } from "#internal/bitcoin";
import { systemClock } from "#internal/clock";
import type { Block, BlockRef, ChainSource } from "#internal/coin";
import { Fault } from "#internal/fault";
import {
  addressKinds,
  type Btcd,
  copyBlocks,
  installBtcd,
  keyOf,
  type Paid,
  type ReorgKind,
  reorganise,
  startBtcd,
  type Wallet,
  wallet,
} from "../standin/btcd/mod.ts";

const tools = join(import.meta.dir, "../.tools/gobin");
const bin = installBtcd({ bin: process.env["BTCD_BIN"], into: tools });
if (bin === undefined && process.env["CI"] === "true") throw new Error("neither BTCD_BIN nor a go toolchain");
if (bin === undefined) console.log("skipped: e2e/bitcoin_source_test.ts needs BTCD_BIN or a go toolchain");

const never = new AbortController().signal;
const halfMinute = 30_000;

/** sourceOf looks at a node as its limited user, unless told otherwise. */
function sourceOf(node: Btcd, more: Partial<BitcoinOptions> = {}): ChainSource {
  const { url, cert, reader } = node;
  return bitcoinSource({ url, cert, ...reader, network: "simnet", clock: systemClock, ...more });
}

function watchOf(addresses: readonly string[]) {
  const byScript = new Map<string, string>();
  const hex = (script: Uint8Array) => Buffer.from(script).toString("hex");
  const set = scriptSet({ resolve: (script) => byScript.get(hex(script)) });
  for (const address of addresses) {
    const checked = checkAddress(address, "simnet");
    if (!checked.ok) throw new Error(`${address}: ${checked.refusal}`);
    byScript.set(hex(checked.value.script), address);
    set.add(checked.value.script);
  }
  return set;
}

/** readAll reads blocks in as many calls as it takes, and tells how many that were. */
async function readAll(source: ChainSource, refs: readonly BlockRef[], watch: ReturnType<typeof watchOf>) {
  const blocks: Block[] = [];
  let calls = 0;
  for (; blocks.length < refs.length; calls++) {
    blocks.push(...(await source.blocks(refs.slice(blocks.length), watch, never)));
  }
  return { blocks, calls };
}

async function refsOf(source: ChainSource, from: number, to: number): Promise<BlockRef[]> {
  const heights = Array.from({ length: to + 1 - from }, (_, i) => from + i);
  const hashes = await source.hashesAt(heights, never);
  return heights.map((height, i) => ({ height, hash: hashes[i] ?? "none" }));
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

describe.skipIf(bin === undefined)("the Bitcoin source against a real btcd", () => {
  let root: string;
  let node: Btcd;
  let other: Btcd;
  let miner: Wallet;
  let source: ChainSource;
  const start = (name: string) => startBtcd({ bin: bin ?? "", data: join(root, name) });

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "bitcoin-source-"));
    [node, other] = await Promise.all([start("a"), start("b")]);
    miner = wallet(node);
    source = sourceOf(node);
    await miner.ready();
  }, halfMinute);

  afterAll(async () => {
    await Promise.all([node.stop(), other.stop()]);
    rmSync(root, { recursive: true });
  }, halfMinute);

  test("a limited user is enough; network and tip are the node's", async () => {
    await source.check(never);
    const tip = await source.tip(never);
    expect(tip.height).toBe(await miner.height());
    expect(tip.hash).toBe(String(await node.call("getbestblockhash")));
    const hashes = await source.hashesAt([0, tip.height, tip.height + 1], never);
    expect(hashes).toEqual([
      "683e86bd5c6d110d91b94b97137ba6bfe02dbbdb8e3dff722a669b5d69d77af6",
      tip.hash,
      undefined,
    ]);
  });

  test("payments of all five kinds are found, each with its index, value and inputs", async () => {
    const { addresses } = keyOf("deposit1");
    const watch = watchOf(addressKinds.map((kind) => addresses[kind]));
    const payments = addressKinds.map((kind, i) => ({
      address: addresses[kind],
      value: 100_000n + BigInt(i),
    }));
    const foreign = { address: keyOf("bob").addresses.p2pkh, value: 5n };
    const paid = await miner.pay([foreign, ...payments, { address: addresses.p2pkh, value: 1n }]);
    const [hash = ""] = await miner.generate(1);
    const height = await miner.height();
    const [block] = await source.blocks([{ height, hash }], watch, never);
    const found = block?.outputs.map(({ txid, n, value, address, coinbase }) => ({
      txid,
      n,
      value,
      address,
      coinbase,
    }));
    const { txid } = paid;
    expect(found).toEqual([
      ...payments.map((payment, i) => ({ txid, n: i + 1, ...payment, coinbase: false })),
      { txid, n: 6, address: addresses.p2pkh, value: 1n, coinbase: false },
    ]);
    const inputs = block?.outputs[0]?.inputs ?? [];
    expect(inputs.length).toBe(1);
    expect(block?.outputs.every((output) => Bun.deepEquals(output.inputs, inputs))).toBe(true);
  });

  test("a coinbase that pays a watched address is marked as one", async () => {
    const height = await miner.height();
    const watch = watchOf([keyOf("miner").addresses.p2wpkh]);
    const { blocks } = await readAll(source, await refsOf(source, height, height), watch);
    expect(blocks[0]?.outputs[0]).toMatchObject({ n: 0, coinbase: true, inputs: [] });
  });

  const reorgs: { depth: number; kind: ReorgKind }[] = [
    { depth: 1, kind: "moved" },
    { depth: 1, kind: "double-spent" },
    { depth: 6, kind: "gone" },
    { depth: 6, kind: "double-spent" },
    { depth: 100, kind: "moved" },
  ];
  for (const { depth, kind } of reorgs) {
    test(
      `a reorg of depth ${depth}, the payment ${kind}, is seen in the hashes and the blocks`,
      async () => {
        const { address, watch, paid, before } = await payAndBury(depth, kind);
        const fork = before.height - depth;
        const old = await refsOf(source, fork, before.height);
        expect(await seenAt(old, watch)).toEqual([fork + 1]);

        const branch = await reorganise({ node, other, depth, kind, paid: [paid] });
        const after = await source.tip(never);
        expect(after).toEqual({ height: before.height + 1, hash: branch.at(-1) ?? "" });
        const now = await refsOf(source, fork, after.height);
        expect(now[0]).toEqual(old[0] ?? before);
        expect(now.slice(1).map(({ hash }) => hash)).toEqual([...branch]);
        expect(await seenAt(now, watch)).toEqual(kind === "moved" ? [fork + 2] : []);
        // The branch that lost can still be read, so a scanner may compare.
        expect(await seenAt(old, watch)).toEqual([fork + 1]);

        await miner.generate(1);
        const next = await source.tip(never);
        expect(await seenAt([next], watch)).toEqual(kind === "gone" ? [next.height] : []);
        expect(address).toBe(watch.addressOf(scriptOf(address)) ?? "");
      },
      halfMinute,
    );
  }

  async function payAndBury(depth: number, kind: ReorgKind) {
    const address = keyOf(`customer ${kind} ${depth}`).addresses.p2tr;
    const paid: Paid = await miner.pay([{ address, value: 700_000n }]);
    await miner.generate(depth);
    return { address, watch: watchOf([address]), paid, before: await source.tip(never) };
  }

  /** seenAt gives the heights of the blocks that pay the watch. */
  async function seenAt(refs: readonly BlockRef[], watch: ReturnType<typeof watchOf>): Promise<number[]> {
    const { blocks } = await readAll(source, refs, watch);
    for (const [i, block] of blocks.entries()) expect(block.hash).toBe(refs[i]?.hash ?? "");
    for (let i = 1; i < blocks.length; i++) expect(blocks[i]?.parent).toBe(blocks[i - 1]?.hash ?? "");
    return blocks.flatMap(({ height, outputs }) => outputs.map(() => height));
  }

  test(
    "a thousand blocks are caught up in a few calls, payments included",
    async () => {
      const address = keyOf("catch-up").addresses.p2wpkh;
      const from = (await miner.height()) + 1;
      const payments = Array.from({ length: 40 }, (_, i) => ({ address, value: 10_000n + BigInt(i) }));
      await miner.payEach(payments);
      await miner.generate(1000);
      const tip = await source.tip(never);
      const { blocks, calls } = await readAll(
        source,
        await refsOf(source, from, tip.height),
        watchOf([address]),
      );
      expect(blocks.at(-1)?.hash).toBe(tip.hash);
      const values = blocks
        .flatMap(({ outputs }) => outputs.map(({ value }) => value))
        .toSorted((a, b) => Number(a - b));
      expect(values).toEqual(payments.map(({ value }) => value));
      expect(calls).toBeLessThanOrEqual(4);
    },
    halfMinute,
  );

  test("a block that the node never had is a retry that names it", async () => {
    const ref = { height: 7, hash: "ab".repeat(32) };
    const fault = await faultOf(source.blocks([ref], watchOf([]), never));
    expect([fault.op, fault.fate]).toEqual(["bitcoin.getblock", "retry"]);
    expect(fault.message).toContain(`block 7 ${ref.hash}: the node does not have it`);
  });

  test("a wrong password stops, and is not told", async () => {
    const fault = await faultOf(sourceOf(node, { password: "hunter2" }).check(never));
    expect(fault.fate).toBe("stop");
    expect(fault.message).toContain("it refuses our user and password");
    expect(`${fault.message}${fault.stack}`).not.toContain("hunter2");
  });

  test("another node's certificate, or none, stops", async () => {
    for (const wrong of [sourceOf(node, { cert: other.cert }), bitcoinSource(withoutCert())]) {
      const fault = await faultOf(wrong.check(never));
      expect(fault.fate).toBe("stop");
      expect(fault.message).toContain("certificate is not trusted");
    }
  });

  function withoutCert(): BitcoinOptions {
    return { url: node.url, ...node.reader, network: "simnet", clock: systemClock };
  }

  test("another network stops and names both", async () => {
    const fault = await faultOf(sourceOf(node, { network: "regtest" }).check(never));
    expect(fault.fate).toBe("stop");
    expect(fault.message).toContain("the node is on simnet, the configuration says regtest");
  });

  test("plain HTTP to the TLS port says what is there", async () => {
    const fault = await faultOf(sourceOf(node, { url: node.url.replace("https", "http") }).check(never));
    expect([fault.fate, fault.message.includes("HTTPS server")]).toEqual(["retry", true]);
  });

  test(
    "a node that is down is a retry; after its start the chain is the same",
    async () => {
      const tip = await source.tip(never);
      await node.stop();
      const fault = await faultOf(source.tip(never));
      expect(fault.fate).toBe("retry");
      expect(fault.message).toContain("connection refused");
      await restart();
      expect(await source.tip(never)).toEqual(tip);
    },
    halfMinute,
  );

  test(
    "a killed node comes back lower and without the lost blocks; copied from another, they are there again",
    async () => {
      const kept = await source.tip(never);
      await miner.generate(50);
      const lost = await source.tip(never);
      expect(lost.height).toBe(kept.height + 50);
      await copyBlocks(node, other, { from: 1, to: lost.height });
      await node.kill();
      await restart();
      const tip = await source.tip(never);
      expect(tip.height).toBeLessThan(lost.height);
      expect(await source.hashesAt([lost.height], never)).toEqual([undefined]);
      const fault = await faultOf(source.blocks([lost], watchOf([]), never));
      expect([fault.fate, fault.message.includes("does not have it")]).toEqual(["retry", true]);
      await copyBlocks(other, node, { from: tip.height + 1, to: lost.height });
      expect(await source.tip(never)).toEqual(lost);
    },
    halfMinute,
  );

  async function restart(): Promise<void> {
    node = await startBtcd(node.options);
    miner = wallet(node);
  }
});

function scriptOf(address: string): Uint8Array {
  const checked = checkAddress(address, "simnet");
  return checked.ok ? checked.value.script : new Uint8Array(0);
}
