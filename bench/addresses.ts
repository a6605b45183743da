import { base58, bech32 } from "@scure/base";
import { p2pkh, witnessProgram } from "../internal/bitcoin/forms.ts";
import { addressFromWire, addressText } from "../internal/skycoin/address.ts";
import { bytes, type Random, seeded } from "./random.ts";

/** PoolAddress is an address that a pool may have, with its script. */
export interface PoolAddress {
  readonly address: string;
  readonly script: Uint8Array;
}

function checked(body: Uint8Array): string {
  const once = new Bun.CryptoHasher("sha256").update(body).digest();
  const twice = new Bun.CryptoHasher("sha256").update(once).digest();
  return base58.encode(Buffer.concat([body, twice.subarray(0, 4)]));
}

/** poolAddress gives a mainnet address of a random key hash: half of them P2PKH, half P2WPKH. */
function poolAddress(random: Random): PoolAddress {
  const hash = bytes(random, 20);
  if (random(2) === 0)
    return { address: checked(Buffer.concat([new Uint8Array(1), hash])), script: p2pkh(hash) };
  const address = bech32.encode("bc", [0, ...bech32.toWords(hash)]);
  return { address, script: witnessProgram(0, hash) };
}

/** poolOf gives a pool of so many addresses, the same ones in every run; a larger pool begins with a smaller one. */
export function poolOf(count: number): PoolAddress[] {
  const random = seeded(0xb17c);
  return Array.from({ length: count }, () => poolAddress(random));
}

/** bitcoinAddresses gives so many mainnet addresses, the same ones in every run. */
export function bitcoinAddresses(count: number): string[] {
  return poolOf(count).map(({ address }) => address);
}

/** watchedScript gives the script of a random mainnet address, of the two kinds that pools have. */
export function watchedScript(random: Random): Uint8Array {
  const hash = bytes(random, 20);
  return random(2) === 0 ? p2pkh(hash) : witnessProgram(0, hash);
}

/** skycoinAddress gives a valid Skycoin address of a random key hash. */
export function skycoinAddress(random: Random): string {
  const wire = new Uint8Array(21);
  wire.set(bytes(random, 20), 1);
  return addressText(addressFromWire(wire));
}
