import { invariant } from "#internal/fault";
import { addHashes, type Hash, nullHash, shaHex } from "./hash.ts";

/** BlockHeader is what a block's hash covers. Source: `spec/skycoin.md` §12. */
export interface BlockHeader {
  readonly version: number;
  /** In unix seconds; later than the parent's. */
  readonly time: bigint;
  readonly seq: bigint;
  /** Coin hours that the block's transactions burn. */
  readonly fee: bigint;
  readonly parent: Hash;
  /** Merkle root of the block's txids. */
  readonly bodyHash: Hash;
  /** Exclusive or of the snapshot hashes of all outputs that were unspent before this block; null for genesis. */
  readonly uxHash: Hash;
}

const headerBytes = 124;

/** encodeHeader gives the 124 bytes of a block header. */
export function encodeHeader(header: BlockHeader): Uint8Array {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt32LE(header.version, 0);
  bytes.writeBigUInt64LE(header.time, 4);
  bytes.writeBigUInt64LE(header.seq, 12);
  bytes.writeBigUInt64LE(header.fee, 20);
  [header.parent, header.bodyHash, header.uxHash].forEach((hash, i) => {
    const written = hash.length === 64 ? bytes.write(hash, 28 + 32 * i, 32, "hex") : -1;
    invariant(written === 32, "skycoin: malformed block header");
  });
  return bytes;
}

/** blockHash names a block, and is what its publisher signs. */
export function blockHash(header: BlockHeader): Hash {
  return shaHex(encodeHeader(header));
}

/** merkleRoot folds txids, filled up with null hashes to a power of two, into one hash; none give the null hash. */
export function merkleRoot(txids: readonly Hash[]): Hash {
  let row = [...txids];
  if (row.length === 0) return nullHash;
  while ((row.length & (row.length - 1)) !== 0) row.push(nullHash);
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, i) =>
      addHashes(row[2 * i] ?? nullHash, row[2 * i + 1] ?? nullHash),
    );
  }
  return row[0] ?? nullHash;
}
