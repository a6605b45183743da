import { afterEach, beforeEach, expect, test } from "bun:test";
import { cpSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
let dir = "";

// The linter's rule about promises reads types. A copy of what it needs shows whether it still sees them:
// through a symbolic link, or after an update, it may go blind and say nothing.
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "teller-lint-"));
  for (const file of ["biome.json", "package.json", "tsconfig.json"])
    cpSync(join(root, file), join(dir, file));
  for (const name of ["clock", "fault", "life"]) {
    cpSync(join(root, "internal", name), join(dir, "internal", name), { recursive: true });
  }
  mkdirSync(join(dir, "node_modules/lmdb"), { recursive: true });
  for (const file of ["node_modules/lmdb/package.json", "node_modules/lmdb/index.d.ts"]) {
    cpSync(join(root, file), join(dir, file));
  }
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

/** lint gives the broken rules as `file:line rule`. */
function lint(files: Readonly<Record<string, string>>): string[] {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text);
  const biome = join(root, "node_modules/.bin/biome");
  const { stdout } = Bun.spawnSync([biome, "lint", "--reporter=github", ...Object.keys(files)], { cwd: dir });
  return Array.from(
    stdout.toString().matchAll(/title=([^,]+),file=([^,]+),line=(\d+)/g),
    ([, rule, file, line]) => `${file?.split("/").at(-1)}:${line} ${rule?.split("/").at(-1)}`,
  );
}

test("a promise that nobody awaits is seen", () => {
  const found = lint({
    "internal/life/canary.ts": [
      'import { open } from "lmdb";',
      'import { systemClock } from "#internal/clock";',
      'import type { Part } from "./supervise.ts";',
      "async function later(): Promise<void> {}",
      "export async function canary(part: Part): Promise<void> {",
      "  later();",
      "  part.run(new AbortController().signal);",
      "  systemClock.sleep(1);",
      '  open({ path: "x" }).put("a", 1);',
      "  await later();",
      "}",
    ].join("\n"),
  });
  expect(found).toEqual([6, 7, 8, 9].map((line) => `canary.ts:${line} noFloatingPromises`));
});

test("packages are real folders: through links the linter sees no types", () => {
  expect(lstatSync(join(root, "node_modules/lmdb")).isDirectory()).toBe(true);
});

const cases = [
  { rule: "noExplicitAny", text: "export const x = (y: any): unknown => y;" },
  { rule: "noNonNullAssertion", text: "export const x = (y: string | undefined): string => y!;" },
  { rule: "noDefaultExport", text: "export default 1;" },
  { rule: "noConsole", text: 'console.log("x");' },
  { rule: "noProcessEnv", text: 'export const x = (): unknown => process.env["X"];' },
  { rule: "noRestrictedGlobals", text: 'export const x = (): Promise<Response> => fetch("x");' },
  { rule: "noRestrictedGlobals", text: "export const x = (f: () => void): unknown => setTimeout(f, 1);" },
  { rule: "noRestrictedImports", text: 'import { silent } from "../log/mod.ts";\nexport const x = silent;' },
  { rule: "noExcessiveLinesPerFunction", text: `export function x(): void {\n${"  x();\n".repeat(71)}}` },
  {
    rule: "noExcessiveLinesPerFile",
    text: Array.from({ length: 501 }, (_, i) => `export const x${i} = ${i};`).join("\n"),
  },
  {
    rule: "useExhaustiveSwitchCases",
    text: 'export function x(y: "a" | "b"): void {\n  switch (y) {\n    case "a":\n      x(y);\n  }\n}',
  },
];

for (const { rule, text } of cases) {
  test(`the linter sees ${rule}: ${text.split("\n")[0]}`, () => {
    expect(lint({ "internal/life/canary.ts": `${text}\n` }).map((found) => found.split(" ")[1])).toContain(
      rule,
    );
  });
}

test("packages that import each other in a circle are seen", () => {
  const found = lint({
    "internal/fault/mod.ts": 'import { y } from "#internal/clock";\nexport const x = y;',
    "internal/clock/mod.ts": 'import { x } from "#internal/fault";\nexport const y = x;',
  });
  expect(found).toContain("mod.ts:1 noImportCycles");
});
