/** The first two blocks of the private test chain, whose hashes a stock node gave. */
import { expect, test } from "bun:test";
import { droplet, hours } from "#internal/money";
import { parseAddress } from "./address.ts";
import { blockHash, type BlockHeader, encodeHeader, merkleRoot } from "./block.ts";
import { nullHash, xorHashes } from "./hash.ts";
import { transactionHex, txidOf } from "./transaction.ts";
import { snapshotHash, uxidOf } from "./uxout.ts";

const owner = parseAddress("pYFPybw6QvtDMMha2tmUcXr4KscZQD7aYw");
if (!owner.ok) throw new Error(owner.refusal);
const volume = 100_000_000_000_000n;
const output = { address: owner.value, coins: droplet(volume), hours: hours(volume) };
const genesisTx = { length: 0, type: 0, innerHash: nullHash, signatures: [], inputs: [], outputs: [output] };

const genesis: BlockHeader = {
  version: 0,
  time: 1_700_000_000n,
  seq: 0n,
  fee: 0n,
  parent: nullHash,
  bodyHash: merkleRoot([txidOf(genesisTx)]),
  uxHash: nullHash,
};

test("the genesis block follows from its owner and its time", () => {
  expect(transactionHex(genesisTx)).toHaveLength(2 * 86);
  expect(genesis.bodyHash).toBe("faae83c7fda7504b106b3d99365816e69fdc3cbfb592d523ce282024e0812fb4");
  expect(blockHash(genesis)).toBe("9248872b784360f54533c77c797bd524a41fb7c64bd079431ee12fbd35fa4ae9");
  expect(uxidOf(nullHash, output)).toBe("79eaea1139489d582d36006c96057c4eb9ea3a41585a172b4a8a3a9b136f405e");
});

test("the next block commits to its parent, its transactions and the outputs before it", () => {
  const unspent = { ...output, srcTx: nullHash, time: genesis.time, blockSeq: genesis.seq };
  const next: BlockHeader = {
    version: 0,
    time: 1_795_196_010n,
    seq: 1n,
    fee: 10_000_000_000_000n,
    parent: blockHash(genesis),
    bodyHash: merkleRoot(["f965cd1cb3709bfa4e4f05e9a9313bec2721935a38fc1122caf44fc3aa9cc4fa"]),
    uxHash: xorHashes(nullHash, snapshotHash(unspent)),
  };
  expect(next.uxHash).toBe("ee0c5289640f556f10adb6fafff990f7bcf1ea11ecb04412194cea8c68a51e14");
  expect(encodeHeader(next)).toHaveLength(124);
  expect(blockHash(next)).toBe("133ae382f400b2e922a58da61f4372864978154f6400f7cb81a9833c73b24392");
});

test("taking an output out of the set is the same as putting it in", () => {
  const [a, b] = ["f0".repeat(32), "0f".repeat(32)];
  expect(xorHashes(a, b)).toBe("ff".repeat(32));
  expect(xorHashes(xorHashes(a, b), b)).toBe(a);
  expect(xorHashes(a, a)).toBe(nullHash);
});

test("no transactions have the null hash as their root", () => {
  expect(merkleRoot([])).toBe(nullHash);
});

test("a malformed header is not hashed", () => {
  expect(() => blockHash({ ...genesis, parent: "00" })).toThrow("malformed block header");
  expect(() => blockHash({ ...genesis, uxHash: "zz".repeat(32) })).toThrow("malformed block header");
});
