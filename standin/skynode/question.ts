import { accept, refuse, type Result } from "#internal/fault";
import { type Address, type Hash, hexOf, parseAddress, parseHex } from "#internal/skycoin";
import { type Answer, fail } from "./answer.ts";
import { goBool, words } from "./go.ts";
import type { World } from "./world.ts";

/** Question is a request that has come past all checks. */
export interface Question {
  readonly world: World;
  readonly method: string;
  readonly body: string;
  /** value gives a member of a posted form or of the query, the form first; empty when absent. */
  value(name: string): string;
}

/** Route answers one path. `methods` are those that it does not refuse with 405. */
export interface Route {
  readonly methods: readonly string[];
  readonly answer: (question: Question) => Answer;
}

/** Either a value that could be read from a question, or the answer that tells what is wrong. */
export type Read<T> = Result<T, Answer>;

/** readHash reads 32 bytes of hex, with the node's words for what is wrong. */
export function readHash(text: string): Result<Hash, string> {
  const bytes = parseHex(text);
  if (!bytes.ok) return bytes;
  return bytes.value.length === 32 ? accept(hexOf(bytes.value)) : refuse("Invalid hex length");
}

/** readFlag reads a switch of a question. */
export function readFlag(question: Question, name: string): Read<boolean> {
  const flag = goBool(question.value(name));
  return flag === undefined ? refuse(fail(1, 400, `Invalid value for ${name}`)) : accept(flag);
}

/** readAddresses reads a list of addresses. */
export function readAddresses(text: string): Result<readonly Address[], string> {
  return readList(text, (word) => {
    const address = parseAddress(word);
    return address.ok ? address : refuse(`address ${JSON.stringify(word)} is invalid: ${address.refusal}`);
  });
}

/** readHashes reads a list of hashes. */
export function readHashes(text: string): Result<readonly Hash[], string> {
  return readList(text, (word) => {
    const hash = readHash(word);
    return hash.ok ? hash : refuse(`SHA256 hash ${JSON.stringify(word)} is invalid: ${hash.refusal}`);
  });
}

function readList<T>(text: string, read: (word: string) => Result<T, string>): Result<readonly T[], string> {
  const list: T[] = [];
  for (const word of words(text)) {
    const item = read(word);
    if (!item.ok) return item;
    list.push(item.value);
  }
  return accept(list);
}
