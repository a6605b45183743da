import type { Block, BlockRef, SeenOutput, Watch } from "#internal/coin";
import { hasForm } from "./forms.ts";
import { doubleHash, equalAt, foldMerkle, hashBytes, hashScratch, hashText } from "./merkle.ts";
import { isScriptSet } from "./scriptset.ts";
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
  const txids = new Txids();
  return (raw, ref, watch) => {
    if (raw.length < headerBytes) throw new BadBlock(`cut off at byte ${raw.length}`);
    const hash = txids.hashOf(raw.subarray(0, headerBytes));
    if (hash !== ref.hash) throw new BadBlock(`its header has the hash ${hash}`);
    const walker = new Walker(raw, headerBytes);
    const count = walker.length();
    if (count === 0) throw new BadBlock("no transactions");
    if (count * smallestTransaction > raw.length)
      throw new BadBlock("more transactions than there is room for");
    txids.begin(count);
    const paying = walkAll(walker, count, txids, watch);
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

function walkAll(walker: Walker, count: number, txids: Txids, watch: Watch): Payer[] {
  const { raw } = walker;
  const span: Span = { start: 0, body: 0, bodyEnd: 0, end: 0, segwit: false, coinbase: false };
  const payers: Payer[] = [];
  let pays = false;
  const mayPay = isScriptSet(watch)
    ? (start: number, end: number) => watch.maybeHas(raw, start, end)
    : (start: number, end: number) => watch.addressOf(raw.subarray(start, end)) !== undefined;
  const output = (start: number, end: number) => {
    if (!pays) pays = mayPay(start, end);
  };
  for (let i = 0; i < count; i++) {
    pays = false;
    walker.transaction(span, output);
    if (span.coinbase !== (i === 0))
      throw new BadBlock("the first transaction, and no other, must be a coinbase");
    txids.add(i, raw, span);
    if (pays) payers.push({ txid: txids.text(i), body: span.body, coinbase: span.coinbase });
  }
  return payers;
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
  add(index: number, raw: Uint8Array, span: Span): void {
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

  #strip(raw: Uint8Array, span: Span): Uint8Array {
    const bodyBytes = span.bodyEnd - span.body;
    const length = bodyBytes + 8;
    if (this.#stripped.length < length) this.#stripped = Buffer.alloc(length * 2);
    this.#stripped.set(raw.subarray(span.start, span.start + 4), 0);
    this.#stripped.set(raw.subarray(span.body, span.bodyEnd), 4);
    this.#stripped.set(raw.subarray(span.end - 4, span.end), 4 + bodyBytes);
    return this.#stripped.subarray(0, length);
  }
}
