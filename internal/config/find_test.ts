import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databasePath, existsOnDisk, findConfig } from "./mod.ts";

const find = (name: string | undefined, files: readonly string[]) =>
  findConfig({
    name,
    appDir: "/app",
    workDir: "/cwd",
    exists: (path, kind) => kind === "file" && files.includes(path),
  });

const found: readonly (readonly [string, string | undefined, readonly string[], string])[] = [
  [
    "without -c the application directory comes first",
    undefined,
    ["/app/config.toml", "/cwd/config.toml"],
    "/app/config.toml",
  ],
  ["without -c the working directory comes second", undefined, ["/cwd/config.toml"], "/cwd/config.toml"],
  [
    "a name is looked for in the working directory first",
    "a.toml",
    ["/app/a.toml", "/cwd/a.toml"],
    "/cwd/a.toml",
  ],
  ["a name is looked for in the application directory second", "a.toml", ["/app/a.toml"], "/app/a.toml"],
  [".toml may be left out", "a", ["/cwd/a.toml"], "/cwd/a.toml"],
  [".toml may be left out in the application directory", "a", ["/app/a.toml"], "/app/a.toml"],
  ["the exact name comes before the one with .toml", "a", ["/cwd/a.toml", "/cwd/a"], "/cwd/a"],
  ["the working directory comes before the exact name", "a", ["/cwd/a.toml", "/app/a"], "/cwd/a.toml"],
  ["a path starts from the working directory", "conf/a.toml", ["/cwd/conf/a.toml"], "/cwd/conf/a.toml"],
  ["a path may leave out .toml", "conf/a", ["/cwd/conf/a.toml"], "/cwd/conf/a.toml"],
  ["a path may go up", "../a.toml", ["/a.toml"], "/a.toml"],
  ["an absolute path is taken as it is", "/etc/t.toml", ["/etc/t.toml", "/cwd/etc/t.toml"], "/etc/t.toml"],
];

for (const [name, asked, files, path] of found) {
  test(name, () => {
    expect(find(asked, files)).toEqual({ ok: true, value: path });
  });
}

const lost: readonly (readonly [string, string | undefined, readonly string[], string])[] = [
  [
    "no file at all",
    undefined,
    [],
    'Config File "config" Not Found in "[/app /cwd]"; looked for /app/config.toml, /cwd/config.toml',
  ],
  [
    "a name",
    "a",
    [],
    'Config File "a" Not Found in "[/app /cwd]"; looked for /cwd/a, /cwd/a.toml, /app/a, /app/a.toml',
  ],
  [
    "a path is never looked for in the application directory",
    "conf/a.toml",
    ["/app/conf/a.toml"],
    'Config File "conf/a.toml" Not Found in "[/app /cwd]"; looked for /cwd/conf/a.toml',
  ],
  [
    "./ makes a name a path",
    "./a.toml",
    ["/app/a.toml"],
    'Config File "./a.toml" Not Found in "[/app /cwd]"; looked for /cwd/a.toml',
  ],
];

for (const [name, asked, files, refusal] of lost) {
  test(`not found: ${name}`, () => {
    expect(find(asked, files)).toEqual({ ok: false, refusal });
  });
}

test("the database is in the application directory, at its absolute path, or in the folder that is named", () => {
  const exists = (path: string, kind: string) => kind === "folder" && path === "/data";
  expect(databasePath("teller.db", "/app", exists)).toBe("/app/teller.db");
  expect(databasePath("/data", "/app", exists)).toBe("/data/teller.db");
  expect(databasePath("/data/x.db", "/app", exists)).toBe("/data/x.db");
});

test("files and folders on the disk are told apart, and links followed", () => {
  const dir = mkdtempSync(join(tmpdir(), "teller-config-"));
  try {
    writeFileSync(join(dir, "file"), "");
    mkdirSync(join(dir, "folder"));
    symlinkSync(join(dir, "file"), join(dir, "link"));
    symlinkSync(join(dir, "nothing"), join(dir, "broken"));
    const names = ["file", "folder", "link", "broken", "none", "file/x", "\0"];
    expect(names.filter((name) => existsOnDisk(join(dir, name), "file"))).toEqual(["file", "link"]);
    expect(names.filter((name) => existsOnDisk(join(dir, name), "folder"))).toEqual(["folder"]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
