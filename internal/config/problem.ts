/** ConfigProblem is one thing that is wrong in the file: where it is, and what to do about it. */
export interface ConfigProblem {
  /** The file's path as it was asked for. */
  readonly file: string;
  /** The full key (`btc_scanner.scan_period`) as the file spells it; empty for an error of TOML's syntax. */
  readonly key: string;
  /** Counted from 1; the section's line for a key that is missing; undefined when neither is in the file. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** What is wrong and what is allowed. It never quotes a secret. */
  readonly text: string;
}

/** Finding is a problem or a warning before its place in the file is looked up. */
export interface Finding<K extends string = string> {
  readonly key: K;
  readonly text: string;
}

/** C0 and C1 control characters, and the two line separators that JSON text may hold. */
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** problemLine prints a problem as one line: `config.toml:12: btc_scanner.scan_period: "20x" is not a duration; …`. */
export function problemLine(problem: ConfigProblem): string {
  const { file, key, line, column, text } = problem;
  const place = [file, line, key === "" ? column : undefined].filter((part) => part !== undefined).join(":");
  const named = key === "" || text === key || text.startsWith(`${key} `);
  return `${place}: ${named ? "" : `${key}: `}${text}`.replaceAll(unprintable, " ");
}

const longestQuote = 60;

/**
 * quoted shows a value of the file in a problem. Text with an `@` is not shown: it may be an address
 * with a password in it.
 */
export function quoted(value: unknown): string {
  if (typeof value === "string") {
    if (value.includes("@")) return "this text";
    const cut = value.length > longestQuote ? `${value.slice(0, longestQuote)}…` : value;
    return JSON.stringify(cut);
  }
  if (typeof value === "bigint" || typeof value === "number") return String(value).slice(0, longestQuote);
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "a list";
  return value instanceof Date ? "a date" : "a section";
}
