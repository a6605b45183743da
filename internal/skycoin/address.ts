import { base58 } from "@scure/base";
import { accept, invariant, refuse, type Result } from "#internal/fault";
import { bytesOf, hexOf, rip, sha } from "./hash.ts";

declare const wireForm: unique symbol;

/**
 * Address is a Skycoin address in its wire form: version byte and key hash, 21 bytes, as hex.
 * Two addresses are the same if these texts are. The only doors into the type are
 * `parseAddress`, `addressOf` and the transaction codec. Source: `spec/skycoin.md` §2.1.
 */
export type Address = string & { readonly [wireForm]: true };

const wireBytes = 21;
const textBytes = 25;
/** No text of more base58 digits stands for 25 bytes; also a bound on the work below. */
const longestText = 35;
const alphabet = /^[1-9A-HJ-NP-Za-km-z]+$/;

/** nullAddress is the address of 21 zero bytes. Its text is valid; nobody holds its key. */
export const nullAddress = "00".repeat(wireBytes) as Address;

/**
 * parseAddress reads the base58 text of an address, untrimmed. The null address is accepted
 * here: whoever pays must ask `isNullAddress`. Refused in the order and with the texts of
 * `spec/skycoin.md` §2.2.
 */
export function parseAddress(text: string): Result<Address, string> {
  const decoded = decodeBase58(text);
  if (!decoded.ok) return decoded;
  const bytes = decoded.value;
  if (bytes.length !== textBytes) return refuse("Invalid address length");
  const body = bytes.subarray(0, wireBytes);
  if (!startsWith(sha(body), bytes.subarray(wireBytes))) return refuse("Invalid checksum");
  const version = body[wireBytes - 1];
  if (version !== 0) return refuse("Address version invalid");
  return accept(
    addressFromWire(Buffer.concat([body.subarray(wireBytes - 1), body.subarray(0, wireBytes - 1)])),
  );
}

/** addressText writes an address as base58 with its checksum. */
export function addressText(address: Address): string {
  const wire = bytesOf(address);
  const body = Buffer.concat([wire.subarray(1), wire.subarray(0, 1)]);
  return base58.encode(Buffer.concat([body, sha(body).subarray(0, 4)]));
}

/** addressOf gives the address of a compressed public key (33 bytes). */
export function addressOf(publicKey: Uint8Array): Address {
  invariant(publicKey.length === 33, "skycoin: a public key has 33 bytes");
  return addressFromWire(Buffer.concat([new Uint8Array(1), rip(sha(sha(publicKey)))]));
}

/** addressFromWire takes the 21 bytes that stand in a transaction; any version passes, as on the wire. */
export function addressFromWire(bytes: Uint8Array): Address {
  invariant(bytes.length === wireBytes, "skycoin: an address has 21 bytes");
  return hexOf(bytes) as Address;
}

/** isNullAddress tells whether coins sent to this address would be lost. */
export function isNullAddress(address: Address): boolean {
  return address === nullAddress;
}

/** decodeBase58 reads base58 text of at most an address; refused with the node's words. */
export function decodeBase58(text: string): Result<Uint8Array, string> {
  if (text === "") return refuse("Invalid base58 string");
  if (!alphabet.test(text)) return refuse("Invalid base58 character");
  if (text.length > longestText) return refuse("Invalid address length");
  return accept(base58.decode(text));
}

/** startsWith tells whether the checksum is the start of a hash. */
export function startsWith(hash: Uint8Array, checksum: Uint8Array): boolean {
  return checksum.every((byte, i) => hash[i] === byte);
}
