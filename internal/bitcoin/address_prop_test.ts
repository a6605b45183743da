import { expect, test } from "bun:test";
import { schnorr } from "@noble/curves/secp256k1.js";
import { OutScript, Address as scureAddress } from "@scure/btc-signer";
import { address as codec } from "bitcoinjs-lib";
import fc from "fast-check";
import { p2pkh, p2sh, witnessProgram } from "./forms.ts";
import { checkAddress } from "./mod.ts";
import { type Network, networkNames, networkOf } from "./networks.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const secret = bytes(32).filter((key) => key.some((byte) => byte > 0) && (key[0] ?? 255) < 255);
const network = fc.constantFrom(...networkNames);

/** An address of one of the five kinds, spelled by bitcoinjs-lib, and its script. */
const made = fc.oneof(
  fc
    .tuple(bytes(20), network)
    .map(([hash, name]) => spelled(name, p2pkh(hash), (n) => codec.toBase58Check(hash, n.pubKeyHash))),
  fc
    .tuple(bytes(20), network)
    .map(([hash, name]) => spelled(name, p2sh(hash), (n) => codec.toBase58Check(hash, n.scriptHash))),
  fc
    .tuple(fc.oneof(bytes(20), bytes(32)), network)
    .map(([hash, name]) => spelled(name, witnessProgram(0, hash), (n) => codec.toBech32(hash, 0, n.bech32))),
  fc.tuple(secret, network).map(([key, name]) => {
    const x = schnorr.getPublicKey(key);
    return spelled(name, witnessProgram(1, x), (n) => codec.toBech32(x, 1, n.bech32));
  }),
);

function spelled(
  name: (typeof networkNames)[number],
  script: Uint8Array,
  spell: (network: Network) => string,
) {
  return { name, script, address: spell(networkOf(name)) };
}

test("every address gives its script, on its own network and on those that share its form only", () => {
  fc.assert(
    fc.property(made, network, ({ name, script, address }, other) => {
      expect(checkAddress(address, name)).toEqual({ ok: true, value: { address, script } });
      const [own, foreign] = [networkOf(name), networkOf(other)];
      const sharesBech32 = own.bech32 === foreign.bech32;
      const sharesBase58 = own.pubKeyHash === foreign.pubKeyHash;
      const shared = address.startsWith(`${own.bech32}1`) ? sharesBech32 : sharesBase58;
      expect(checkAddress(address, other).ok).toBe(shared);
    }),
    { numRuns: 300 },
  );
});

test("the script is what another library makes of the address", () => {
  fc.assert(
    fc.property(made, ({ name, script, address }) => {
      const theirs = scureAddress({ ...networkOf(name), wif: 0x80 }).decode(address);
      expect(Buffer.from(OutScript.encode(theirs)).equals(script)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("no single mistyped character is taken", () => {
  fc.assert(
    fc.property(
      made,
      fc.nat(),
      fc.constantFrom(..."qpzry9x8gf2tvdw0s3jn54khce6mua7lABCDEFGH1b"),
      ({ name, address }, at, letter) => {
        const place = at % address.length;
        const typo = address.slice(0, place) + letter + address.slice(place + 1);
        fc.pre(typo !== address);
        expect(checkAddress(typo, name).ok).toBe(false);
      },
    ),
    { numRuns: 500 },
  );
});

test("any text is answered, never thrown at", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(..."bctr1qpz0OIl") }),
    fc.string().map((s) => `bc1${s}`),
  );
  fc.assert(
    fc.property(text, network, (any, name) => {
      expect(checkAddress(any, name).ok).toBe(false);
    }),
  );
});

test("a taproot key that is no point of the curve is refused", () => {
  let refused = 0;
  for (let i = 0; i < 40; i++) {
    const x = new Uint8Array(32).fill(i + 1);
    const result = checkAddress(codec.toBech32(x, 1, "bc"), "mainnet");
    if (result.ok) continue;
    expect(result.refusal).toBe("its taproot key is no point of the curve: nobody could spend the money");
    refused++;
  }
  expect(refused).toBeGreaterThan(10);
});
