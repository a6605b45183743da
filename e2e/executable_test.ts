import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type SpawnSyncOptions, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { executable } from "./executable_build.ts";

let dir = "";
let teller = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "teller-exe-"));
  chmodSync(dir, 0o755);
  teller = join(dir, "teller");
  copyFileSync(executable(), teller);
}, 60_000);
afterAll(() => {
  rmSync(dir, { recursive: true });
});

/** run runs the executable in an environment of its own, of which the caller says all. */
function run(args: readonly string[], options: SpawnSyncOptions = {}, file = teller) {
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd: dir,
    env: {},
    timeout: 20_000,
    ...options,
  });
  return { exit: status, stdout: stdout.toString(), stderr: stderr.toString() };
}

function put(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

const firstOfSeed = "1CN7JTzTTpmh1dsHeUSosXmNL2GLTwt78g\n";

test("the version names the commit that the executable was made from", () => {
  const { exit, stdout, stderr } = run(["--version"]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  expect(stdout).toMatch(/^teller \d+\.\d+\.\d+ \(commit (?:[0-9a-f]{40}(?:-dirty)?|unknown)\)\n$/);
  const head = spawnSync("git", ["rev-parse", "--verify", "-q", "HEAD"], { cwd: import.meta.dir });
  if (head.status === 0) expect(stdout).toContain(head.stdout.toString().trim());
});

test("help ends with 0 and goes to stdout", () => {
  const { exit, stdout, stderr } = run(["--help"]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  expect(stdout).toStartWith("Usage: teller");
});

test("a wrong command line ends with 2, and says so on stderr alone", () => {
  const { exit, stdout, stderr } = run(["--nope"]);
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
  expect(stderr).toStartWith("error: unknown option '--nope'\n");
  expect(stderr).toContain("Usage: teller");
});

describe("the other program", () => {
  const wanted = { exit: 0, stdout: firstOfSeed, stderr: "" };
  test("answers as a command", () => {
    expect(run(["tool", "newbtcaddress", "seed", "1"])).toEqual(wanted);
  });
  test("answers through a symbolic link", () => {
    const tool = join(dir, "sym", "tool");
    mkdirSync(dirname(tool));
    symlinkSync(teller, tool);
    expect(run(["newbtcaddress", "seed", "1"], {}, tool)).toEqual(wanted);
  });
  test("answers through a hard link", () => {
    const tool = join(dir, "hard", "tool");
    mkdirSync(dirname(tool));
    linkSync(teller, tool);
    expect(run(["newbtcaddress", "seed", "1"], {}, tool)).toEqual(wanted);
  });
  test("answers when it is found by the search path", () => {
    const env = { PATH: `${join(dir, "sym")}:/usr/bin:/bin` };
    expect(run(["-c", "tool newbtcaddress seed 1"], { env, cwd: "/" }, "/bin/sh")).toEqual(wanted);
  });
  test("gives its exit code to the shell", () => {
    expect(run(["tool", "newbtcaddress", "seed", "0"]).exit).toBe(1);
    expect(run(["tool", "nope"]).exit).toBe(2);
  });
});

test("no file of the directory that it is started in is run, read or believed", () => {
  const evil = 'require("node:fs").writeFileSync("was-run", ""); console.log("EVIL");';
  put("hostile/evil.js", evil);
  put("hostile/.env", "HOME=/evil\nBUN_OPTIONS=--preload=./evil.js\nTELLER_EVIL=1\n");
  put("hostile/.env.production", "HOME=/evil\n");
  put("hostile/bunfig.toml", 'preload = ["./evil.js"]\n[run]\npreload = ["./evil.js"]\n');
  put("hostile/tsconfig.json", '{"compilerOptions":{"paths":{"*":["./evil.js"],"lmdb":["./evil.js"]}}}');
  put("hostile/package.json", '{"type":"commonjs","main":"./evil.js","imports":{"#internal/*":"./evil.js"}}');
  for (const name of ["lmdb", "hono", "commander", "zod"]) put(`hostile/node_modules/${name}/index.js`, evil);
  const cwd = join(dir, "hostile");
  const before = readdirSync(cwd);
  for (const args of [["--help"], ["--version"], ["--nope"], ["tool", "newbtcaddress", "seed", "1"]]) {
    const there = run(args, { cwd });
    expect(there).toEqual(run(args));
    expect(there.stdout + there.stderr).not.toMatch(/evil/i);
  }
  expect(existsSync(join(cwd, "was-run"))).toBe(false);
  expect(readdirSync(cwd)).toEqual(before);
});

test("it runs in a directory where nobody may write, as a user without a home", () => {
  const cwd = join(dir, "readonly");
  mkdirSync(cwd, { mode: 0o555 });
  // Root may write everywhere, so it becomes nobody for this one.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const env = { HOME: "/nowhere", TMPDIR: "/nowhere" };
  const options = { cwd, env, ...nobody };
  expect(run(["tool", "newbtcaddress", "seed", "1"], options)).toEqual({
    exit: 0,
    stdout: firstOfSeed,
    stderr: "",
  });
  expect(run(["--help"], options).stdout).toContain('"/nowhere/.teller-skycoin"');
});

test("help, version and tool leave nothing behind in the home or temporary directory", () => {
  const home = join(dir, "home");
  mkdirSync(home);
  const env = { HOME: home, TMPDIR: home };
  for (const args of [["--help"], ["--version"], ["tool", "newkeys"]])
    expect(run(args, { env }).exit).toBe(0);
  expect(readdirSync(home)).toEqual([]);
});
