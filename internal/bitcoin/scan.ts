import type { Block, BlockRef, SeenOutput, Watch } from "#internal/coin";
import { hasForm } from "./forms.ts";
import { doubleHash, equalAt, foldMerkle, hashBytes, hashScratch, hashText } from "./merkle.ts";
import { isScriptSet, Questions } from "./scriptset.ts";
import { readParts } from "./transaction.ts";
import { BadBlock, type Span, Walker } from "./walk.ts";

/**
 * BlockScanner finds in the bytes of a block all that pays a watched address. Throws `BadBlock` unless the
 * bytes are exactly one block, its header has the hash of `ref`, and its merkle root covers all transactions.
 */
export type BlockScanner = (raw: Uint8Array, ref: BlockRef, watch: Watch) => Block;

const headerBytes = 80;
const parentAt = 4;
const rootAt = 36;
/** One input and one output with empty scripts. */
const smallestTransaction = 60;

/** blockScanner makes a scanner. It reuses its buffers, so a scan allocates next to nothing for foreign transactions. */
export function blockScanner(): BlockScanner {
  const own = { txids: new Txids(), questions: new Questions() };
  return (raw, ref, watch) => {
    const { txids } = own;
    if (raw.length < headerBytes) throw new BadBlock(`cut off at byte ${raw.length}`);
    const hash = txids.hashOf(raw.subarray(0, headerBytes));
    if (hash !== ref.hash) throw new BadBlock(`its header has the hash ${hash}`);
    const walker = new Walker(raw, headerBytes);
    const count = walker.length();
    if (count === 0) throw new BadBlock("no transactions");
    if (count * smallestTransaction > raw.length)
      throw new BadBlock("more transactions than there is room for");
    txids.begin(count);
    const paying = walkAll(walker, count, own, watch);
    if (walker.at !== raw.length) throw new BadBlock(`${raw.length - walker.at} bytes too many`);
    const outputs = paying.flatMap((payer) => seenOutputs(raw, payer, watch));
    txids.checkRoot(raw);
    return { height: ref.height, hash, parent: hashText(raw, parentAt), outputs };
  };
}

/** Payer is a transaction with at least one output that may be for us. */
interface Payer {
  readonly txid: string;
  readonly body: number;
  readonly coinbase: boolean;
}

function walkAll(
  walker: Walker,
  count: number,
  { txids, questions }: { readonly txids: Txids; readonly questions: Questions },
  watch: Watch,
): Payer[] {
  const { raw } = walker;
  // A view that can copy a part of itself without another view of that part, five of which a transaction would need.
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const span: Span = { start: 0, body: 0, bodyEnd: 0, end: 0, segwit: false, coinbase: false };
  const bodies = new Uint32Array(count);
  const told: number[] = [];
  let i = 0;
  const output = isScriptSet(watch)
    ? (start: number, end: number) => questions.add(raw, start, end, i)
    : (start: number, end: number) => {
        if (watch.addressOf(raw.subarray(start, end)) !== undefined) told.push(i);
      };
  questions.clear();
  for (; i < count; i++) {
    walker.transaction(span, output);
    if (span.coinbase !== (i === 0))
      throw new BadBlock("the first transaction, and no other, must be a coinbase");
    txids.add(i, bytes, span);
    bodies[i] = span.body;
  }
  const paying = new Set(isScriptSet(watch) ? watch.taggedIn(questions) : told);
  return Array.from(paying, (tx) => ({ txid: txids.text(tx), body: bodies[tx] ?? 0, coinbase: tx === 0 }));
}

function seenOutputs(raw: Uint8Array, { txid, body, coinbase }: Payer, watch: Watch): SeenOutput[] {
  const { inputs, outputs } = readParts(raw, body, coinbase);
  return outputs.flatMap(({ value, script }, n) => {
    const address = hasForm(script, 0, script.length) ? watch.addressOf(script) : undefined;
    return address === undefined ? [] : [{ txid, n, value, address, inputs, coinbase }];
  });
}

/** Txids are the hashes of a block's transactions, kept side by side for the merkle root. */
class Txids {
  #nodes = Buffer.alloc(0);
  #stripped = Buffer.alloc(0);
  #count = 0;
  readonly #scratch = hashScratch();

  begin(count: number): void {
    this.#count = count;
    if (this.#nodes.length < count * hashBytes) this.#nodes = Buffer.alloc(count * hashBytes);
  }

  hashOf(bytes: Uint8Array): string {
    doubleHash(bytes, this.#scratch.middle, this.#scratch.out);
    return hashText(this.#scratch.out);
  }

  /** add hashes a transaction as it was before segwit: without marker, flag and witnesses (BIP 141). */
  add(index: number, raw: Buffer, span: Span): void {
    const bytes = span.segwit ? this.#strip(raw, span) : raw.subarray(span.start, span.end);
    doubleHash(bytes, this.#scratch.middle, this.#scratch.out);
    this.#nodes.set(this.#scratch.out, index * hashBytes);
  }

  text(index: number): string {
    return hashText(this.#nodes, index * hashBytes);
  }

  checkRoot(raw: Uint8Array): void {
    if (!foldMerkle(this.#nodes, this.#count, this.#scratch)) throw new BadBlock("transactions are repeated");
    if (!equalAt(this.#nodes, 0, rootAt, raw))
      throw new BadBlock("the merkle root does not match the transactions");
  }

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
