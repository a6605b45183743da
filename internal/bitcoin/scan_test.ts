import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { Block, Transaction } from "bitcoinjs-lib";
import type { SeenOutput, Watch } from "#internal/coin";
import { hasForm, witnessProgram } from "./forms.ts";
import { scriptSet } from "./mod.ts";
import { blockScanner } from "./scan.ts";
import { randomBlock, seeded } from "./testblocks.ts";
import { BadBlock } from "./walk.ts";

/** What btcd says about a block (`getblock` with verbosity 2); made by e2e/bitcoin_testdata.ts. */
interface Reading {
  readonly height: number;
  readonly hash: string;
  readonly parent: string;
  readonly transactions: readonly {
    readonly txid: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly { readonly n: number; readonly value: number; readonly script: string }[];
  }[];
}

const testdata = `${import.meta.dir}/testdata`;
const names = readdirSync(testdata)
  .filter((name) => name.endsWith(".hex"))
  .map((name) => name.slice(0, -4));
const rawOf = (name: string) => Buffer.from(readFileSync(`${testdata}/${name}.hex`, "utf8").trim(), "hex");
const readingOf = (name: string): Reading => JSON.parse(readFileSync(`${testdata}/${name}.json`, "utf8"));

/** everything watches all scripts that have an address; its addresses are the scripts in hex. */
const everything: Watch = { size: 1, addressOf: (script) => Buffer.from(script).toString("hex") };
const nothing: Watch = { size: 0, addressOf: () => undefined };

function expected({ transactions }: Reading): SeenOutput[] {
  return transactions.flatMap(({ txid, inputs, outputs }, i) =>
    outputs
      .filter(({ script }) => hasForm(Buffer.from(script, "hex"), 0, script.length / 2))
      .map(({ n, value, script }) => ({
        txid,
        n,
        value: BigInt(value),
        address: script,
        inputs,
        coinbase: i === 0,
      })),
  );
}

test("the blocks of a real node hold all five kinds, and outputs that have no address", () => {
  const scripts = names.flatMap((name) =>
    readingOf(name).transactions.flatMap(({ outputs }) => outputs.map((o) => o.script)),
  );
  const beginnings = ["76a914", "a914", "0014", "0020", "5120", "6a", "5121", "21"];
  for (const beginning of beginnings)
    expect(scripts.some((script) => script.startsWith(beginning))).toBe(true);
  expect(names.length).toBeGreaterThanOrEqual(5);
});

for (const name of names) {
  test(`block "${name}" is read as the node that made it reads it`, () => {
    const reading = readingOf(name);
    const block = blockScanner()(rawOf(name), reading, everything);
    expect(block).toEqual({
      height: reading.height,
      hash: reading.hash,
      parent: reading.parent,
      outputs: expected(reading),
    });
  });

  test(`block "${name}" is found by a script set as by a plain look-up`, () => {
    const reading = readingOf(name);
    for (const wanted of expected(reading)) {
      const resolve = (script: Uint8Array) => Buffer.from(script).toString("hex");
      const set = scriptSet({ resolve });
      set.add(Buffer.from(wanted.address, "hex"));
      const { outputs } = blockScanner()(rawOf(name), reading, set);
      expect(outputs).toEqual(expected(reading).filter(({ address }) => address === wanted.address));
    }
    expect(blockScanner()(rawOf(name), reading, nothing).outputs).toEqual([]);
  });

  test(`every truncated prefix of block "${name}", and any byte more, is refused`, () => {
    const raw = rawOf(name);
    const reading = readingOf(name);
    const scan = blockScanner();
    for (let length = 0; length < raw.length; length++) {
      expect(() => scan(raw.subarray(0, length), reading, everything)).toThrow(BadBlock);
    }
    for (const more of [0, 1, 0xff]) {
      expect(() => scan(Buffer.concat([raw, Uint8Array.of(more)]), reading, everything)).toThrow(
        "bytes too many",
      );
    }
  });
}

test("the first block of all is read", () => {
  const coinbase =
    "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000";
  const header =
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c";
  const hash = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
  const raw = Buffer.from(`${header}01${coinbase}`, "hex");
  expect(blockScanner()(raw, { height: 0, hash }, everything)).toEqual({
    height: 0,
    hash,
    parent: "0".repeat(64),
    outputs: [],
  });
});

/** sealed gives the bytes of a block after its transactions were changed, with a header that fits them. */
function sealed(block: Block): { raw: Buffer; ref: { height: number; hash: string } } {
  block.merkleRoot = Block.calculateMerkleRoot(block.transactions ?? []);
  return { raw: Buffer.from(block.toBuffer()), ref: { height: 1, hash: block.getId() } };
}

const blockOf = (transactions: number) => randomBlock(seeded(transactions), transactions);

test("another block than the one asked for is refused", () => {
  const { raw, ref } = sealed(blockOf(2));
  const other = { ...ref, hash: "00".repeat(32) };
  expect(() => blockScanner()(raw, other, everything)).toThrow(`its header has the hash ${ref.hash}`);
});

