import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault, messageOf } from "#internal/fault";
import { openStore, type Store } from "./mod.ts";
import { childPath, left, right } from "./testchild.ts";

const buckets = [left, right];

let dir = "";
let open: Store[] = [];
type Child = Bun.Subprocess<"ignore", "pipe", "inherit">;
let children: Child[] = [];
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "db-lock-")));
});
afterEach(async () => {
  for (const store of open) await store.close();
  for (const process of children) {
    process.kill("SIGKILL");
    await process.exited;
  }
  open = [];
  children = [];
  rmSync(dir, { recursive: true });
});

function child(mode: string, ...paths: string[]): Child {
  const started = Bun.spawn([process.execPath, childPath, mode, ...paths], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  children.push(started);
  return started;
}

function opened(path: string): Store {
  const store = openStore(path, buckets);
  open.push(store);
  return store;
}

function refusal(path: string): unknown {
  try {
    opened(path);
  } catch (error) {
    return error;
  }
  return undefined;
}

const inUse = (path: string, pid: number) =>
  new Fault("db.lock", "stop", `${path} is in use by another teller (pid ${pid})`);

/** holding starts a process that has the store open. */
async function holding(path: string) {
  const process = child("hold", path);
  const { value } = await process.stdout.getReader().read();
  expect(Buffer.from(value ?? new Uint8Array()).toString()).toBe("open\n");
  return process;
}

describe("a store that is open", () => {
  test("is refused to the same process", async () => {
    const path = join(dir, "a.db");
    const first = opened(path);
    expect(refusal(path)).toEqual(inUse(path, process.pid));
    await first.close();
    expect(refusal(path)).toBeUndefined();
  });

  test("is refused to another process, which is told who has it", async () => {
    const path = join(dir, "a.db");
    opened(path);
    const other = child("open", path);
    expect(await other.stdout.text()).toBe(
      `trying ${path}\nrefused Fault: ${messageOf(inUse(path, process.pid))}\n`,
    );
  });

  test("by another process is refused here, until that process is killed", async () => {
    const path = join(dir, "a.db");
    const other = await holding(path);
    expect(refusal(path)).toEqual(inUse(path, other.pid));
    other.kill("SIGKILL");
    await other.exited;
    expect(refusal(path)).toBeUndefined();
  });

  test("is refused by every name that leads to it", async () => {
    mkdirSync(join(dir, "real"));
    const path = join(dir, "real", "a.db");
    opened(path);
    symlinkSync("real", join(dir, "linked"));
    symlinkSync(path, join(dir, "b.db"));
    symlinkSync("b.db", join(dir, "c.db"));
    for (const name of ["linked/a.db", "b.db", "c.db", "linked/../real/./a.db"]) {
      expect(refusal(join(dir, name))).toEqual(inUse(path, process.pid));
    }
  });

  test("is refused by its real name when it was made through a link to nothing", () => {
    const path = join(dir, "a.db");
    symlinkSync("a.db", join(dir, "link.db"));
    expect(opened(join(dir, "link.db")).path).toBe(path);
    expect(refusal(path)).toEqual(inUse(path, process.pid));
  });

  test("is told from a link that leads in a circle", () => {
    symlinkSync("b.db", join(dir, "a.db"));
    symlinkSync("a.db", join(dir, "b.db"));
    expect(messageOf(refusal(join(dir, "a.db")))).toContain("ELOOP");
  });

  test("is not in the way of another store beside it", () => {
    opened(join(dir, "a.db"));
    expect(refusal(join(dir, "b.db"))).toBeUndefined();
  });
});

test("a folder that is not there is named", () => {
  const path = join(dir, "no", "a.db");
  expect(messageOf(refusal(path))).toContain(join(dir, "no"));
});

test("a lock file that was left behind is in nobody's way", async () => {
  const path = join(dir, "a.db");
  const killed = await holding(path);
  killed.kill("SIGKILL");
  await killed.exited;
  const { exited, stdout } = child("open", path);
  expect(await stdout.text()).toBe(`trying ${path}\nrows 0\n`);
  expect(await exited).toBe(0);
});
