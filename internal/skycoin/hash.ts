import { ripemd160 } from "@noble/hashes/legacy.js";
import { invariant, accept, refuse, type Result } from "#internal/fault";

/** Hash is 32 bytes as 64 lower-case hex digits in their natural order, as Skycoin shows them. */
export type Hash = string;

/** nullHash is 32 zero bytes. */
export const nullHash: Hash = "00".repeat(32);

/** largestU64 is the largest unsigned 64-bit integer, the bound of coins and hours on the wire. */
export const largestU64 = 2n ** 64n - 1n;

/** sha is SHA-256 of the parts, one after the other. */
export function sha(...parts: readonly Uint8Array[]): Uint8Array {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

/** shaHex is SHA-256 as hex. */
export function shaHex(...parts: readonly Uint8Array[]): Hash {
  return hexOf(sha(...parts));
}

/** rip is RIPEMD-160, 20 bytes. */
export function rip(bytes: Uint8Array): Uint8Array {
  return ripemd160(bytes);
}

/** addHashes is SHA-256 of two hashes set one after the other. Source: `spec/skycoin.md` §1. */
export function addHashes(left: Hash, right: Hash): Hash {
  return shaHex(bytesOf(left), bytesOf(right));
}

/** xorHashes is the exclusive or of two hashes, which makes the hash of the set of unspent outputs. */
export function xorHashes(left: Hash, right: Hash): Hash {
  return (BigInt(`0x${left}`) ^ BigInt(`0x${right}`)).toString(16).padStart(64, "0");
}

/** hexOf writes bytes as lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** bytesOf reads hex of our own making; anything else is a bug of ours. Foreign text goes through `parseHex`. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, "hex");
  invariant(bytes.length * 2 === hex.length, "skycoin: not hex");
  return bytes;
}

/** parseHex reads hex from outside; refused with the words of a Skycoin node. */
export function parseHex(text: string): Result<Uint8Array, string> {
  const wrong = /[^0-9a-fA-F]/u.exec(text);
  // A last odd digit is read only if all before it were fine, as the node's reader does.
  if (wrong !== null) return refuse(`encoding/hex: invalid byte: ${describe(wrong[0])}`);
  if (text.length % 2 !== 0) return refuse("encoding/hex: odd length hex string");
  return accept(Buffer.from(text, "hex"));
}

function describe(character: string): string {
  // The node names the first byte of the UTF-8 form, quoted as a character where it can be printed.
  const byte = Buffer.from(character)[0] ?? 0;
  const code = `U+${byte.toString(16).toUpperCase().padStart(4, "0")}`;
  const control = byte < 0x20 || (byte >= 0x7f && byte <= 0xa0) || byte === 0xad;
  return control ? code : `${code} '${String.fromCharCode(byte)}'`;
}

/** isHash tells whether a text is 64 lower-case hex digits. */
export function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
