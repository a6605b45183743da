import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspectHeader, openStore } from "./mod.ts";
import { childPath, left, right } from "./testchild.ts";

let dir = "";
let good = "";
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "db-header-"));
  good = join(dir, "good.db");
  const store = openStore(good, [left, right]);
  for (let n = 0; n < 50; n++) await store.write((tx) => tx.put(left, n, n));
  await store.close();
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Foreign is a file that LMDB must never see, and what is said of it. */
interface Foreign {
  readonly name: string;
  readonly says: string;
  make(path: string): void;
}

/** changed is a copy of a good store with some bytes written over. */
const changed = (at: number, bytes: readonly number[]) => (path: string) => {
  const copy = readFileSync(good);
  copy.set(bytes, at);
  writeFileSync(path, copy);
};
const content = (bytes: string | Uint8Array) => (path: string) => writeFileSync(path, bytes);
const cut = (size: number) => (path: string) => {
  copyFileSync(good, path);
  truncateSync(path, size);
};

/** Stock LMDB has the magic number 16 bytes into the page, lmdb-js' format has it 24 bytes in. */
function stockLmdb(): Uint8Array {
  const file = Buffer.alloc(8192);
  for (const page of [0, 4096]) {
    file.writeUInt16LE(8, page + 10);
    file.writeUInt32LE(0xbeefc0de, page + 16);
    file.writeUInt32LE(1, page + 20);
  }
  return file;
}

const foreign: readonly Foreign[] = [
  { name: "a text", says: "not a store", make: content("deposit_address,skyaddr\n".repeat(500)) },
  { name: "a short text", says: "too short to be a store", make: content("hello\n") },
  { name: "100 bytes", says: "too short to be a store", make: content(new Uint8Array(100).fill(7)) },
  {
    name: "a SQLite database",
    says: "not a store",
    make: content(Buffer.concat([Buffer.from("SQLite format 3\u0000"), Buffer.alloc(8176)])),
  },
  {
    name: "a bolt database",
    says: "not a store",
    make: (path) => {
      const file = Buffer.alloc(16_384);
      file.writeUInt32LE(0xed0cdaed, 16);
      writeFileSync(path, file);
    },
  },
  { name: "zeros", says: "not a store", make: content(new Uint8Array(65_536)) },
  { name: "noise", says: "not a store", make: content(Buffer.alloc(16_384, "0123456789abcde")) },
  { name: "a stock LMDB file", says: "not a store", make: content(stockLmdb()) },
  { name: "a store of another data version", says: "has data version 3", make: changed(28, [3, 0]) },
  {
    name: "a store without its first header flag",
    says: "a header page is missing",
    make: changed(18, [0, 0]),
  },
  { name: "a store whose page size is 0", says: "page size 0", make: changed(48, [0, 0, 0, 0]) },
  { name: "a store whose page size is 5000", says: "page size 5000", make: changed(48, [0x88, 0x13, 0, 0]) },
  {
    name: "a store whose page size is 2 GiB",
    says: "page size 2147483648",
    make: changed(48, [0, 0, 0, 0x80]),
  },
  {
    name: "a store without its second header",
    says: "not a store",
    make: changed(4096, new Array(200).fill(0)),
  },
  { name: "a store that ends in its second header", says: "too short", make: cut(4200) },
  {
    name: "a store that lost its last page",
    says: "cut off",
    make: (path) => cut(readFileSync(good).length - 4096)(path),
  },
  { name: "a store that is cut after its headers", says: "cut off", make: cut(8192) },
  { name: "a folder", says: "not a regular file", make: (path) => mkdirSync(path) },
];

describe("before LMDB sees it", () => {
  // One process for all: a file that got through to LMDB would kill it, and every later answer would be missing.
  const answers = new Map<string, string>();
  let ended: number | string | null = null;
  beforeAll(() => {
    const paths = foreign.map(({ make }, i) => {
      const path = join(dir, `foreign${i}.db`);
      make(path);
      return path;
    });
    const { stdout, exitCode, signalCode } = Bun.spawnSync([
      process.execPath,
      childPath,
      "open",
      ...paths,
      good,
    ]);
    ended = signalCode ?? exitCode;
    let last = "";
    for (const line of stdout.toString().split("\n")) {
      if (line.startsWith("trying ")) last = line.slice("trying ".length);
      else if (line !== "") answers.set(last, line);
    }
  });

  for (const [i, { name, says }] of foreign.entries()) {
    test(`${name} is refused: ${says}`, () => {
      const path = join(dir, `foreign${i}.db`);
      const answer = answers.get(path) ?? "killed";
      expect(answer).toStartWith("refused Fault: ");
      expect(answer).toContain(path);
      expect(answer).toContain(says);
    });
  }

  test("all of these leave the process alive, and a good store opens after them", () => {
    expect(answers.get(good)).toBe("rows 50");
    expect(ended).toBe(0);
  });
});

test("a foreign file is left as it was", () => {
  const path = join(dir, "precious.txt");
  const text = "precious\n".repeat(2000);
  writeFileSync(path, text);
  expect(() => openStore(path, [left])).toThrow("not a store");
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("an absent and an empty file are new stores", async () => {
  expect(inspectHeader(join(dir, "absent.db"))).toEqual({ state: "absent" });
  const path = join(dir, "empty.db");
  writeFileSync(path, "");
  expect(inspectHeader(path)).toEqual({ state: "empty" });
  const store = openStore(path, [left]);
  expect(store.created).toBe(true);
  await store.close();
  expect(inspectHeader(path)).toEqual({ state: "present", pageSize: 4096 });
});
