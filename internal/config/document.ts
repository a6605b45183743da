import { accept, type Result, refuse } from "#internal/fault";
import { parse, TomlError } from "smol-toml";
import { locate, type Places } from "./locate.ts";
import { nearest } from "./nearest.ts";
import { oldSpellings, retiredKeys, skyScannerSwitch } from "./old_keys.ts";
import type { ConfigProblem, Finding } from "./problem.ts";
import { factsOf, isKey, type Key, keys } from "./schema.ts";

/** Document is a parsed file, sorted by key, with what is wrong about its keys as such. */
export interface Document {
  /** The values of known keys, unchecked; old spellings are under their new key. */
  readonly values: ReadonlyMap<Key, unknown>;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
  /** locate gives a finding its place: where the key is, else where its section is. */
  locate(finding: Finding): ConfigProblem;
}

/** Lists deeper than any key asks for are refused before anything walks into them. */
const deepest = 8;
const largestFile = 262_144;
/** A file with more unknown keys than this is none of ours; looking for what each may mean takes seconds. */
const mostGuesses = 100;

const hints: readonly (readonly [RegExp, string])[] = [
  [/redefine/, "this key or section stands in the file already; leave one of the two"],
  [/invalid value|illegal character in numeric/, 'text needs quotes: key = "text"'],
  [/unfinished string|control characters are not allowed in strings/, "the text has no closing quote"],
  [/must be followed by an end-of-line/, "write each key on a line of its own"],
  [
    /cannot find end of key|illegal character in key/,
    'a line is key = value, [section], or a comment that begins with "#"',
  ],
  [/escape/, 'a backslash has a meaning in "…"; write the text in single quotes'],
];

function syntaxProblem(file: string, error: unknown): ConfigProblem {
  // Only the first line: the others quote the file, and perhaps a password.
  const said = error instanceof TomlError ? (error.message.split("\n")[0] ?? "") : "not valid TOML";
  const text = said.replace(/^Invalid TOML document: /, "not valid TOML: ");
  const hint = hints.find(([pattern]) => pattern.test(text))?.[1];
  const at =
    error instanceof TomlError
      ? { line: error.line, column: error.column }
      : { line: undefined, column: undefined };
  return { file, key: "", ...at, text: hint === undefined ? text : `${text}; ${hint}` };
}

type Table = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Gives every section that has one of these keys, the sections of sections included. */
function sectionsOf(names: readonly string[]): readonly string[] {
  const parts = names.map((name) => name.split("."));
  const all = parts.flatMap((path) => path.slice(1).map((_, at) => path.slice(0, at + 1).join(".")));
  return [...new Set(all)];
}

/** Every name that some release knew. */
const knownNames: ReadonlySet<string> = new Set([...keys, ...oldSpellings.keys(), ...retiredKeys]);
const knownSections = sectionsOf([...knownNames]);
const sections = sectionsOf(keys);

const spell = (path: readonly string[]): string =>
  path.map((part) => (/^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part))).join(".");

interface Sorted {
  readonly known: Map<string, unknown>;
  readonly strange: { path: readonly string[]; text: string }[];
}

/** sort walks the tables and tells keys that some release knew from all others. */
function sort(table: Table, above: readonly string[], into: Sorted): Sorted {
  for (const [part, value] of Object.entries(table)) {
    const path = [...above, part];
    const name = spell(path);
    if (knownNames.has(name)) into.known.set(name, value);
    else if (!knownSections.includes(name))
      into.strange.push({ path, text: unknownText(value, name, into.strange.length < mostGuesses) });
    else if (isTable(value)) sort(value, path, into);
    else into.strange.push({ path, text: `is a section; write [${name}], and its keys below it` });
  }
  return into;
}

function unknownText(value: unknown, name: string, guess: boolean): string {
  const kind = isTable(value) ? "section" : "key";
  if (!guess) return `unknown ${kind}`;
  const meant = isTable(value) ? `[${nearest(name, sections)}]` : nearest(name, keys);
  return `unknown ${kind}; the nearest known ${kind} is ${meant}`;
}

