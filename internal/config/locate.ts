import { parse } from "smol-toml";

/** Place is where a key stands in the file, both counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** The value as the file spells it; undefined for a section. */
  readonly raw: string | undefined;
}

/** Places answers where a key path stands. */
export interface Places {
  /** at gives the place of a key or section, or undefined when it is not in the file. */
  at(path: readonly string[]): Place | undefined;
}

interface Walk {
  readonly text: string;
  at: number;
  readonly note: (path: readonly string[], start: number, raw: string | undefined) => void;
}

/** No key lies deeper; a longer path is noted whole and without the sections that it implies. */
const deepest = 8;
/** Whitespace, line ends and comments. */
const gap = /(?:[ \t\r\n\uFEFF]+|#[^\n]*)*/y;
const blanks = /[ \t]*/y;
const restOfLine = /[^\n]*/y;
const bareKey = /[A-Za-z0-9_-]+/y;
/** A number, a boolean or a date; a date may have one space inside. */
const bareValue = /\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*|[^\s,\]}#]+/y;

function skip(walk: Walk, pattern: RegExp): string {
  pattern.lastIndex = walk.at;
  const found = pattern.exec(walk.text)?.[0] ?? "";
  walk.at += found.length;
  return found;
}

function take(walk: Walk, char: string): boolean {
  if (walk.text[walk.at] !== char) return false;
  walk.at++;
  return true;
}

/** skipString goes past a string of any of TOML's four kinds and gives its text with the quotes. */
function skipString(walk: Walk): string {
  const { text } = walk;
  const start = walk.at;
  const quote = text[start] ?? "";
  const fence = text.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
  walk.at += fence.length;
  while (walk.at < text.length && !text.startsWith(fence, walk.at)) {
    walk.at += quote === '"' && text[walk.at] === "\\" ? 2 : 1;
  }
  walk.at = Math.min(walk.at + fence.length, text.length);
  // Up to two more quotes before the closing three belong to the text.
  if (fence.length === 3 && take(walk, quote)) take(walk, quote);
  return text.slice(start, walk.at);
}

function keyText(quoted: string): string {
  try {
    const { key } = parse(`key = ${quoted}`);
    return typeof key === "string" ? key : quoted;
  } catch {
    return quoted;
  }
}

function readPath(walk: Walk): string[] {
  const path: string[] = [];
  do {
    skip(walk, blanks);
    const next = walk.text[walk.at];
    path.push(next === '"' || next === "'" ? keyText(skipString(walk)) : skip(walk, bareKey));
    skip(walk, blanks);
  } while (take(walk, "."));
  return path;
}

/** readList goes past `[…]` or `{…}`, calling `item` before each member. */
function readList(walk: Walk, close: string, item: () => void): void {
  walk.at++;
  while (walk.at < walk.text.length) {
    skip(walk, gap);
    if (take(walk, close)) return;
    const start = walk.at;
    item();
    skip(walk, gap);
    if (!take(walk, ",") && walk.at === start) walk.at++;
  }
}

/** readValue goes past a value; members of an inline table are noted below `path` unless that is undefined. */
function readValue(walk: Walk, path: readonly string[] | undefined): void {
  const next = walk.text[walk.at];
  if (next === '"' || next === "'") skipString(walk);
  else if (next === "[") readList(walk, "]", () => readValue(walk, undefined));
  else if (next === "{") readList(walk, "}", () => readPair(walk, path));
  else skip(walk, bareValue);
}

function readPair(walk: Walk, above: readonly string[] | undefined): void {
  const start = walk.at;
  const path = [...(above ?? []), ...readPath(walk)];
  if (!take(walk, "=")) return;
  skip(walk, blanks);
  const valueStart = walk.at;
  readValue(walk, above === undefined ? undefined : path);
  if (above !== undefined) walk.note(path, start, walk.text.slice(valueStart, walk.at));
}

function readHeader(walk: Walk): string[] {
  const start = walk.at;
  walk.at += walk.text.startsWith("[[", start) ? 2 : 1;
  const path = readPath(walk);
  walk.note(path, start, undefined);
  skip(walk, restOfLine);
  return path;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function place(starts: readonly number[], offset: number, raw: string | undefined): Place {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1, raw };
}

/**
 * locate finds the line and column of every key and section of a TOML text that a parser has
 * accepted: the parser gives values without their places. Members of tables inside a list have no
 * place. Any other text gives some places or none, and never an error. Source: TOML 1.1.
 */
export function locate(text: string): Places {
  const named = new Map<string, Place>();
  const implied = new Map<string, Place>();
  const starts = lineStarts(text);
  const note: Walk["note"] = (path, start, raw) => {
    const here = place(starts, start, raw);
    const name = JSON.stringify(path);
    if (!named.has(name)) named.set(name, here);
    for (let length = 1; length < Math.min(path.length, deepest); length++) {
      const above = JSON.stringify(path.slice(0, length));
      if (!implied.has(above)) implied.set(above, { ...here, raw: undefined });
    }
  };
  const walk: Walk = { text, at: 0, note };
  let table: string[] = [];
  while ((skip(walk, gap), walk.at < text.length)) {
    const start = walk.at;
    if (text[start] === "[") table = readHeader(walk);
    else readPair(walk, table);
    if (walk.at === start) skip(walk, restOfLine);
  }
  return {
    at: (path) => named.get(JSON.stringify(path)) ?? implied.get(JSON.stringify(path)),
  };
}
