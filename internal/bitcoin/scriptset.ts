import type { Watch } from "#internal/coin";

/** ScriptSet is a `Watch` over very many scripts in little memory: 17 to 34 bytes each. */
export interface ScriptSet extends Watch {
  /** add puts a script into the set, or what another coin watches for; false if it was there already. */
  add(script: Uint8Array): boolean;
  /** maybeHas is false when the script in these bytes is not in the set, and nearly always true only when it is. */
  maybeHas(bytes: Uint8Array, start?: number, end?: number): boolean;
  /** taggedIn gives the tags of all questions for which `maybeHas` would be true, in the order in which they were asked. */
  taggedIn(questions: Questions): number[];
  /** addressOf asks `resolve`, the last word, but only when `maybeHas` says so. */
  addressOf(script: Uint8Array): string | undefined;
}

/** ScriptSetOptions are what a set needs from outside. */
export interface ScriptSetOptions {
  /** The exact look-up, by the whole script: in the database, so that no address has to be kept in memory. */
  readonly resolve: (script: Uint8Array) => string | undefined;
  /** How many scripts to make room for at once; the set grows by itself. */
  readonly expected?: number;
}

const smallestTable = 1 << 10;

/**
 * scriptSet makes an empty set. It keeps a 63-bit fingerprint of each script in one open-addressing table:
 * with a million scripts a foreign one is taken for a member once in 10^13 times, and then `resolve` says no.
 * `size` counts fingerprints.
 */
export function scriptSet(options: ScriptSetOptions): ScriptSet {
  let table = new Table(slotsFor(options.expected ?? 0));
  const probe: Fingerprint = { low: 0, high: 0 };

  function maybeHas(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    fingerprint(bytes, start, end, probe);
    return table.has(probe.low, probe.high);
  }
  return {
    get size() {
      return table.size;
    },
    maybeHas,
    taggedIn: (questions) => table.tagged(questions.rows, questions.count),
    add(script) {
      if (table.size * 2 >= table.slots) table = table.grown();
      fingerprint(script, 0, script.length, probe);
      return table.add(probe.low, probe.high);
    },
    addressOf: (script) => (maybeHas(script) ? options.resolve(script) : undefined),
  };
}

/** isScriptSet tells whether a watch can be asked without a view of the bytes being made first. */
export function isScriptSet(watch: Watch): watch is ScriptSet {
  return "maybeHas" in watch;
}

const fewestQuestions = 1 << 12;

/**
 * Questions are scripts to ask a set about, all at once: the look-ups then follow each other so closely that the
 * processor waits for the memory of many of them at a time. Asked one by one, with other work between, a large set
 * costs seventy nanoseconds a script more. Each script has a tag that says where it is from.
 */
export class Questions {
  /** How many there are. */
  count = 0;
  /** Fingerprint, low and high, and tag of each. */
  rows = new Uint32Array(fewestQuestions * 3);
  readonly #probe: Fingerprint = { low: 0, high: 0 };

  /** clear forgets all questions. */
  clear(): void {
    this.count = 0;
  }

