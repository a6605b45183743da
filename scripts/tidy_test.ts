import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { checkImports } from "./tidy/house.ts";
import { checkDead, checkPackages } from "./tidy/packages.ts";
import { type Problem, type Source, source } from "./tidy/source.ts";
import { checkNames, checkTexts } from "./tidy/words.ts";

/** found gives the problems as `line: message`. */
function found(
  rule: (files: readonly Source[]) => Problem[],
  files: Readonly<Record<string, string>>,
): string[] {
  const sources = Object.entries(files).map(([path, text]) => source(path, text));
  return rule(sources).map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

describe("imports", () => {
  const cases = [
    { path: "internal/book/a.ts", from: "#internal/db", wrong: undefined },
    { path: "internal/book/a.ts", from: "./rows.ts", wrong: undefined },
    { path: "internal/log/a.ts", from: "#internal/clock", wrong: undefined },
    { path: "internal/book/a.ts", from: "#internal/sender", wrong: "lower floors only" },
    { path: "internal/scanner/a.ts", from: "#internal/sender", wrong: "lower floors only" },
    { path: "internal/rpc/a.ts", from: "#internal/db", wrong: "lower floors only" },
    { path: "internal/book/a_test.ts", from: "#internal/teller", wrong: "lower floors only" },
    { path: "internal/book/a.ts", from: "#internal/db/store", wrong: "not the face" },
    { path: "internal/book/a.ts", from: "../db/mod.ts", wrong: "leaves the package" },
    { path: "internal/book/a.ts", from: "#internal/nope", wrong: "no floor" },
    { path: "internal/nope/a.ts", from: "#internal/money", wrong: "no floor" },
    { path: "internal/sender/a.ts", from: "#skynode", wrong: "stand-in" },
    { path: "internal/sender/a_test.ts", from: "#skynode", wrong: undefined },
    { path: "cmd/teller/main.ts", from: "#skynode", wrong: "stand-in" },
    { path: "cmd/teller/main.ts", from: "#internal/public", wrong: undefined },
    { path: "cmd/teller/main.ts", from: "#cmd/tool", wrong: undefined },
    { path: "cmd/tool/mod.ts", from: "#cmd/teller", wrong: "the program" },
    { path: "internal/book/a.ts", from: "#cmd/tool", wrong: "the program" },
    { path: "standin/skynode/a.ts", from: "#internal/skycoin", wrong: undefined },
    { path: "internal/book/a.ts", from: "../../e2e/a.ts", wrong: "leaves the package" },
    { path: "scripts/a.ts", from: "../internal/book/rows.ts", wrong: undefined },
    { path: "internal/book/a.ts", from: "lmdb", wrong: "only db" },
    { path: "internal/db/a.ts", from: "lmdb", wrong: undefined },
    { path: "cmd/tool/mod.ts", from: "commander", wrong: undefined },
    { path: "internal/book/a.ts", from: "@logtape/logtape", wrong: "only log" },
  ];
  for (const { path, from, wrong } of cases) {
    test(`${path} may ${wrong === undefined ? "" : "not "}import ${from}`, () => {
      const problems = found(checkImports, { [path]: `\nimport { x } from "${from}";\n` });
      expect(problems).toEqual(wrong === undefined ? [] : [expect.stringContaining(wrong)]);
      if (wrong !== undefined) expect(problems[0]).toStartWith(`${path}:2: `);
    });
  }

  const forms = [
    'import type { X } from "#internal/sender";',
    'import "#internal/sender";',
    "import { x } from '#internal/sender';",
    'export { x } from "#internal/sender";',
    'export * from "#internal/sender";',
    'const x = await import("#internal/sender");',
    'import {\n  x,\n  y,\n} from "#internal/sender";',
    'type X = import("#internal/sender").X;',
    'const r = /["\']/; import { x } from "#internal/sender";',
    'const t = `${"`"}`; import { x } from "#internal/sender";',
  ];
  for (const form of forms) {
    test(`is seen: ${form.replaceAll("\n", " ")}`, () => {
      expect(found(checkImports, { "internal/book/a.ts": form })).toHaveLength(1);
    });
  }

  test("is not seen in comments and texts", () => {
    const text =
      '// import "#internal/sender"\n/* from "#internal/sender" */ const a = `from "#internal/sender"`;';
    expect(found(checkImports, { "internal/book/a.ts": text })).toEqual([]);
  });
});

describe("packages", () => {
  const whole = {
    "internal/book/mod.ts": '/** book: keeps. */\nexport { x } from "./rows.ts";',
    "internal/book/rows.ts": "export const x = 1;",
    "internal/book/rows_test.ts": 'import { x } from "./rows.ts";',
    "internal/book/README.md": "# book",
    "cmd/teller/main.ts": 'import { x } from "#internal/book";',
    "cmd/teller/main_test.ts": "",
  };
  const without = (...paths: string[]) =>
    Object.fromEntries(Object.entries(whole).filter(([path]) => !paths.includes(path)));

  test("a whole one is clean", () => {
    expect(found(checkPackages, whole)).toEqual([]);
    expect(found(checkDead, whole)).toEqual([]);
  });
  test("needs a test", () => {
    expect(found(checkPackages, without("internal/book/rows_test.ts"))).toEqual([
      "internal/book:1: has no test",
    ]);
  });
  test("of types alone needs no test", () => {
    const types = { "internal/coin/mod.ts": "/** coin: what. */\nexport interface A {}" };
    expect(found(checkPackages, { ...whole, ...types })).toEqual([]);
  });
  test("needs a README where it is due", () => {
    expect(found(checkPackages, without("internal/book/README.md"))).toEqual([
      "internal/book:1: has no README.md",
    ]);
  });
  test("needs a face", () => {
    expect(found(checkPackages, without("internal/book/mod.ts"))).toEqual(["internal/book:1: has no mod.ts"]);
  });
  for (const first of ["", "/* book: x */", "// book: x", "/** The book. */", "/** booking: x */"]) {
    test(`needs a first doc comment that begins with its name, not ${JSON.stringify(first)}`, () => {
      const problems = found(checkPackages, { ...whole, "internal/book/mod.ts": `${first}\nexport {};` });
      expect(problems).toEqual([expect.stringContaining("doc comment")]);
    });
  }
  test("a file that nothing imports is dead", () => {
    const problems = found(checkDead, { ...whole, "internal/book/old.ts": 'import { x } from "./rows.ts";' });
    expect(problems).toEqual(["internal/book/old.ts:1: nothing imports this file"]);
  });
  test("a package that nothing imports is dead", () => {
    const problems = found(checkDead, without("cmd/teller/main.ts"));
    expect(problems).toEqual(["internal/book:1: nothing imports this package"]);
  });
});

describe("words", () => {
  const cases = [
    { path: "internal/book/mod.ts", text: "const t = Date.now();", wrong: true },
    { path: "internal/book/mod.ts", text: "const t = new Date();", wrong: true },
    { path: "internal/book/mod.ts", text: "const t = new Date(0);", wrong: false },
    { path: "internal/book/mod.ts", text: "// Date.now() jumps", wrong: false },
    { path: "internal/book/a_test.ts", text: "const t = Date.now();", wrong: false },
    { path: "internal/clock/mod.ts", text: "const t = Date.now();", wrong: false },
    { path: "internal/clock/mod.ts", text: "const r = Math.random();", wrong: true },
    { path: "cmd/teller/main.ts", text: "process.exit(1);", wrong: false },
    { path: "internal/book/mod.ts", text: "process.exit(1);", wrong: true },
    { path: "internal/life/mod.ts", text: 'process.on("SIGINT", f);', wrong: false },
    { path: "internal/teller/mod.ts", text: "Bun.serve({});", wrong: true },
    { path: "standin/skynode/mod.ts", text: "Bun.serve({});", wrong: false },
    { path: "internal/teller/mod.ts", text: "await Bun.$`ls`;", wrong: true },
    { path: "internal/teller/mod.ts", text: "const s = `${Math.random()}`;", wrong: true },
    { path: "internal/teller/mod.ts", text: "const s = `Math.random()`;", wrong: false },
  ];
  for (const { path, text, wrong } of cases) {
    test(`${path} may ${wrong ? "not " : ""}say ${text}`, () => {
      expect(found(checkNames, { [path]: text })).toHaveLength(wrong ? 1 : 0);
    });
  }

  test("a helper of tests may use them, a file of the product may not", () => {
    const files = {
      "internal/book/mod.ts": 'import "./a.ts";',
      "internal/book/a_test.ts": 'import "./b.ts";',
    };
    const clock = { "internal/book/a.ts": "Date.now()", "internal/book/b.ts": "Date.now()" };
    expect(found(checkNames, { ...files, ...clock })).toEqual([
      expect.stringMatching(/^internal\/book\/a\.ts:1: /),
    ]);
  });

  const machine = ["wo", "rk"].join("");
  for (const text of [`/${machine}/main`, ["registry", "npmjs", "org"].join("."), "see crates" + ".io/x"]) {
    test(`no file may hold ${text}, whatever it is`, () => {
      expect(found(checkTexts, { "docs/a.md": `x\n ${text}` })).toEqual([
        expect.stringMatching(/^docs\/a\.md:2: /),
      ]);
    });
  }
  test("an address of the web and a path inside the executable are no such text", () => {
    const text = `https://x.org/${machine}/ /$bunfs/${["ro", "ot"].join("")}/teller`;
    expect(found(checkTexts, { "docs/a.md": text })).toEqual([]);
  });
});

describe("the script", () => {
  let dir = "";
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "teller-tidy-"));
    cpSync(join(import.meta.dir, "../internal/fault"), join(dir, "internal/fault"), { recursive: true });
    write("internal/fault/fault_test.ts", 'import "./mod.ts";');
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  const run = () => {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, join(import.meta.dir, "tidy.ts"), dir]);
    return { exitCode, stderr: stderr.toString() };
  };

  test("is content with a clean copy", () => {
    expect(run()).toEqual({ exitCode: 0, stderr: "" });
  });
  test("sees a wrong import that is planted in a copy", () => {
    write("internal/fault/planted_test.ts", 'import { systemClock } from "../clock/mod.ts";');
    expect(run()).toEqual({
      exitCode: 1,
      stderr: "internal/fault/planted_test.ts:1: ../clock/mod.ts leaves the package internal/fault\n",
    });
  });
  test("looks into neither test data nor what was fetched", () => {
    for (const folder of ["testdata", "node_modules"])
      write(`internal/fault/${folder}/a.ts`, "Math.random()");
    expect(run().exitCode).toBe(0);
  });
});
