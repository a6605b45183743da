import { expect, test } from "bun:test";
import { schnorr } from "@noble/curves/secp256k1.js";
import { payments } from "bitcoinjs-lib";
import { hasForm, p2pkh, p2sh, witnessProgram } from "./forms.ts";
import { randomBytes, seeded } from "./testblocks.ts";

const random = seeded(11);
const hash20 = randomBytes(random, 20);
const hash32 = randomBytes(random, 32);
const point = schnorr.getPublicKey(hash32);

/** `fixed` are the places of the bytes that make a script what it is; the others are the hash or the key. */
const forms: { name: string; script: Uint8Array; theirs: Uint8Array | undefined; fixed: number[] }[] = [
  {
    name: "P2PKH",
    script: p2pkh(hash20),
    theirs: payments.p2pkh({ hash: hash20 }).output,
    fixed: [0, 1, 2, 23, 24],
  },
  { name: "P2SH", script: p2sh(hash20), theirs: payments.p2sh({ hash: hash20 }).output, fixed: [0, 1, 22] },
  {
    name: "P2WPKH",
    script: witnessProgram(0, hash20),
    theirs: payments.p2wpkh({ hash: hash20 }).output,
    fixed: [0, 1],
  },
  {
    name: "P2WSH",
    script: witnessProgram(0, hash32),
    theirs: payments.p2wsh({ hash: hash32 }).output,
    fixed: [0, 1],
  },
  {
    name: "P2TR",
    script: witnessProgram(1, point),
    theirs: Uint8Array.of(0x51, 0x20, ...point),
    fixed: [0, 1],
  },
];
for (const { name, script, theirs, fixed } of forms) {
  test(`${name} is what the library makes, and has its form wherever it lies`, () => {
    expect(Buffer.from(script).equals(theirs ?? new Uint8Array(0))).toBe(true);
    expect(hasForm(script, 0, script.length)).toBe(true);
    expect(hasForm(Uint8Array.of(9, 9, 9, ...script, 9), 3, script.length)).toBe(true);
  });

  test(`${name} with another opcode or length has no form`, () => {
    for (const at of fixed) {
      for (const change of [0x01, 0x02, 0x10, 0x80, 0xff]) {
        const other = Uint8Array.from(script);
        other[at] = (other[at] ?? 0) ^ change;
        expect(hasForm(other, 0, other.length)).toBe(false);
      }
    }
    const longer = Uint8Array.of(...script, 0);
    expect(hasForm(longer, 0, longer.length)).toBe(false);
    expect(hasForm(script, 0, script.length - 1)).toBe(false);
  });
}

test("no other short script has a form", () => {
  for (let length = 0; length < 60; length++) {
    const script = randomBytes(random, length);
    expect(hasForm(script, 0, length)).toBe(false);
  }
});