/** exactly gives a number of the file as its text where digits matter. */
function exactly(key: Key, value: unknown, raw: string | undefined): unknown {
  if (typeof value !== "number" || factsOf(key).exact !== true) return value;
  return raw?.replaceAll("_", "") ?? String(value);
}

interface Renamed {
  readonly values: Map<Key, unknown>;
  /** New key to the spelling that the file has. */
  readonly spelled: Map<string, string>;
  readonly problems: Finding[];
  readonly warnings: Finding[];
}

function rename(known: ReadonlyMap<string, unknown>): Renamed {
  const out: Renamed = { values: new Map(), spelled: new Map(), problems: [], warnings: [] };
  for (const [name, value] of known) if (isKey(name)) out.values.set(name, value);
  for (const [name, value] of known) {
    const key = oldSpellings.get(name);
    if (key === undefined) continue;
    if (known.has(key) && known.get(key) !== value) {
      out.problems.push({
        key: name,
        text: `is the old spelling of ${key}, which has another value; leave it out`,
      });
      continue;
    }
    out.warnings.push({ key: name, text: `is an old spelling; write ${key}` });
    if (known.has(key)) continue;
    out.values.set(key, value);
    out.spelled.set(key, name);
  }
  return out;
}

function retired(known: ReadonlyMap<string, unknown>): Pick<Renamed, "problems" | "warnings"> {
  const names = [...known.keys()].filter((name) => retiredKeys.has(name));
  const [first] = names;
  if (first === undefined) return { problems: [], warnings: [] };
  if (known.get(skyScannerSwitch) === true) {
    return {
      problems: [{ key: skyScannerSwitch, text: "SKY is not sold for SKY; leave this key out" }],
      warnings: [],
    };
  }
  const text = `SKY is not sold for SKY: no effect has ${names.join(", ")}`;
  return { problems: [], warnings: [{ key: first, text }] };
}

function locator(file: string, places: Places, spelled: ReadonlyMap<string, string>) {
  return ({ key, text }: Finding): ConfigProblem => {
    const name = spelled.get(key) ?? key;
    const path = name.split(".");
    let place = places.at(path);
    for (let length = path.length - 1; place === undefined && length > 0; length--)
      place = places.at(path.slice(0, length));
    const said = text.replace("{key}", () => name);
    return { file, key: name, line: place?.line, column: place?.column, text: said };
  };
}

/**
 * readDocument parses a file and sorts its values by key. Refused when it is not TOML; unknown keys
 * and old spellings are in the document's problems and warnings.
 */
export function readDocument(file: string, text: string): Result<Document, ConfigProblem> {
  if (text.length > largestFile) {
    return refuse({
      file,
      key: "",
      line: undefined,
      column: undefined,
      text: "larger than 256 KiB; this is no config file",
    });
  }
  let table: Table;
  try {
    table = parse(text, { integersAsBigInt: true, maxDepth: deepest });
  } catch (error) {
    return refuse(syntaxProblem(file, error));
  }
  const places = locate(text);
  const { known, strange } = sort(table, [], { known: new Map(), strange: [] });
  for (const [name, value] of known) {
    const key = isKey(name) ? name : oldSpellings.get(name);
    if (key !== undefined) known.set(name, exactly(key, value, places.at(name.split("."))?.raw));
  }
  const renamed = rename(known);
  const gone = retired(known);
  const find = locator(file, places, renamed.spelled);
  const foreign = strange.map(({ path, text }): ConfigProblem => {
    const place = places.at(path);
    return { file, key: spell(path), line: place?.line, column: place?.column, text };
  });
  return accept({
    values: renamed.values,
    problems: [...foreign, ...[...renamed.problems, ...gone.problems].map(find)],
    warnings: [...renamed.warnings, ...gone.warnings].map(find),
    locate: find,
  });
}
