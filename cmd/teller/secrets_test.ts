import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepSecret } from "./secrets.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "teller-secret-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

test("a secret is made once, for its owner alone, and is the same from then on", () => {
  const made = keepSecret(dir, "admin_token");
  expect(made.path).toBe(join(dir, "admin_token"));
  expect(made.text).toMatch(/^[0-9a-f]{64}$/);
  expect(modeOf(made.path)).toBe(0o600);
  expect(keepSecret(dir, "admin_token")).toEqual(made);
  expect(readFileSync(made.path, "utf8")).toBe(`${made.text}\n`);
});

test("two secrets are different", () => {
  expect(keepSecret(dir, "a").text).not.toBe(keepSecret(dir, "b").text);
});

test("a secret that others may read is closed to them again", () => {
  const { path } = keepSecret(dir, "a");
  chmodSync(path, 0o644);
  keepSecret(dir, "a");
  expect(modeOf(path)).toBe(0o600);
});

test("a secret that the operator wrote is taken as it is", () => {
  writeFileSync(join(dir, "a"), "chosen by a person\n");
  expect(keepSecret(dir, "a").text).toBe("chosen by a person");
});

test("a file that a crash left empty is no secret: another is made", () => {
  for (const left of ["", "\n", "  \n", "\0".repeat(65)]) {
    writeFileSync(join(dir, "a"), left);
    const { text, path } = keepSecret(dir, "a");
    expect(text).toMatch(/^[0-9a-f]{64}$/);
    expect(modeOf(path)).toBe(0o600);
    expect(keepSecret(dir, "a").text).toBe(text);
  }
});
