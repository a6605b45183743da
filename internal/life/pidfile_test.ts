import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePidFile } from "./mod.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "teller-pid-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

test("the file holds the pid alone, readable by everybody, and nothing else is left behind", () => {
  const path = join(dir, "run", "teller", "teller.pid");
  writePidFile(path);
  expect(readFileSync(path, "utf8")).toBe(String(process.pid));
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(readdirSync(join(dir, "run", "teller"))).toEqual(["teller.pid"]);
});

test("a file of a process that was killed is overwritten", () => {
  const path = join(dir, "teller.pid");
  writeFileSync(path, "999999");
  writePidFile(path, 42);
  expect(readFileSync(path, "utf8")).toBe("42");
});

test("remove deletes our own file, and may be called twice", () => {
  const path = join(dir, "teller.pid");
  const file = writePidFile(path);
  file.remove();
  file.remove();
  expect(existsSync(path)).toBe(false);
});

test("remove leaves the file of another process alone", () => {
  const path = join(dir, "teller.pid");
  const file = writePidFile(path, 41);
  writePidFile(path, 42);
  file.remove();
  expect(readFileSync(path, "utf8")).toBe("42");
});

test("a pid file that cannot be written is told, and leaves no draft", () => {
  mkdirSync(join(dir, "teller.pid"));
  expect(() => writePidFile(join(dir, "teller.pid"))).toThrow();
  expect(readdirSync(dir)).toEqual(["teller.pid"]);
});
