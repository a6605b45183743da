import type { Fate } from "#internal/fault";
import { hasForm, longestForm, shortestForm } from "./forms.ts";

/** BadBlock says why bytes are no valid block. Another try may bring better ones, unless its fate is `stop`. */
export class BadBlock extends Error {
  override readonly name = "BadBlock";
  readonly fate: Fate;

  constructor(message: string, fate: Fate = "retry") {
    super(message);
    this.fate = fate;
  }
}

/** Span is where one transaction lies in a block. Reused for every transaction of a walk. */
export interface Span {
  start: number;
  /** Where the inputs begin: after the version and, in a segwit transaction, marker and flag. */
  body: number;
  /** Where the outputs end: what follows is witness data, then the lock time. */
  bodyEnd: number;
  end: number;
  segwit: boolean;
  coinbase: boolean;
}

/** headerBytes is the length of a block's header. */
export const headerBytes = 80;
/** One input and one output with empty scripts. */
const smallestTransaction = 60;
const lockTimeBytes = 4;
const sequenceBytes = 4;
const outpointBytes = 36;
const valueBytes = 8;

/**
 * Walker steps through serialized transactions (BIP 144) and makes no object for anything it passes.
 * It throws `BadBlock` for a length that leads past the end and for whatever a node would not serialize so.
 */
export class Walker {
  readonly raw: Uint8Array;
  at: number;

  constructor(raw: Uint8Array, at: number) {
    this.raw = raw;
    this.at = at;
  }

  /** skip moves over so many bytes, which must be there. */
  skip(length: number): void {
    const next = this.at + length;
    if (next > this.raw.length) throw new BadBlock(`cut off at byte ${this.raw.length}`);
    this.at = next;
  }

  /** length reads a CompactSize integer. Only its shortest spelling is allowed, and only what the bytes could hold. */
  length(): number {
    const first = this.byte();
    if (first < 0xfd) return first;
    const width = first === 0xfd ? 2 : first === 0xfe ? 4 : 8;
    let value = 0;
    for (let i = 0, unit = 1; i < width; i++, unit *= 256) value += this.byte() * unit;
    if (value < (width === 2 ? 0xfd : width === 4 ? 0x1_0000 : 0x1_0000_0000))
      throw new BadBlock("a length is not in its shortest form");
    if (value > this.raw.length) throw new BadBlock("a length goes beyond the end");
    return value;
  }

  /**
   * transaction moves over one transaction and says where its parts are. `output` is called for each output
   * script of one of the five forms, with the place of its first byte and that after its last.
   */
  transaction(span: Span, output: (start: number, end: number) => void): void {
    span.start = this.at;
    this.skip(4);
    span.segwit = this.raw[this.at] === 0;
    if (span.segwit) this.marker();
    span.body = this.at;
    const inputs = this.inputs(span);
    this.outputs(output);
    span.bodyEnd = this.at;
    if (span.segwit) this.witnesses(inputs);
    this.skip(lockTimeBytes);
    span.end = this.at;
  }

  private byte(): number {
    const value = this.raw[this.at];
    if (value === undefined) throw new BadBlock(`cut off at byte ${this.raw.length}`);
    this.at++;
    return value;
  }

  private marker(): void {
    this.skip(2);
    if (this.raw[this.at - 1] !== 1)
      throw new BadBlock("a transaction without inputs, or with an unknown flag");
  }

  private inputs(span: Span): number {
    const count = this.length();
    if (count === 0) throw new BadBlock("a transaction without inputs");
    span.coinbase = count === 1 && this.isNullOutpoint();
    for (let i = 0; i < count; i++) {
      this.skip(outpointBytes);
      this.skip(this.length() + sequenceBytes);
    }
    return count;
  }

  /** isNullOutpoint: the hash is all zeros and the index all ones. */
  private isNullOutpoint(): boolean {
    for (let i = 0; i < outpointBytes; i++) {
      if (this.raw[this.at + i] !== (i < outpointBytes - 4 ? 0x00 : 0xff)) return false;
    }
    return true;
  }

  private outputs(output: (start: number, end: number) => void): void {
    const count = this.length();
    if (count === 0) throw new BadBlock("a transaction without outputs");
    for (let i = 0; i < count; i++) {
      this.skip(valueBytes);
      const length = this.length();
      const start = this.at;
      this.skip(length);
      if (length >= shortestForm && length <= longestForm && hasForm(this.raw, start, length))
        output(start, this.at);
    }
  }

  private witnesses(inputs: number): void {
    let items = 0;
    for (let i = 0; i < inputs; i++) {
      const count = this.length();
      items += count;
      for (let k = 0; k < count; k++) this.skip(this.length());
    }
    if (items === 0) throw new BadBlock("a segwit transaction without any witness");
  }
}

/** Visitor is told what a walk over a block comes past. */
export interface Visitor {
  /** Where the transaction lies that the walk is in or has just passed. */
  readonly span: Span;
  /** begin is told how many transactions there are. */
  begin?(count: number): void;
  /** output is called for each output script of one of the five forms. */
  output(start: number, end: number): void;
  /** passed is called after each transaction. */
  passed?(index: number): void;
}

/** emptySpan makes a span for a walk. */
export function emptySpan(): Span {
  return { start: 0, body: 0, bodyEnd: 0, end: 0, segwit: false, coinbase: false };
}

/** walkBlock steps through all of a block. Throws `BadBlock` unless its transactions end where the bytes do. */
export function walkBlock(raw: Uint8Array, visitor: Visitor): void {
  const walker = new Walker(raw, 0);
  walker.skip(headerBytes);
  const count = walker.length();
  if (count === 0) throw new BadBlock("no transactions");
  if (count * smallestTransaction > raw.length)
    throw new BadBlock("more transactions than there is room for");
  visitor.begin?.(count);
  const { span } = visitor;
  const output = (start: number, end: number) => visitor.output(start, end);
  for (let i = 0; i < count; i++) {
    walker.transaction(span, output);
    if (span.coinbase !== (i === 0))
      throw new BadBlock("the first transaction, and no other, must be a coinbase");
    visitor.passed?.(i);
  }
  if (walker.at !== raw.length) throw new BadBlock(`${raw.length - walker.at} bytes too many`);
}
