import * as json from "#internal/json";

/** KeyPart is one element of a key; numbers sort by value, texts by code unit. */
export type KeyPart = string | number;

/**
 * Key is a text, a number, or a list of two or more parts that sorts part by part. (A list of one
 * part is the same key as the part alone, and would be read back as that.)
 */
export type Key = KeyPart | readonly [KeyPart, KeyPart, ...KeyPart[]];

/** Bucket is a named table: what its keys and rows are, and how a row becomes JSON text. */
export interface Bucket<K extends Key, V> {
  readonly name: string;
  encode(value: V): string;
  decode(text: string): V;
  /**
   * For rows that a callback rewrites again and again, such as counters: within one callback a row is decoded once
   * and written once, at the end or before the table is walked. Nothing else about it is different.
   */
  readonly busy?: boolean;
  /** Only there so that two buckets with other keys are other types. */
  readonly key?: (key: K) => void;
}

/**
 * bucket names a table whose rows are JSON. `revive` turns the parsed JSON into the row; it is
 * where integers become `bigint` again.
 */
export function bucket<K extends Key, V>(
  name: string,
  revive: (raw: unknown) => V,
  options: { readonly busy?: boolean } = {},
): Bucket<K, V> {
  return {
    name,
    encode: (value) => json.stringify(value),
    decode: (stored) => revive(json.parse(stored)),
    busy: options.busy ?? false,
  };
}

/** text is the `revive` of a bucket whose rows are texts. */
export function text(raw: unknown): string {
  if (typeof raw !== "string") throw new TypeError(`expected text, got ${typeof raw}`);
  return raw;
}
