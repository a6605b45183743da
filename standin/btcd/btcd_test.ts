import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Block, Transaction } from "bitcoinjs-lib";
import { checkAddress } from "#internal/bitcoin";
import { addressKinds, installBtcd, keyOf, makeBlock, malleate, spendLegacy, startBtcd } from "./mod.ts";

test("the keys are the published ones", () => {
  const { addresses } = keyOf("miner");
  expect(addresses.p2pkh).toBe("SaSgcA" + addresses.p2pkh.slice(6));
  expect(addresses.p2wpkh).toBe("sb1qjq7llqmfetz8qy7zedk8uhjp49svftt7eeh9ss");
  expect(keyOf("deposit3").addresses.p2sh).toBe("raf5YE5SciJswUgiHe6xXGuyS3nVcsGyX7");
  expect(keyOf("deposit4").addresses.p2tr).toBe(
    "sb1pyx272e3kvjjruutksxaq3t2tdyskrtntzljx6uq7v0vnvhj9y40qqxtfgh",
  );
});

test("the five addresses of a key are taken on simnet", () => {
  for (const name of ["alice", "bob"]) {
    for (const kind of addressKinds)
      expect(checkAddress(keyOf(name).addresses[kind], "simnet").ok).toBe(true);
  }
});

test("a named btcd is used as it is, and its absence told", () => {
  expect(installBtcd({ bin: import.meta.path, into: "nowhere" })).toBe(import.meta.path);
  expect(() => installBtcd({ bin: "/nowhere/btcd", into: "nowhere" })).toThrow(
    "BTCD_BIN names /nowhere/btcd",
  );
});

test("a program that ends instead of answering is told with its last words", async () => {
  const data = mkdtempSync(join(tmpdir(), "btcd-standin-"));
  try {
    const bin = join(data, "fake");
    writeFileSync(bin, "#!/bin/sh\necho no valid listen address\nexit 1\n", { mode: 0o755 });
    await expect(startBtcd({ bin, data: join(data, "node") })).rejects.toThrow("no valid listen address");
  } finally {
    rmSync(data, { recursive: true });
  }
});

const tip = { hash: "11".repeat(32), height: 300, time: 1_700_000_000 };
const key = keyOf("alice");
const spent = () =>
  spendLegacy(key, { txid: "22".repeat(32), n: 3 }, { address: key.addresses.p2tr, value: 7n });

test("a malleated transaction has the same inputs and outputs under another txid, and done twice is the first", () => {
  const [paid, other] = [spent(), malleate(spent())];
  expect(other.txid).not.toBe(paid.txid);
  const parts = ({ hex }: { hex: string }) => {
    const { ins, outs } = Transaction.fromHex(hex);
    return [ins.map(({ hash, index }) => [hash, index]), outs];
  };
  expect(parts(other)).toEqual(parts(paid));
  expect(malleate(other)).toEqual(paid);
});

test("a made block has its transactions, follows its parent, and is another one with another salt", () => {
  const made = makeBlock(tip, [spent().hex], 1);
  const block = Block.fromHex(made.hex);
  expect([made.height, made.time, block.getId()]).toEqual([301, tip.time + 1, made.hash]);
  expect(Buffer.from(block.prevHash ?? []).toString("hex")).toBe(tip.hash);
  expect(block.checkProofOfWork() && block.checkTxRoots()).toBe(true);
  expect(block.transactions?.map((tx) => tx.getId()).slice(1)).toEqual([spent().txid]);
  expect(makeBlock(tip, [spent().hex], 2).hash).not.toBe(made.hash);
  expect(() => makeBlock({ ...tip, height: 3 }, [], 1)).toThrow("is for the node to mine");
});
