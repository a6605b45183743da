import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "./mod.ts";
import { childPath, left, right } from "./testchild.ts";

const rounds = 20;

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "db-kill-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** killed lets a child write until it is killed, so many milliseconds after its first write, and gives what it acknowledged. */
async function killed(path: string, afterMs: number): Promise<number[]> {
  const child = Bun.spawn([process.execPath, childPath, "write", path], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let said = "";
  for (let first = true; ; first = false) {
    const { done, value } = await reader.read();
    if (done) break;
    said += decoder.decode(value, { stream: true });
    if (first) setTimeout(() => child.kill("SIGKILL"), afterMs);
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  // A line that was cut off by the kill is no acknowledgement.
  return said
    .split("\n")
    .slice(0, -1)
    .map((line) => Number(line.slice("ack ".length)));
}

test(`of what is acknowledged nothing is lost and nothing is torn, over ${rounds} kills`, async () => {
  const path = join(dir, "a.db");
  const acked = new Set<number>();
  for (let round = 0; round < rounds; round++) {
    const afterMs = Math.floor(Math.random() * 60);
    for (const n of await killed(path, afterMs)) acked.add(n);
    const store = openStore(path, [left, right]);
    const [lefts, rights] = store.read((reader) => {
      const all = { limit: 10_000_000 };
      return [reader.keys(left, all), reader.keys(right, all)];
    });
    await store.close();
    expect(lefts).toEqual(rights);
    const there = new Set(lefts);
    expect([...acked].filter((n) => !there.has(n))).toEqual([]);
  }
  expect(acked.size).toBeGreaterThan(rounds);
}, 60_000);
