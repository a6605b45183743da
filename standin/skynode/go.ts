import { accept, refuse, type Result } from "#internal/fault";
import { parse, stringify } from "#internal/json";

/** What the node's language prints and reads, as far as its answers show it. */

const escapes: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** goJson writes JSON with the node's indentation and escapes; a `bigint` becomes a bare integer. */
export function goJson(value: unknown): string {
  return stringify(value, 4).replaceAll(/[<>&\u2028\u2029]/g, (character) => escapes[character] ?? character);
}

/** goTime writes milliseconds since 1970 as an RFC 3339 time without trailing zeros. */
export function goTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}

/** zeroTime is how a time is written that never was. */
export const zeroTime = "0001-01-01T00:00:00Z";

/** goDuration writes milliseconds as hours, minutes and seconds: `26458h51m17s`, `8.017s`. */
export function goDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 1000) return `${ms}ms`;
  const seconds = Math.floor(ms / 1000);
  const rest = ms % 1000 === 0 ? "" : `.${String(ms % 1000).padStart(3, "0")}`.replace(/0+$/, "");
  const tail = `${seconds % 60}${rest}s`;
  if (seconds < 60) return tail;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m${tail}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${tail}`;
}

/** goBool reads a switch of a query; an absent one is false. */
export function goBool(text: string): boolean | undefined {
  if (text === "" || ["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  return ["1", "t", "T", "true", "TRUE", "True"].includes(text) ? true : undefined;
}

const largestUint = 2n ** 64n - 1n;

/** goUint reads an unsigned decimal integer of 64 bits. */
export function goUint(text: string): number | undefined {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) > largestUint) return undefined;
  return Number(text);
}

/** words splits at commas and white space, and drops what came before. */
export function words(text: string): readonly string[] {
  return Array.from(new Set(text.split(/[,\s]+/).filter((word) => word !== "")));
}

/** Fields names the members that a request's JSON may have, and their type. */
export type Fields = Readonly<Record<string, "string" | "bool">>;

/**
 * readBody reads a JSON request: an object whose known members have the right type; others are
 * ignored, `null` is an empty one. Refused with the words of the node's reader, as far as a
 * client gets to see them: nothing, cut short, or not JSON. `name` is the node's name for the
 * request, which its errors tell.
 */
export function readBody(
  text: string,
  name: string,
  fields: Fields,
): Result<Readonly<Record<string, unknown>>, string> {
  const value = firstValue(text);
  if (!value.ok) return value;
  if (value.value === null) return accept({});
  if (typeof value.value !== "object" || Array.isArray(value.value)) {
    return refuse(`json: cannot unmarshal ${kindOf(value.value)} into Go value of type api.${name}`);
  }
  const members: Record<string, unknown> = { ...value.value };
  for (const [field, type] of Object.entries(fields)) {
    const kind = kindOf(members[field] ?? null);
    if (kind === "null" || kind === type) continue;
    return refuse(`json: cannot unmarshal ${kind} into Go struct field ${name}.${field} of type ${type}`);
  }
  return accept(members);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value === "bigint" ? "number" : typeof value;
}

function firstValue(text: string): Result<unknown, string> {
  const trimmed = text.trim();
  if (trimmed === "") return refuse("EOF");
  try {
    return accept(parse(trimmed));
  } catch {
    return beforeRest(trimmed);
  }
}

/** The node reads the first value only, whatever stands behind an object. */
function beforeRest(text: string): Result<unknown, string> {
  if (!/^[[{"\d\-tfn]/.test(text)) {
    return refuse(`invalid character '${text.slice(0, 1)}' looking for beginning of value`);
  }
  const end = closing(text);
  if (end === undefined) return refuse("unexpected EOF");
  try {
    return accept(parse(text.slice(0, end)));
  } catch {
    return refuse("invalid character in JSON");
  }
}

/** closing finds the end of the object or list that a text begins with. */
function closing(text: string): number | undefined {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (inText && character === "\\") i++;
    else if (character === '"') inText = !inText;
    else if (!inText && "{[".includes(character)) depth++;
    else if (!inText && "}]".includes(character) && --depth === 0) return i + 1;
  }
  return undefined;
}
