import { secp256k1 } from "@noble/curves/secp256k1.js";
import { accept, invariant, refuse, type Result } from "#internal/fault";
import { type Address, addressOf } from "./address.ts";
import { bytesOf, type Hash, hexOf } from "./hash.ts";
import type { Signature } from "./transaction.ts";

/**
 * signHash signs a hash as it is. Nonces follow RFC 6979, so the same key and hash always give
 * the same signature and a payout's txid can be computed again; s is the low one.
 * Source: `spec/skycoin.md` §8.
 */
export function signHash(hash: Hash, secret: Uint8Array): Signature {
  const made = secp256k1.sign(bytesOf(hash), secret, { prehash: false, lowS: true, format: "recovered" });
  // The library puts the recovery number first, Skycoin last.
  return hexOf(made.subarray(1)) + hexOf(made.subarray(0, 1));
}

/**
 * recoverKey gives the compressed public key that made a signature. Refused, with the node's
 * words, for a signature that no key can have made or that is not in the one accepted form
 * (low s, recovery number 0 to 3).
 */
export function recoverKey(hash: Hash, signature: Signature): Result<Uint8Array, string> {
  const bytes = bytesOf(signature);
  invariant(bytes.length === 65, "skycoin: a signature has 65 bytes");
  const recovery = bytes[64] ?? 255;
  const key = recover(hash, Buffer.concat([Uint8Array.of(recovery & 3), bytes.subarray(0, 64)]));
  if (key === undefined) return refuse("Failed to recover pubkey from signature");
  const malleable = ((bytes[32] ?? 255) & 0x80) !== 0;
  return malleable || recovery > 3 ? refuse("Signature not valid for hash") : accept(key);
}

function recover(hash: Hash, form: Uint8Array): Uint8Array | undefined {
  try {
    return secp256k1.recoverPublicKey(form, bytesOf(hash), { prehash: false });
  } catch {
    return undefined;
  }
}

/** signerAddress gives the address whose key made a signature; refused as by `recoverKey`. */
export function signerAddress(hash: Hash, signature: Signature): Result<Address, string> {
  const key = recoverKey(hash, signature);
  return key.ok ? accept(addressOf(key.value)) : key;
}
