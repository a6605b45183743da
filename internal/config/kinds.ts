import { isAbsolute } from "node:path";
import { z } from "zod";
import { parseDuration } from "./duration.ts";
import { quoted } from "./problem.ts";
import { Secret } from "./secret.ts";

/**
 * KeyFacts are what the documentation says of a key besides its explanation; they come from the
 * same arguments as the check.
 */
export interface KeyFacts {
  /** Kind, unit and range in words: `Whole number, 0 to 1000`. */
  readonly about: string;
  /** The default as the file would spell it, or undefined when there is none. */
  readonly default: string | undefined;
  /** Set when a number in the file must be read as its text, so that no digit is lost. */
  readonly exact?: true;
}

/** facts holds the `KeyFacts` of every key of the schema. */
export const facts = z.registry<KeyFacts>();

/** Message is the text of a problem; `{key}` stands for the full name of the key. */
export type Message = string;

/** wrong makes the error of a kind, which reads `"x" is not …; write …`, whatever the type of the value. */
export const wrong = (what: Message) => ({
  error: (issue: { input?: unknown }) => `${quoted(issue.input)} ${what}`,
});

/** flag is a switch. */
export function flag(fallback: boolean) {
  return z
    .boolean(wrong("is neither true nor false; write one of them without quotes"))
    .default(fallback)
    .register(facts, { about: "Switch: true or false", default: String(fallback) });
}

const plainText = (about: string) =>
  z
    .string(wrong("is not text; write it in quotes"))
    .refine(
      (text) => !/[\u0000-\u001f]/.test(text),
      "holds a control character; write text with a backslash in single quotes",
    )
    .transform((text) => (text === "" ? undefined : text))
    .optional()
    .register(facts, { about, default: undefined });

/** text is a text that may be left out; empty means left out. */
export const text = () => plainText("Text");

/** file is the path of a file; empty means left out. */
export const file = () => plainText("Path of a file, absolute or from the working directory");

/** folder is the path of a folder; empty means left out. */
export const folder = () => plainText("Path of a folder, absolute or from the working directory");

/** databaseFile is a file name in the application directory, or an absolute path. */
export function databaseFile(fallback: string) {
  const hint = 'write a name such as "teller.db", or an absolute path';
  const isName = (path: string) => !/[/\\]/.test(path) && !["", ".", ".."].includes(path);
  return z
    .string(wrong(`is not text; ${hint}`))
    .refine((path) => isAbsolute(path) || isName(path), wrong(`is no file name; ${hint}`))
    .default(fallback)
    .register(facts, {
      about: "Name of a file in the application directory, or an absolute path",
      default: JSON.stringify(fallback),
    });
}

interface Range {
  readonly min: number;
  readonly max: number;
  /** The texts for a number outside of the range, where they are fixed. */
  readonly tooSmall?: Message;
  readonly tooLarge?: Message;
}

/** whole is a whole number; without a default it may be left out. */
function wholeNumber(range: Range) {
  const { min, max, tooSmall, tooLarge } = range;
  const allowed = `write a whole number from ${min} to ${max}`;
  return z
    .bigint(wrong(`is not a whole number; ${allowed}`))
    .min(BigInt(min), tooSmall ?? wrong(`is too small; ${allowed}`))
    .max(BigInt(max), tooLarge ?? wrong(`is too large; ${allowed}`))
    .transform(Number);
}

/** count is a whole number with a default. */
export function count(fallback: number, range: Range) {
  const { min, max } = range;
  return wholeNumber(range)
    .default(fallback)
    .register(facts, { about: `Whole number, ${min} to ${max}`, default: String(fallback) });
}

/** optionalCount is a whole number that may be left out. */
export function optionalCount(range: Range) {
  const { min, max } = range;
  return wholeNumber(range)
    .optional()
    .register(facts, { about: `Whole number, ${min} to ${max}`, default: undefined });
}

const shortestWait = 1;
const longestWait = 86_400_000;
const durationHint = 'write for example "20s" or "1m30s"';

/** duration is a time in Go's syntax; a bare number means seconds. It gives milliseconds. */
export function duration(fallback: string) {
  return z
    .union([z.string(), z.bigint(), z.number()], wrong(`is not a duration; ${durationHint}`))
    .transform((value, ctx): number => {
      const read = parseDuration(typeof value === "string" ? value : `${value}s`);
      const inRange = read.ok && read.value >= shortestWait && read.value <= longestWait;
      if (inRange) return read.value;
      const what = read.ok ? 'is out of range, which is "1ms" to "24h"' : read.refusal;
      ctx.addIssue({ code: "custom", message: `${quoted(value)} ${what}; ${durationHint}` });
      return z.NEVER;
    })
    .prefault(fallback)
    .register(facts, {
      about: 'Duration, "1ms" to "24h" (a bare number is seconds)',
      default: JSON.stringify(fallback),
    });
}

/** choice is one of a few words; `message` says which, where the text is fixed. */
export function choice<const T extends string>(words: readonly [T, ...T[]], message?: Message) {
  const list = words.map((word) => `"${word}"`).join(", ");
  return z
    .enum(words, message === undefined ? wrong(`is not allowed; write one of ${list}`) : { error: message })
    .default(words[0])
    .register(facts, { about: `One of ${list}`, default: `"${words[0]}"` });
}

/** secret is a text that nobody may see; its problems never quote it. */
export function secret(allowed: RegExp, hint: Message) {
  return z
    .string("is not text; write it in quotes")
    .refine((text) => text === "" || allowed.test(text), hint)
    .transform((text) => (text === "" ? undefined : new Secret(text)))
    .optional()
    .register(facts, { about: "Secret text", default: undefined });
}