  /** add asks about the script in these bytes. */
  add(bytes: Uint8Array, start: number, end: number, tag: number): void {
    const at = this.count * 3;
    if (at === this.rows.length) {
      const larger = new Uint32Array(at * 2);
      larger.set(this.rows);
      this.rows = larger;
    }
    fingerprint(bytes, start, end, this.#probe);
    this.rows[at] = this.#probe.low;
    this.rows[at + 1] = this.#probe.high;
    this.rows[at + 2] = tag;
    this.count++;
  }
}

/** slotsFor gives the power of two that keeps the table at most half full. */
function slotsFor(expected: number): number {
  let slots = smallestTable;
  while (slots < expected * 2) slots *= 2;
  return slots;
}

interface Fingerprint {
  low: number;
  high: number;
}

/**
 * fingerprint mixes the bytes, four at a time, into two independent lanes of 32 bits (multiply and shift, as
 * in MurmurHash3). It need not withstand an attacker: a made-up collision costs a look-up and nothing else.
 */
function fingerprint(bytes: Uint8Array, start: number, end: number, out: Fingerprint): void {
  let low = 0x2545f491 ^ (end - start);
  let high = 0x9e3779b9 ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    low = Math.imul(low ^ word, 0xcc9e2d51);
    low ^= low >>> 15;
    high = Math.imul(high ^ word, 0x1b873593);
    high ^= high >>> 13;
  }
  for (; at < end; at++) {
    low = Math.imul(low ^ (bytes[at] ?? 0), 0x85ebca6b);
    high = Math.imul(high ^ (bytes[at] ?? 0), 0xc2b2ae35);
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b);
  high = Math.imul(high ^ (high >>> 16), 0xc2b2ae35);
  out.low = (low ^ (low >>> 13)) >>> 0;
  // Never zero, so that a pair of zeros is a free slot.
  out.high = ((high ^ (high >>> 16)) | 1) >>> 0;
}

/** A quarter of a word of 32 marks for each slot of the table. */
const slotsPerWord = 8;

/**
 * Table is a hash set of pairs of 32-bit numbers: pairs side by side, linear probing, nothing is ever removed.
 * Before it lies a row of marks, three bits a pair in one word, small enough for the processor's cache: it answers most
 * questions about foreign pairs, which would otherwise wait for memory each time.
 */
class Table {
  readonly slots: number;
  size = 0;
  readonly #pairs: Uint32Array;
  readonly #marks: Uint32Array;
  readonly #wordMask: number;

  constructor(slots: number) {
    this.slots = slots;
    this.#pairs = new Uint32Array(slots * 2);
    this.#marks = new Uint32Array(slots / slotsPerWord);
    this.#wordMask = slots / slotsPerWord - 1;
  }

  has(low: number, high: number): boolean {
    const wanted = marksOf(low, high);
    const marks = this.#marks[this.#wordOf(high)] ?? 0;
    return (marks & wanted) === wanted && this.#pairs[this.#find(low, high) * 2 + 1] === high;
  }

  /** tagged gives the tags of the rows (low, high, tag) whose pair is in the table. */
  tagged(rows: Uint32Array, count: number): number[] {
    const tags: number[] = [];
    for (let at = 0; at < count * 3; at += 3) {
      if (this.has(rows[at] ?? 0, rows[at + 1] ?? 0)) tags.push(rows[at + 2] ?? 0);
    }
    return tags;
  }

  add(low: number, high: number): boolean {
    const slot = this.#find(low, high);
    if (this.#pairs[slot * 2 + 1] === high) return false;
    this.#pairs[slot * 2] = low;
    this.#pairs[slot * 2 + 1] = high;
    const word = this.#wordOf(high);
    this.#marks[word] = (this.#marks[word] ?? 0) | marksOf(low, high);
    this.size++;
    return true;
  }

  grown(): Table {
    const larger = new Table(this.slots * 2);
    const pairs = this.#pairs;
    for (let at = 0; at < pairs.length; at += 2) {
      const high = pairs[at + 1] ?? 0;
      if (high !== 0) larger.add(pairs[at] ?? 0, high);
    }
    return larger;
  }

  /** #find gives the slot of the pair, or the free one where it belongs. */
  #find(low: number, high: number): number {
    const pairs = this.#pairs;
    const mask = this.slots - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const found = pairs[slot * 2 + 1];
      if (found === 0 || (found === high && pairs[slot * 2] === low)) return slot;
    }
  }

  #wordOf(high: number): number {
    return (high >>> 6) & this.#wordMask;
  }
}

/**
 * marksOf picks three of the 32 marks of a word, by bits that the word does not depend on. With one mark alone one
 * foreign pair in eight would be looked for in the table, with three it is one in twenty-five.
 */
function marksOf(low: number, high: number): number {
  return (1 << ((high >>> 1) & 31)) | (1 << ((low >>> 22) & 31)) | (1 << (low >>> 27));
}
