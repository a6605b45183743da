import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, recordingLog } from "./mod.ts";

let dir = "";
let out = 0;
const now = () => 1_700_000_000_000;
const head = "time=2023-11-14T22:13:20.000Z";

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "teller-log-"));
  out = openSync(join(dir, "stdout"), "w");
});
afterEach(() => {
  closeSync(out);
  rmSync(dir, { recursive: true });
});

function read(name: string): string {
  return readFileSync(join(dir, name), "utf8");
}

function open(
  more: { debug?: boolean; file?: string; stdout?: number; later?: (fn: () => void) => void } = {},
) {
  const { debug = false, file, stdout = out, later } = more;
  return createLog({ debug, file, now, stdout, ...(later === undefined ? {} : { later }) });
}

test("stdout and the file get the same lines", () => {
  const log = open({ file: join(dir, "log") });
  log.logger.info("started", { port: 7071 });
  log.logger.child("sender").watch("payout held", { txid: "ab" });
  log.logger.debug("not asked for");
  log.close();
  log.logger.info("after the end");
  expect(read("log")).toBe(
    `${head} level=INFO logger=teller msg=started port=7071\n` +
      `${head} level=ERROR logger=sender msg="payout held" txid=ab notice=WATCH\n`,
  );
  expect(read("stdout")).toBe(read("log"));
});

test("lines that are written together come in their order, and are handed over at the end, also after an error", () => {
  const log = open();
  log.logger.together(() => {
    log.logger.info("one");
    log.logger.together(() => log.logger.child("x").warn("two"));
    expect(read("stdout")).toBe("");
  });
  const broken = () =>
    log.logger.together(() => {
      log.logger.info("three");
      throw new Error("on purpose");
    });
  expect(broken).toThrow("on purpose");
  log.logger.info("four");
  expect(Array.from(read("stdout").matchAll(/msg=(\w+)/g), (found) => found[1])).toEqual([
    "one",
    "two",
    "three",
    "four",
  ]);
});

test("any number of lines that are written together get through", () => {
  const log = open();
  log.logger.together(() => {
    for (let i = 0; i < 30_000; i++) log.logger.info("x".repeat(100));
  });
  expect(read("stdout").split("\n")).toHaveLength(30_001);
});

test("a debug line may wait for others, but not longer than a line that matters, the end or a rotation", () => {
  const waiting: (() => void)[] = [];
  const log = open({ debug: true, later: (fn) => waiting.push(fn) });
  const shown = () => Array.from(read("stdout").matchAll(/msg=(\w+)/g), (found) => found[1]);
  log.logger.debug("one");
  log.logger.debug("two");
  expect([shown(), waiting.length]).toEqual([[], 1]);
  waiting.pop()?.();
  expect(shown()).toEqual(["one", "two"]);
  log.logger.debug("three");
  log.logger.error("four");
  expect(shown()).toEqual(["one", "two", "three", "four"]);
  log.logger.debug("five");
  log.reopen();
  log.logger.debug("six");
  log.close();
  expect(shown().filter((msg) => msg !== "log")).toEqual(["one", "two", "three", "four", "five", "six"]);
  for (const fn of waiting) fn();
});

test("debug lines are written when asked for", () => {
  const log = open({ debug: true });
  log.logger.debug("here");
  expect(read("stdout")).toContain("level=DEBUG logger=teller msg=here");
});

test("a field cannot take the notice of a watch line away", () => {
  const log = open();
  log.logger.watch("held", { notice: "none" });
  expect(read("stdout")).toContain("notice=WATCH");
});

test("the file is made with mode 0600 and appended to", () => {
  const file = join(dir, "log");
  for (const msg of ["first", "second"]) {
    const log = open({ file });
    log.logger.info(msg);
    log.close();
  }
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(read("log").split("\n")).toHaveLength(3);
});

test("after a rotation reopen goes on in a new file and loses nothing", () => {
  const log = open({ file: join(dir, "log") });
  log.logger.info("one");
  renameSync(join(dir, "log"), join(dir, "log.1"));
  log.logger.info("two");
  log.reopen();
  log.logger.info("three");
  expect(read("log.1")).toMatch(/msg=one\n.*msg=two\n$/);
  expect(read("log")).toMatch(/^[^\n]*reopened[^\n]*\n[^\n]*msg=three\n$/);
});

test("when reopening fails the old file is kept and the log says so", () => {
  const log = open({ file: join(dir, "log") });
  renameSync(join(dir, "log"), join(dir, "kept"));
  Bun.spawnSync(["mkdir", join(dir, "log")]);
  log.reopen();
  log.logger.info("still here");
  expect(read("kept")).toMatch(/level=ERROR .*not reopened.*\n.*still here/);
});

test("a log file that cannot be opened is told at once", () => {
  writeFileSync(join(dir, "plain"), "");
  expect(() => open({ file: join(dir, "plain", "log") })).toThrow();
});

test("a full disk behind stdout costs nothing but its own lines", () => {
  const full = openSync("/dev/full", "w");
  const log = open({ stdout: full, file: join(dir, "log") });
  for (let i = 0; i < 20; i += 1) log.logger.info("line", { i });
  log.close();
  closeSync(full);
  expect(read("log").split("\n")).toHaveLength(21);
});

test("lines that do not fit wait, what is too much is counted, and no line is torn", () => {
  const pipe = join(dir, "pipe");
  Bun.spawnSync(["mkfifo", pipe]);
  const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  const log = open({ stdout: fd });
  const written = 3000;
  for (let i = 0; i < written; i += 1) log.logger.info("x".repeat(1000), { i });
  let text = "";
  const chunk = Buffer.alloc(1 << 16);
  const drain = () => {
    try {
      for (;;) text += chunk.toString("utf8", 0, readSync(fd, chunk));
    } catch {
      // The pipe is empty: the descriptor does not block.
    }
  };
  for (let i = 0; i < 40; i += 1) {
    drain();
    log.logger.info("more");
  }
  drain();
  closeSync(fd);
  const lines = text.trimEnd().split("\n");
  const kept = lines.filter((l) => l.includes("xxx"));
  const lost = Number(/msg="lines lost" lines=(\d+)/.exec(text)?.[1]);
  expect(lines.every((l) => l.startsWith(head))).toBe(true);
  expect(kept.length).toBeGreaterThan(1000);
  expect(kept.length + lost + lines.filter((l) => l.includes("msg=more")).length).toBe(written + 40);
});

test("a reader of stdout that goes away does not end the process", async () => {
  const mod = join(import.meta.dir, "mod.ts");
  const script = `
    import { createLog } from ${JSON.stringify(mod)};
    const log = createLog({ debug: false, file: process.argv[1], now: () => 0, stdout: 1 });
    for await (const _ of process.stdin) break;
    for (let i = 0; i < 50; i += 1) log.logger.info("line", { i });
    process.exit(7);`;
  const child = Bun.spawn([process.execPath, "-e", script, join(dir, "log")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  await child.stdout.cancel();
  child.stdin.write("go\n");
  await child.stdin.end();
  expect(await child.exited).toBe(7);
  expect(read("log").split("\n")).toHaveLength(51);
});

test("a recording log keeps every line", () => {
  const log = recordingLog();
  log.logger.debug("a");
  log.logger.child("x").error("b", { n: 1n });
  expect(log.lines).toEqual([
    "time=1970-01-01T00:00:00.000Z level=DEBUG logger=teller msg=a",
    "time=1970-01-01T00:00:00.000Z level=ERROR logger=x msg=b n=1",
  ]);
});
