import { afterEach, beforeEach, expect, test } from "bun:test";
import { pinSkyChain, setSkyHead, skyChain } from "./mod.ts";
import { type TestBook, testBook } from "./testbook.ts";

let book: TestBook;
beforeEach(async () => {
  book = await testBook();
});
afterEach(() => book.close());

const known = () => book.store.read(skyChain);
const pin = (genesis: string, decimals: number) =>
  book.store.write((tx) => pinSkyChain(tx, { genesis, decimals }));
const head = (seq: number, hash: string) => book.store.write((tx) => setSkyHead(tx, { seq, hash }));

test("a new store knows nothing of the chain on which it pays", () => {
  expect(known()).toEqual({ genesis: undefined, decimals: undefined, head: undefined });
});

test("the genesis is pinned at the first meeting, the decimals follow the node", async () => {
  await pin("first", 3);
  await pin("second", 1);
  expect(known()).toMatchObject({ genesis: "first", decimals: 1 });
  await pin("second", 0);
  expect(known()).toMatchObject({ genesis: "first", decimals: 0 });
});

test("the newest head is kept, and a lower one is not taken", async () => {
  await head(0, "genesis");
  expect(known().head).toEqual({ seq: 0, hash: "genesis" });
  await head(7, "seven");
  await head(6, "six");
  expect(known().head).toEqual({ seq: 7, hash: "seven" });
  await head(7, "other seven");
  expect(known().head).toEqual({ seq: 7, hash: "other seven" });
  await book.reopen();
  expect(known().head).toEqual({ seq: 7, hash: "other seven" });
});
