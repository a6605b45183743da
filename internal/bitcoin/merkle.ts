/** hashBytes is the length of a SHA-256 hash. */
export const hashBytes = 32;

/** doubleHash writes SHA-256 of SHA-256 of `bytes` into `out`. `middle` is 32 bytes of scratch. */
export function doubleHash(bytes: Uint8Array, middle: Uint8Array, out: Uint8Array): void {
  Bun.SHA256.hash(bytes, middle);
  Bun.SHA256.hash(middle, out);
}

/** Scratch of the hashing below, made once. */
export interface HashScratch {
  readonly middle: Uint8Array;
  readonly out: Uint8Array;
  readonly pair: Uint8Array;
}

/** hashScratch makes the buffers that hashing reuses. */
export function hashScratch(): HashScratch {
  return {
    middle: new Uint8Array(hashBytes),
    out: new Uint8Array(hashBytes),
    pair: new Uint8Array(2 * hashBytes),
  };
}

/**
 * foldMerkle computes the merkle root of `count` hashes that lie one after the other in `nodes`, in place;
 * the root ends up first. It gives false when two different hashes of one pair are equal: then a part of the
 * transactions was repeated to make another block with the same root (CVE-2012-2459).
 */
export function foldMerkle(nodes: Uint8Array, count: number, scratch: HashScratch): boolean {
  for (let width = count; width > 1; width = (width + 1) >> 1) {
    for (let left = 0; left < width; left += 2) {
      const single = left + 1 === width;
      const at = left * hashBytes;
      const right = single ? at : at + hashBytes;
      if (!single && equalAt(nodes, at, right)) return false;
      for (let i = 0; i < hashBytes; i++) {
        scratch.pair[i] = nodes[at + i] ?? 0;
        scratch.pair[hashBytes + i] = nodes[right + i] ?? 0;
      }
      doubleHash(scratch.pair, scratch.middle, scratch.out);
      nodes.set(scratch.out, (left / 2) * hashBytes);
    }
  }
  return true;
}

function equalAt(bytes: Uint8Array, at: number, otherAt: number): boolean {
  for (let i = 0; i < hashBytes; i++) {
    if (bytes[at + i] !== bytes[otherAt + i]) return false;
  }
  return true;
}

/** hashText gives a hash as nodes print it: hex of the bytes in reverse order. */
export function hashText(bytes: Uint8Array, at = 0): string {
  return Buffer.from(bytes.subarray(at, at + hashBytes))
    .reverse()
    .toString("hex");
}
