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

/**
 * line writes an event as one line of logfmt with its newline: `time`, `level`, `logger`, `msg`,
 * then the fields in the given order. Newlines and control characters are escaped, a `bigint` prints
 * all its digits, an undefined field is left out, a field with one of the four names gets `field.` before it.
 */
export function line(event: Event): string {
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
