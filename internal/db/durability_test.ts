import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "./mod.ts";
import { childPath, left, right } from "./testchild.ts";

const strace = "/usr/bin/strace";
/** Seeing system calls needs strace, and the right to trace a child. */
const traceable = existsSync(strace) && Bun.spawnSync([strace, "-o", "/dev/null", "true"]).exitCode === 0;
if (!traceable) console.log(`skipped: ${strace} cannot be used here, so the order of syncs is not looked at`);

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "db-durable-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** traced runs the child under strace and gives what it printed and the system calls that it made, one a line. */
function traced(mode: string, ...options: string[]): { said: string[]; calls: string[] } {
  const out = join(dir, "calls");
  const calls = "trace=fdatasync,fsync,pwrite64,pwritev,writev,write";
  const command = [strace, "-f", "-e", calls, "-e", "signal=none", "-o", out, ...options];
  const path = join(dir, "a.db");
  const ran = Bun.spawnSync([...command, process.execPath, childPath, mode, path], { stderr: "ignore" });
  return { said: ran.stdout.toString().trim().split("\n"), calls: readFileSync(out, "utf8").split("\n") };
}

/** between gives the calls from the line in which the child says one thing to that in which it says another. */
function between(calls: readonly string[], from: string, to: string): string[] {
  const at = (word: string) => calls.findIndex((line) => line.includes(`write(1, "${word}\\n`));
  expect(at(from)).toBeGreaterThan(-1);
  expect(at(to)).toBeGreaterThan(at(from));
  return calls.slice(at(from) + 1, at(to));
}

const isSync = (line: string) => /fdatasync(?:\(\d+\)| resumed>\)?) += 0/.test(line);
/** The header is written through a file opened with O_DSYNC: 128 bytes of a meta page. */
const isHeader = (line: string) =>
  /pwrite64.* = 128$/.test(line) || /pwrite64.*, 128, (?:40|4136)/.test(line);

test.skipIf(!traceable)(
  "a write is acknowledged after its pages are synced and then the header is on disk",
  () => {
    const { said, calls } = traced("three");
    expect(said).toEqual(["begin 1", "ack 1", "begin 2", "ack 2", "begin 3", "ack 3"]);
    for (const n of [1, 2, 3]) {
      const steps = between(calls, `begin ${n}`, `ack ${n}`);
      const synced = steps.findIndex(isSync);
      const header = steps.findIndex(isHeader);
      expect(synced).toBeGreaterThan(-1);
      expect(header).toBeGreaterThan(synced);
    }
  },
);

test.skipIf(!traceable)("three hundred writes at once share a few syncs", () => {
  const { calls } = traced("burst");
  const syncs = between(calls, "begin burst", "ack burst").filter(isSync).length;
  expect(syncs).toBeGreaterThan(0);
  expect(syncs).toBeLessThan(30);
});

test.skipIf(!traceable)(
  "after a failed sync nothing is acknowledged that is not there, and the store is closed to all",
  async () => {
    const { said } = traced("fail", "-e", "inject=fdatasync:error=EIO:when=4+");
    const acked = said.flatMap((line) => (line.startsWith("ack ") ? [Number(line.slice(4))] : []));
    const rejected = said.filter((line) => line.startsWith("rejected "));
    expect(acked.length).toBeGreaterThan(0);
    expect(rejected.length).toBeGreaterThan(0);
    for (const line of rejected) expect(line).toEndWith(" Fault");
    expect(said).toContain("failed a commit could not be written to disk");
    expect(said).toContain("then a commit could not be written to disk");
    expect(said.filter((line) => line.startsWith("unhandled"))).toEqual([]);
    expect(said.at(-1)).toBe("closed");
    const store = openStore(join(dir, "a.db"), [left, right]);
    const there = store.read((reader) => reader.keys(left, { limit: 1000 }));
    await store.close();
    expect(there).toEqual(acked.sort((a, b) => a - b));
  },
);

test("a file that may not grow fails the commit for all who write, and what nobody holds is known for the same", async () => {
  const path = join(dir, "a.db");
  Bun.spawnSync([process.execPath, childPath, "three", path]);
  const blocks = Math.ceil(statSync(path).size / 512) + 4;
  const limited = `trap '' XFSZ && ulimit -f ${blocks} && exec "$0" "$@"`;
  const ran = Bun.spawnSync(["sh", "-c", limited, process.execPath, childPath, "full", path], {
    stderr: "ignore",
  });
  const said = ran.stdout.toString().trim().split("\n");
  const rejected = said.filter((line) => line.startsWith("rejected "));
  expect(rejected.length).toBeGreaterThan(0);
  for (const line of rejected) expect(line).toEndWith(" a commit could not be written to disk");
  expect(said).toContain("failed a commit could not be written to disk");
  expect(said).toContain("unheld a commit could not be written to disk");
  expect(said.filter((line) => line.startsWith("unhandled"))).toEqual([]);
  const acked = said.flatMap((line) => (line.startsWith("ack ") ? [Number(line.slice(4))] : []));
  const store = openStore(path, [left, right]);
  const there = store.read((reader) => reader.keys(left, { limit: 1000 }));
  await store.close();
  expect(acked.filter((n) => !there.includes(n))).toEqual([]);
});