test("a block whose merkle root leaves a transaction out is refused", () => {
  const block = blockOf(4);
  block.merkleRoot = Block.calculateMerkleRoot((block.transactions ?? []).slice(0, 3));
  const ref = { height: 1, hash: block.getId() };
  expect(() => blockScanner()(Buffer.from(block.toBuffer()), ref, everything)).toThrow(
    "merkle root does not match",
  );
});

// CVE-2012-2459: with an odd count somewhere, repeating the tail gives the same root and so the same hash.
for (const { count, repeated } of [
  { count: 3, repeated: [2] },
  { count: 5, repeated: [4] },
  { count: 6, repeated: [4, 5] },
  { count: 7, repeated: [6] },
]) {
  test(`${count} transactions with the tail repeated are refused though the root is the same`, () => {
    const block = blockOf(count);
    const honest = sealed(block);
    const transactions = block.transactions ?? [];
    block.transactions = [...transactions, ...repeated.flatMap((i) => transactions.slice(i, i + 1))];
    const forged = sealed(block);
    expect(forged.ref).toEqual(honest.ref);
    expect(() => blockScanner()(forged.raw, forged.ref, everything)).toThrow("transactions are repeated");
    expect(blockScanner()(honest.raw, honest.ref, everything).hash).toBe(honest.ref.hash);
  });
}

const changes: { name: string; change: (block: Block) => void; message: RegExp }[] = [
  { name: "without a coinbase", change: (b) => b.transactions?.shift(), message: /must be a coinbase/ },
  {
    name: "with two coinbases",
    change: (b) => b.transactions?.push(...b.transactions.slice(0, 1)),
    message: /must be a coinbase/,
  },
  { name: "with the coinbase last", change: (b) => b.transactions?.reverse(), message: /must be a coinbase/ },
  {
    name: "with a transaction without outputs",
    change: (b) => {
      const tx = new Transaction();
      tx.addInput(new Uint8Array(32).fill(1), 0);
      b.transactions?.push(tx);
    },
    message: /without outputs/,
  },
  {
    name: "with more money than there is",
    change: (b) =>
      b.transactions?.[1]?.addOutput(witnessProgram(0, new Uint8Array(20)), 2_100_000_000_000_001n),
    message: /more money than there is/,
  },
];
for (const { name, change, message } of changes) {
  test(`a block ${name} is refused`, () => {
    const block = blockOf(3);
    change(block);
    const { raw, ref } = sealed(block);
    expect(() => blockScanner()(raw, ref, everything)).toThrow(message);
  });
}

/** patched gives a block with the same header and other bytes after it. */
function patched(raw: Buffer, at: number, remove: number, insert: readonly number[]): Buffer {
  return Buffer.concat([raw.subarray(0, at), Uint8Array.from(insert), raw.subarray(at + remove)]);
}

test("lengths that are not in their shortest form, or lead beyond the end, are refused", () => {
  const raw = rawOf("coinbase");
  const reading = readingOf("coinbase");
  const scan = (bytes: Buffer) => () => blockScanner()(bytes, reading, everything);
  expect(raw[80]).toBe(1);
  expect(scan(patched(raw, 80, 1, [0xfd, 1, 0]))).toThrow("shortest form");
  expect(scan(patched(raw, 80, 1, [0xfe, 1, 0, 0, 0]))).toThrow("shortest form");
  expect(scan(patched(raw, 80, 1, [0xff, 1, 0, 0, 0, 0, 0, 0, 0]))).toThrow("shortest form");
  expect(scan(patched(raw, 80, 1, [0xff, 0, 0, 0, 0, 0, 0, 0, 0x80]))).toThrow("beyond the end");
  expect(scan(patched(raw, 80, 1, [0xfe, 0xff, 0xff, 0xff, 0xff]))).toThrow("beyond the end");
  expect(scan(patched(raw, 80, 1, [0]))).toThrow("no transactions");
  expect(scan(patched(raw, 80, 1, [9]))).toThrow("more transactions than there is room for");
});

test("a segwit mark without witnesses, or another flag, is refused", () => {
  const raw = rawOf("genesis-child");
  const reading = readingOf("genesis-child");
  const scan = (bytes: Buffer) => () => blockScanner()(bytes, reading, everything);
  const afterVersion = 85;
  expect(raw[afterVersion]).toBe(1);
  const marked = patched(raw, afterVersion, 0, [0, 1]);
  const end = marked.length - 4;
  expect(scan(patched(marked, end, 0, [0]))).toThrow("without any witness");
  expect(scan(patched(raw, afterVersion, 0, [0, 2]))).toThrow("unknown flag");
  // With a witness the same transaction is as good as before: the txid does not cover it.
  const witnessed = patched(marked, end, 0, [1, 1, 7]);
  expect(scan(witnessed)().outputs).toEqual(expected(reading));
});
