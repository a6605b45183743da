import { doubleHash, hashScratch } from "./merkle.ts";
import type { Span } from "./walk.ts";

/** TxidHasher hashes transactions. It reuses its buffers. */
export class TxidHasher {
  #stripped = Buffer.alloc(0);
  readonly #scratch = hashScratch();

  /** hash writes the txid of the transaction in these bytes into `out` at a place. */
  hash(raw: Buffer, span: Span, out: Uint8Array, at = 0): void {
    const bytes = span.segwit ? this.#strip(raw, span) : raw.subarray(span.start, span.end);
    doubleHash(bytes, this.#scratch.middle, this.#scratch.out);
    out.set(this.#scratch.out, at);
  }

  /** #strip gives a transaction as it was before segwit: without marker, flag and witnesses (BIP 141). */
  #strip(raw: Buffer, span: Span): Uint8Array {
    const bodyBytes = span.bodyEnd - span.body;
    const length = bodyBytes + 8;
    if (this.#stripped.length < length) this.#stripped = Buffer.alloc(length * 2);
    raw.copy(this.#stripped, 0, span.start, span.start + 4);
    raw.copy(this.#stripped, 4, span.body, span.bodyEnd);
    raw.copy(this.#stripped, 4 + bodyBytes, span.end - 4, span.end);
    return this.#stripped.subarray(0, length);
  }
}

/** bufferOver gives a view that can copy a part of itself without another view of that part. */
export function bufferOver(raw: Uint8Array): Buffer {
  return Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
}
