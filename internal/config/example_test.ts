import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { notBuiltYet } from "./features.ts";
import { load } from "./load.ts";
import { locate } from "./locate.ts";
import { type Exists, existsOnDisk, loadConfig, problemLine } from "./mod.ts";
import { factsOf, type Key, keys } from "./schema.ts";

const root = join(import.meta.dir, "../..");
const example = readFileSync(join(root, "config.toml"), "utf8");
const lines = example.split("\n");

/** The example with every `# key = value` set. */
const everything = lines.map((line) => line.replace(/^# ([a-z_]+ = .*)$/, "$1")).join("\n");
const places = locate(everything);
const placeOf = (key: Key) => places.at(key.split("."));

const exists: Exists = (path, kind) => existsOnDisk(join(root, path), kind);
const loaded = (text: string) => loadConfig({ path: "config.toml", text, env: {}, exists });

/** The comment lines right above the key, without their "# ". */
function comment(key: Key): readonly string[] {
  const last = (placeOf(key)?.line ?? 0) - 1;
  const first = lines.slice(0, last).findLastIndex((line) => !line.startsWith("#")) + 1;
  return lines.slice(first, last).map((line) => line.replace(/^# ?/, ""));
}

test("the example loads without a warning, in dummy mode", () => {
  const result = loaded(example);
  expect(result.ok ? result.value.warnings : result.refusal.map(problemLine)).toEqual([]);
  expect(result).toMatchObject({
    value: {
      config: {
        dummy: { sender: true, scanner: true, httpAddr: { text: "127.0.0.1:4121" } },
        web: { httpAddr: { text: "127.0.0.1:7071" } },
        adminPanel: { host: { text: "127.0.0.1:7711" } },
        btcAddresses: "example_btc_addresses.json",
      },
    },
  });
  expect(result.ok ? result.value.config.logfile : "").toBeUndefined();
});

describe("every key is in the example, explained, with its kind, range and default", () => {
  for (const key of keys) {
    test(key, () => {
      const facts = factsOf(key);
      const text = comment(key);
      expect(text.at(-1)).toBe(`${facts.about}. Default: ${facts.default ?? "none"}.`);
      const words = text.slice(0, -1).join(" ").split(/\s+/);
      expect(words.length).toBeGreaterThanOrEqual(4);
    });
  }
});

/** Keys that the example must set to something else, or that have no default to show. */
const own: readonly Key[] = ["dummy.sender", "dummy.scanner"];

describe("a key is shown with its default", () => {
  for (const key of keys.filter((name) => factsOf(name).default !== undefined && !own.includes(name))) {
    test(key, () => {
      expect(placeOf(key)?.raw).toBe(factsOf(key).default);
    });
  }
});

test("the example has no key that the schema does not know, and none twice", () => {
  const shown = lines.filter((line) => /^(# )?[a-z_]+ = /.test(line) && !line.startsWith("# key = value"));
  expect(shown.length).toBe(keys.length);
  expect(keys.filter((key) => placeOf(key) === undefined)).toEqual([]);
});

test("every value that the example shows is a right one", () => {
  const result = load({ path: "config.toml", text: everything, env: {}, exists: () => true }, []);
  expect(result.ok ? [] : result.refusal.map(problemLine)).toEqual([
    expect.stringMatching(
      /web.auto_tls_host: either use web.auto_tls_host or both web.tls_key and web.tls_cert$/,
    ),
  ]);
});

test("what is not built is marked so, and nothing else is", () => {
  const notBuilt = new Set(notBuiltYet.flatMap(({ switches, others }) => [...switches, ...others]));
  const marked = keys.filter(
    (key) =>
      comment(key)
        .join(" ")
        .match(/[Nn]ot built yet/) || sectionComment(key).includes("Not built yet"),
  );
  expect(marked.filter((key) => !notBuilt.has(key))).toEqual([]);
  const unmarked = [...notBuilt].filter((key) => !marked.includes(key));
  // These stand below a switch that says it.
  expect(unmarked.filter((key) => !key.startsWith("eth_scanner."))).toEqual([]);
});

function sectionComment(key: Key): string {
  const line = places.at(key.split(".").slice(0, -1))?.line;
  return key.includes(".") && line !== undefined ? (lines[line - 2] ?? "") : "";
}

/** The changes that the user's document asks for to run in a container. */
const docker = `
logfile = ""
dbfile = "/data"
[web]
http_addr = "0.0.0.0:7071"
[admin_panel]
host = "0.0.0.0:7711"
[dummy]
http_addr = "0.0.0.0:4121"
`;

test("the container's changes can be made in the example, line by line", () => {
  let text = example;
  for (const [path, raw] of leaves(docker)) {
    const place = locate(text).at(path);
    const before = text.split("\n");
    const at = (place?.line ?? 0) - 1;
    expect(before[at]).toMatch(new RegExp(`^${path.at(-1)} = `));
    text = before.map((line, number) => (number === at ? `${path.at(-1)} = ${raw}` : line)).join("\n");
  }
  const result = loaded(text);
  expect(result).toMatchObject({
    value: {
      warnings: [],
      config: {
        dbfile: "/data",
        web: { httpAddr: { host: "0.0.0.0", port: 7071 } },
        adminPanel: { host: { host: "0.0.0.0", port: 7711 } },
        dummy: { sender: true, scanner: true, httpAddr: { host: "0.0.0.0", port: 4121 } },
      },
    },
  });
});

test("the container's lines are right as a file of their own, too", () => {
  const dummies = "sender = true\nscanner = true\n";
  const pool = 'btc_addresses = "btc_addresses.json"\nsky_exchanger.sky_btc_exchange_rate = "500"\n';
  const result = loadConfig({
    path: "config.toml",
    text: pool + docker + dummies,
    env: {},
    exists: () => true,
  });
  expect(result.ok ? result.value.warnings : result.refusal.map(problemLine)).toEqual([]);
});

test("pasting the container's lines below the example is told with the line of the first clash", () => {
  const result = loaded(example + docker);
  expect(result.ok ? [] : result.refusal.map(problemLine)).toEqual([
    expect.stringMatching(
      /^config.toml:\d+:\d+: not valid TOML: trying to redefine .*; this key or section stands in the file already/,
    ),
  ]);
});

function leaves(text: string): (readonly [readonly string[], string])[] {
  const found = locate(text);
  return Object.entries(parse(text)).flatMap(([name, value]) => {
    const inner =
      typeof value === "object" && value !== null ? Object.keys(value).map((key) => [name, key]) : [[name]];
    return inner.map((path) => [path, found.at(path)?.raw ?? ""] as const);
  });
}
