import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "#internal/db";
import { buildRecorder, Disk, type Happening, type Kind, messagesOf, readLog, recorderEnv } from "./mod.ts";
import { bodyOf, childPath, childWrites, rows } from "./testchild.ts";

const page = 4096;
const never = () => 0;
const always = (limit: number) => limit - 1;

/** happening makes a record; what a test does not say is nothing. */
function happening(kind: Kind, own: Partial<Happening> = {}): Happening {
  const bytes = Buffer.alloc(0);
  return { kind, pid: 1, fd: 3, call: 0, at: 0, result: 0, dsync: false, create: false, bytes, ...own };
}

const filled = (letter: string, pages = 1) => Buffer.alloc(pages * page, letter);
const write = (call: number, letter: string, own: Partial<Happening> = {}) =>
  happening("write", { call, bytes: filled(letter), ...own });
const written = (call: number) => happening("writeDone", { call, result: page });
const synced = (call: number, result = 0) => [
  happening("sync", { call }),
  happening("syncDone", { call, result }),
];
/** The file's name is on disk. */
const named = [
  happening("opened", { create: true }),
  happening("syncFolder", { call: 900 }),
  happening("syncFolderDone", { call: 900 }),
];

function played(...log: readonly Happening[]): Disk {
  const disk = new Disk();
  for (const one of [...named, ...log]) disk.step(one);
  return disk;
}

/** letters gives the first byte of each page that a cut leaves. */
function letters(disk: Disk, random: (limit: number) => number): string {
  const file = disk.cut(random);
  if (file === undefined) return "no file";
  return Array.from({ length: file.length / page }, (_, i) => String.fromCharCode(file[i * page] || 46)).join(
    "",
  );
}

describe("a disk", () => {
  test("keeps what was synced, whatever the dice say", () => {
    const disk = played(write(1, "a"), written(1), ...synced(2));
    expect(letters(disk, never)).toBe("a");
    expect(letters(disk, always)).toBe("a");
  });

  test("may lose what was not synced, and may keep it", () => {
    const disk = played(write(1, "a"), written(1));
    const found = new Set(Array.from({ length: 50 }, (_, i) => letters(disk, dice(i))));
    expect([...found].sort()).toEqual(["", ".", "a"]);
  });

  test("a sync covers no write that came back after it began", () => {
    const [begin, end] = synced(2);
    const disk = played(
      ...[write(1, "a"), written(1), ...synced(9)],
      ...[write(3, "b"), begin, written(3), end].filter((one) => one !== undefined),
    );
    expect(letters(disk, never)).toBe("a");
  });

  test("a sync that failed covers nothing", () => {
    const disk = played(write(1, "a"), written(1), ...synced(2), write(3, "b"), written(3), ...synced(4, -1));
    expect(letters(disk, never)).toBe("a");
  });

  test("a write through O_DSYNC is there when it came back, and not before", () => {
    const through = [...[write(1, "a"), written(1), ...synced(2)], write(3, "b", { dsync: true })];
    expect(letters(played(...through), never)).toBe("a");
    expect(letters(played(...through, written(3)), never)).toBe("b");
  });

  test("of a write of many pages some may be there and others not", () => {
    const disk = played(happening("write", { call: 1, bytes: filled("a", 6) }));
    const found = new Set(Array.from({ length: 200 }, (_, i) => letters(disk, dice(i))));
    expect(Array.from(found).some((one) => one.includes("a") && one.includes("."))).toBe(true);
  });

  test("a name whose folder was not synced may be lost with the file", () => {
    const disk = new Disk();
    for (const one of [happening("opened"), write(1, "a"), written(1), ...synced(2)]) disk.step(one);
    expect(letters(disk, never)).toBe("no file");
  });

  test("a file written through memory is refused", () => {
    expect(() => played(happening("mapped"))).toThrow("through memory");
  });
});

/** dice gives row number `seed` of numbers that differ a lot. */
function dice(seed: number): (limit: number) => number {
  let state = BigInt(seed) * 7919n + 1n;
  return (limit) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    return Number((state >> 33n) % BigInt(limit));
  };
}

describe("messages", () => {
  const send = (call: number, text: string, own: Partial<Happening> = {}) => [
    happening("send", { call, bytes: Buffer.from(text), ...own }),
    happening("sendDone", { call, result: text.length, ...own }),
  ];
  const answer = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  test("leave with the call that has their last byte", () => {
    const text = answer("hello");
    const log = [...send(1, text.slice(0, 20)), ...send(2, text.slice(20)), ...send(3, answer("again"))];
    expect(messagesOf(log)).toEqual([
      { start: "HTTP/1.1 200 OK", body: "hello", left: 2 },
      { start: "HTTP/1.1 200 OK", body: "again", left: 4 },
    ]);
  });

  test("that are cut off have not left, nor what the socket did not take", () => {
    const text = answer("hello");
    const refused = happening("send", { call: 1, bytes: Buffer.from(text) });
    expect(messagesOf([refused, happening("sendDone", { call: 1, result: -1 })])).toEqual([]);
    expect(messagesOf(send(1, text.slice(0, -1)))).toEqual([]);
  });

  test("of two connections do not mix, nor of two that had the same number", () => {
    const text = answer("hello");
    const half = send(1, text.slice(0, 20), { fd: 7 });
    expect(messagesOf([...half, ...send(2, text, { fd: 8 })])).toHaveLength(1);
    expect(messagesOf([...half, happening("closed", { fd: 7 }), ...send(2, text, { fd: 7 })])).toHaveLength(
      1,
    );
  });
});

describe("a process under the recorder", () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "recorder-")));
  const library = buildRecorder(dir);
  if (library === undefined) {
    if (process.env["CI"] === "true") throw new Error("no C compiler: the recorder needs cc");
    console.log("skipped: no C compiler (cc) to build the recorder");
  }
  afterAll(() => rmSync(dir, { recursive: true }));

  test.skipIf(library === undefined)("is seen to write, to sync and to send, in this order", async () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("ok") });
    const [path, record] = [join(dir, "a.db"), join(dir, "record")];
    const child = Bun.spawn([process.execPath, childPath, path, server.url.href], {
      env: { ...process.env, ...recorderEnv(library ?? "", path, record) },
    });
    expect(await child.exited).toBe(0);
    await server.stop(true);
    const log = readLog(readFileSync(record));
    const sent = messagesOf(log).filter(({ start }) => start.startsWith("POST /"));
    expect(sent.map(({ body }) => body)).toEqual(
      Array.from({ length: childWrites }, (_, i) => bodyOf(i + 1)),
    );

    const disk = new Disk();
    let at = 0;
    for (const [i, { left }] of sent.entries()) {
      for (; at <= left; at++) disk.step(log[at] ?? happening("closed"));
      const copy = join(dir, `${i}.db`);
      writeFileSync(copy, disk.cut(dice(i)) ?? "");
      const store = openStore(copy, [rows]);
      expect(store.read((reader) => reader.keys(rows, { limit: 100 }))).toHaveLength(i + 1);
      await store.close();
    }
    for (; at < log.length; at++) disk.step(log[at] ?? happening("closed"));
    expect(disk.whole().equals(readFileSync(path))).toBe(true);
  });
});
