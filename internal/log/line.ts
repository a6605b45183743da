import { getLogfmtFormatter, type LogLevel } from "@logtape/logtape";
import type { Fields } from "./types.ts";

/** Level says how much a line matters; `debug` lines are written only when asked for. */
export type Level = "debug" | "info" | "warn" | "error";

/** Event is what a line tells. */
export interface Event {
  /** Wall time in milliseconds since 1970. */
  readonly time: number;
  readonly level: Level;
  readonly logger: string;
  readonly msg: string;
  readonly fields: Fields;
}

const format = getLogfmtFormatter();
const libraryLevel: Readonly<Record<Level, LogLevel>> = {
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "error",
};
const ownKeys: ReadonlySet<string> = new Set(["time", "level", "logger", "msg"]);

/** Texts of these characters stand as they are, or between quotes; both are as the formatter writes them. */
const bare = /^[!#-<>-[\]-~]+$/;
const quotable = /^[ !#-[\]-~]+$/;
/** A text that could be taken for another kind of value is quoted. */
const literal = /^(?:null|undefined|true|false)$/;

/** quick writes a value that needs no escaping, as nearly all do; for others, which the formatter must write, it gives undefined. */
function quick(value: unknown): string | undefined {
  if (typeof value !== "string") {
    return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
      ? String(value)
      : undefined;
  }
  if (bare.test(value) && !literal.test(value)) return value;
  return quotable.test(value) ? `"${value}"` : undefined;
}

/** quickLine writes a line without the formatter, which looks at each character by itself and takes four times as long. */
function quickLine({ time, level, logger, msg, fields }: Event): string | undefined {
  const name = quick(logger);
  const text = quick(msg);
  if (name === undefined || text === undefined) return undefined;
  let pairs = `time=${new Date(time).toISOString()} level=${level.toUpperCase()} logger=${name} msg=${text}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const shown = quick(value);
    if (shown === undefined || !/^\w+$/.test(key)) return undefined;
    pairs += ` ${ownKeys.has(key) ? "field." : ""}${key}=${shown}`;
  }
  return `${pairs}\n`;
}

/**
 * line writes an event as one line of logfmt with its newline: `time`, `level`, `logger`, `msg`,
 * then the fields in the given order. Newlines and control characters are escaped, a `bigint` prints
 * all its digits, an undefined field is left out, a field with one of the four names gets `field.` before it.
 */
export function line(event: Event): string {
  return quickLine(event) ?? formatted(event);
}

/** formatted writes a line by the library's rules, for whatever characters there are. */
export function formatted(event: Event): string {
  const properties: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(event.fields)) {
    if (value !== undefined) properties[ownKeys.has(key) ? `field.${key}` : key] = value;
  }
  const level = libraryLevel[event.level];
  const text = format({
    category: [event.logger],
    level,
    message: [event.msg],
    rawMessage: event.msg,
    timestamp: event.time,
    properties,
  });
  // The level word comes right after the time, which has no spaces: the first match is the level.
  return text.replace(` level=${level} `, ` level=${event.level.toUpperCase()} `);
}
