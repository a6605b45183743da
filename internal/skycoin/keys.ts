import { secp256k1 } from "@noble/curves/secp256k1.js";
import { accept, refuse, type Result } from "#internal/fault";
import { sha } from "./hash.ts";

/** isSecretKey tells whether 32 bytes are a private key of the curve. */
export function isSecretKey(bytes: Uint8Array): boolean {
  return bytes.length === 32 && secp256k1.utils.isValidSecretKey(bytes);
}

/** publicKeyOf gives the compressed public key (33 bytes) of a private key. */
export function publicKeyOf(secret: Uint8Array): Uint8Array {
  return secp256k1.getPublicKey(secret, true);
}

/** The first private key among the repeated hashes of 32 bytes; they are hashed at least once. */
function step(bytes: Uint8Array): Uint8Array {
  let key = sha(bytes);
  while (!isSecretKey(key)) key = sha(key);
  return key;
}

/**
 * secp256k1Hash is Skycoin's slow hash: SHA-256 made dependent on a point of the curve.
 * It chains seeds and turns passwords into keys. Source: `spec/skycoin.md` §3.
 */
export function secp256k1Hash(bytes: Uint8Array): Uint8Array {
  const hash = sha(bytes);
  const other = publicKeyOf(step(sha(hash)));
  return sha(hash, secp256k1.getSharedSecret(step(hash), other, true));
}

/** GeneratedKeys are private keys and the seed from which the next ones follow: secrets, all of them. */
export interface GeneratedKeys {
  readonly secrets: readonly Uint8Array[];
  readonly lastSeed: Uint8Array;
}

/**
 * generateKeys derives the first `count` private keys of a deterministic wallet. A wallet's
 * seed is its text as UTF-8, untrimmed. With `lastSeed` as the seed it goes on where it ended.
 * An empty seed is refused.
 */
export function generateKeys(seed: Uint8Array, count: number): Result<GeneratedKeys, string> {
  if (seed.length === 0) return refuse("Seed input is empty");
  const secrets: Uint8Array[] = [];
  let lastSeed = seed;
  for (let i = 0; i < count; i++) {
    const next = secp256k1Hash(lastSeed);
    secrets.push(step(sha(lastSeed, next)));
    lastSeed = next;
  }
  return accept({ secrets, lastSeed });
}
