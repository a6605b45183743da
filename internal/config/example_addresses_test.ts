import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { p2pkh, p2sh, p2tr, p2wpkh } from "@scure/btc-signer";
import { address as bitcoin } from "bitcoinjs-lib";
import { z } from "zod";

const root = join(import.meta.dir, "../..");
const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), "utf8"));
const text = z.string();
const btc = z
  .strictObject({ _comment: text, btc_addresses: z.array(text) })
  .parse(read("example_btc_addresses.json"));
const eth = z
  .strictObject({ _comment: text, eth_addresses: z.array(text) })
  .parse(read("example_eth_addresses.json"));

/** The private key that the file itself tells. */
const key = (coin: string, number: number) =>
  createHash("sha256").update(`teller example ${coin} address ${number}`).digest();

test("both files say in their first line that they are not for money, and where the keys come from", () => {
  for (const [file, coin] of [
    [btc, "bitcoin"],
    [eth, "ethereum"],
  ] as const) {
    expect(file._comment).toStartWith(
      "EXAMPLES, NOT FOR REAL MONEY: everybody can work out the private keys.",
    );
    expect(file._comment).toEndWith(`sha256 of the text "teller example ${coin} address N".`);
  }
});

test("the BTC addresses come from the told phrases, in four kinds by turns", () => {
  const made = Array.from({ length: 100 }, (_, at) => {
    const pub = secp256k1.getPublicKey(key("bitcoin", at + 1), true);
    const segwit = p2wpkh(pub);
    return [p2pkh(pub), p2sh(segwit), segwit, p2tr(pub.slice(1))][at % 4]?.address ?? "";
  });
  expect(btc.btc_addresses).toEqual(made);
  expect(new Set(made).size).toBe(100);
  expect(
    made.slice(0, 4).map((one) => one.slice(0, 4).replace(/^[13].*/, (found) => found[0] ?? "")),
  ).toEqual(["1", "3", "bc1q", "bc1p"]);
});

test("every BTC address but taproot is one to a second library as well", () => {
  const others = btc.btc_addresses.filter((one) => !one.startsWith("bc1p"));
  expect(others.length).toBe(75);
  for (const one of others) expect(bitcoin.toOutputScript(one).length).toBeGreaterThan(20);
});

test("the ETH addresses come from the told phrases, in lower case", () => {
  const made = Array.from({ length: 10 }, (_, at) => {
    const pub = secp256k1.getPublicKey(key("ethereum", at + 1), false);
    return `0x${Buffer.from(keccak_256(pub.slice(1)).slice(-20)).toString("hex")}`;
  });
  expect(eth.eth_addresses).toEqual(made);
  expect(made.every((one) => /^0x[0-9a-f]{40}$/.test(one))).toBe(true);
});
