/**
 * json: JSON that keeps every digit.
 *
 * Promise: a `bigint` is written as a bare JSON integer, and an integer that a double
 * cannot hold is read back as a `bigint`; nothing is ever rounded. Numbers with a
 * fraction or an exponent that would lose digits are refused by whoever reads them as
 * money (`integer` below), never here.
 */

/**
 * A number of so many digits may be more than a double can hold. A number stands at the beginning, or after one of
 * three signs; long runs of digits elsewhere are parts of texts, which hashes are full of.
 */
const longNumber = /(?:^|[[:,])\s*-?\d{16}/;
const integerText = /^-?(?:0|[1-9]\d*)$/;

/** parse reads JSON text; integers beyond 2^53-1 come as `bigint`, all else as `JSON.parse` gives it. */
export function parse(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value, context?: { source?: string }) => {
    if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
    const source = context?.source;
    return source !== undefined && integerText.test(source) ? BigInt(source) : value;
  });
}

declare global {
  interface JSON {
    rawJSON(text: string): unknown;
  }
}

/** stringify writes JSON text; a `bigint` becomes a bare integer of exactly its digits. */
export function stringify(value: unknown, indent?: number): string {
  return JSON.stringify(writable(value), undefined, indent);
}

/**
 * writable gives the value with something in the place of each `bigint` that `JSON.stringify` writes digit by
 * digit; only what holds one is copied. A replacer would do the same, but is called for every member: that is
 * four times slower. What writes itself (`toJSON`) is left to do so.
 */
function writable(value: unknown): unknown {
  if (typeof value === "bigint") return digits(value);
  if (typeof value !== "object" || value === null || "toJSON" in value) return value;
  const members = value as Readonly<Record<string, unknown>>;
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(members)) {
    const member = members[key];
    if (typeof member !== "object" && typeof member !== "bigint") continue;
    const written = writable(member);
    if (written === member) continue;
    copy ??= copyOf(members);
    copy[key] = written;
  }
  return copy ?? value;
}

function copyOf(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return (Array.isArray(members) ? [...members] : { ...members }) as Record<string, unknown>;
}

/** A double that is a safe integer is written with exactly its digits, and faster than a raw text. */
function digits(value: bigint): unknown {
  const double = Number(value);
  return Number.isSafeInteger(double) ? double : JSON.rawJSON(value.toString());
}

/** integer reads a JSON number as an exact `bigint`, or throws `TypeError` naming the field. */
export function integer(value: unknown, field: string): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  throw new TypeError(
    `${field}: expected an integer, got ${typeof value === "string" ? "text" : String(value)}`,
  );
}
