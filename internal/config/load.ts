import { accept, type Result, refuse } from "#internal/fault";
import { readDocument } from "./document.ts";
import { type Feature, idleKeys, notBuiltYet, switchedOn } from "./features.ts";
import { type ConfigProblem, type Finding, problemLine } from "./problem.ts";
import { brokenRules, cautions, type Exists } from "./rules.ts";
import { type Draft, isKey, type Key, schema } from "./schema.ts";
import { Secret } from "./secret.ts";
import { settings } from "./settings.ts";
import type { Config } from "./types.ts";

/** LoadInput is a file's text and what its check may look at. */
export interface LoadInput {
  /** How problems name the file. */
  readonly path: string;
  readonly text: string;
  /** The environment: `TELLER_WALLET_PASSWORD` is read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exists: Exists;
}

/** Loaded is a configuration without errors. */
export interface Loaded {
  readonly config: Config;
  /** Lines for the log, each with file, line and key. */
  readonly warnings: readonly string[];
}

const passwordVariable = "TELLER_WALLET_PASSWORD";

interface Checked {
  /** Every key; those with a problem have their default. */
  readonly draft: Draft;
  readonly bad: ReadonlySet<Key>;
  readonly findings: readonly Finding<Key>[];
}

function draftWithout(values: ReadonlyMap<Key, unknown>, left: ReadonlySet<Key>): Draft {
  return schema.parse(Object.fromEntries([...values].filter(([key]) => !left.has(key))));
}

/** Checks each key for itself, then puts the default in the place of what is wrong or not built. */
function check(values: ReadonlyMap<Key, unknown>, features: readonly Feature[]): Checked {
  const issues = schema.safeParse(Object.fromEntries(values)).error?.issues ?? [];
  const wrong = issues.flatMap(({ path: [key], message }) => {
    return typeof key === "string" && isKey(key) ? [{ key, text: message }] : [];
  });
  const bad = new Set(wrong.map(({ key }) => key));
  const ahead = switchedOn(features, draftWithout(values, bad), schema.parse({}));
  const draft = draftWithout(values, new Set([...bad, ...ahead.map(({ key }) => key)]));
  return { draft, bad, findings: [...wrong, ...ahead] };
}

function byLine(a: ConfigProblem, b: ConfigProblem): number {
  const last = Number.MAX_SAFE_INTEGER;
  return (a.line ?? last) - (b.line ?? last) || (a.column ?? last) - (b.column ?? last);
}

/** load is `loadConfig` for a release that lacks these features. */
export function load(
  input: LoadInput,
  features: readonly Feature[],
): Result<Loaded, readonly ConfigProblem[]> {
  const { path, text, env, exists } = input;
  const read = readDocument(path, text);
  if (!read.ok) return refuse([read.refusal]);
  const { values, problems, warnings, locate } = read.value;
  const password = env[passwordVariable] || undefined;
  const { draft, bad, findings } = check(values, features);
  const desk = { draft, bad, exists, passwordInEnvironment: password !== undefined };
  const all = [...problems, ...[...findings, ...brokenRules(desk)].map(locate)].sort(byLine);
  if (all.length > 0) return refuse(all);
  const notes = [...warnings, ...cautions(desk).map(locate)].sort(byLine).map(problemLine);
  const idle = idleKeys(features, draft, new Set(values.keys())).map((key) => locate({ key, text: "" }));
  if (idle.length > 0) {
    const names = idle.sort(byLine).map(({ key, line }) => `${key} (line ${line})`);
    notes.push(`${path}: no effect yet, because what they are for is not built: ${names.join(", ")}`);
  }
  return accept({
    config: settings(draft, password === undefined ? undefined : new Secret(password)),
    warnings: notes,
  });
}

/**
 * loadConfig checks the text of a configuration file. Refused with every problem at once, in the
 * file's order, each with its key, its line and what is allowed; none quotes a secret. What is not
 * TOML is one problem. Source: `design.md` §7, `spec/teller.md` §2.
 */
export function loadConfig(input: LoadInput): Result<Loaded, readonly ConfigProblem[]> {
  return load(input, notBuiltYet);
}
