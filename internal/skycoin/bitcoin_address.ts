import { base58 } from "@scure/base";
import { accept, refuse, type Result } from "#internal/fault";
import { decodeBase58, startsWith } from "./address.ts";
import { hexOf, rip, sha } from "./hash.ts";

const version = Uint8Array.of(0);
const checksumBytes = 4;

function withChecksum(body: Uint8Array): string {
  return base58.encode(Buffer.concat([body, sha(sha(body)).subarray(0, checksumBytes)]));
}

/**
 * bitcoinAddressOf gives the main-net P2PKH address of a compressed public key, as Skycoin's
 * tools print it. Source: `spec/skycoin.md` §2.3.
 */
export function bitcoinAddressOf(publicKey: Uint8Array): string {
  return withChecksum(Buffer.concat([version, rip(sha(publicKey))]));
}

/** wifOf writes a private key in bitcoin's wallet import format (compressed, main net). It is the secret itself. */
export function wifOf(secret: Uint8Array): string {
  return withChecksum(Buffer.concat([Uint8Array.of(0x80), secret, Uint8Array.of(1)]));
}

/** parseBitcoinAddress reads a main-net P2PKH address and gives its key hash as hex, as Skycoin's reader does. */
export function parseBitcoinAddress(text: string): Result<string, string> {
  const decoded = decodeBase58(text);
  if (!decoded.ok) return decoded;
  if (decoded.value.length !== 25) return refuse("Invalid address length");
  const body = decoded.value.subarray(0, 21);
  if (!startsWith(sha(sha(body)), decoded.value.subarray(21))) return refuse("Invalid checksum");
  return body[0] === 0 ? accept(hexOf(body.subarray(1))) : refuse("Address version invalid");
}
