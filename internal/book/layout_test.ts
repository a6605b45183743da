import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Key, open, type RootDatabase } from "lmdb";
import { decide, settlePayout } from "./mod.ts";
import { paying, stamp, type TestBook, testBook } from "./testbook.ts";

/**
 * The documented buckets, keys and fields (the user's document, "Database structure"; `spec/teller.md` §4), read by
 * plain LMDB and `JSON.parse`, as another program would. A documented list is one row a member (`design.md` §5).
 */
let book: TestBook;
let root: RootDatabase<unknown, Key>;

const btcTx = "edb29a9b561a8d6a6118eb1f724c87f853bf471d7e4f0e9ccb9e1d340235687b";
const ethTx = `0x${"ab".repeat(32)}`;
const wei = 1_234_567_890_123_456_789n;

beforeAll(async () => {
  book = await testBook(3);
  const [btc, eth] = [await book.bindTo("alice"), await book.bindTo("alice", "ETH")];
  await book.bindTo("bob");
  await book.mine([paying(btc, btcTx, { n: 11, value: 201_234n, inputs: ["spent:1"] })]);
  await book.mine([paying(eth, ethTx, { n: 0, value: wei, inputs: [] })], {}, "ETH");
  await book.store.write((tx) => {
    decide(tx, { id: `${btcTx}:11`, owed: 1_006_000n, decimals: 3, at: 1522494557 });
  });
  await book.sign("sky-txid", [`${btcTx}:11`]);
  const block = { seq: 9, hash: "block9" };
  await book.store.write((tx) => settlePayout(tx, { seq: 1, txid: "sky-txid", block, at: 1522494600 }));
  await book.store.close();
  root = open({ path: book.path, noSubdir: true, readOnly: true, maxDbs: 64 });
});
afterAll(async () => {
  await root.close();
  await book.close();
});

/** bucketOf reads a whole bucket as JSON; numbers beyond a double keep only what JSON.parse leaves. */
function bucketOf(name: string): Map<unknown, unknown> {
  const table = root.openDB({ name, encoding: "json" });
  return new Map(Array.from(table.getRange({}), ({ key, value }) => [key, value]));
}

/** raw gives the stored text of a row: the digits that a reader of exact integers sees. */
function raw(name: string, key: string): string {
  return root.openDB<string, string>({ name, encoding: "string" }).get(key) ?? "";
}

test("every documented bucket is there under its documented name", () => {
  const names = Array.from(root.getKeys({}), String);
  const documented = [
    "used_btc_address",
    "used_eth_address",
    "exchange_meta",
    "deposit_info",
    "bind_address_BTC",
    "bind_address_ETH",
    "sky_deposit_seqs_index",
    "btc_txs",
    "scan_meta_btc",
    "scan_meta_eth",
    "deposit_value",
  ];
  for (const name of documented) expect(names).toContain(name);
});

test("used addresses map to nothing", () => {
  expect([...bucketOf("used_btc_address")]).toEqual([
    ["btc0000", ""],
    ["btc0001", ""],
  ]);
  expect([...bucketOf("used_eth_address")]).toEqual([["eth0000", ""]]);
});

test("a deposit address maps to its binding", () => {
  const btc = bucketOf("bind_address_BTC");
  expect([...btc.keys()]).toEqual(["btc0000", "btc0001"]);
  expect(btc.get("btc0000")).toEqual({
    sky_address: "alice",
    address: "btc0000",
    coin_type: "BTC",
    buy_method: "direct",
    seq: 1,
    bound_at: 1001,
  });
  expect(bucketOf("bind_address_ETH").get("eth0000")).toMatchObject({ sky_address: "alice", seq: 2 });
});

test("a Skycoin address maps to its deposit addresses, in order", () => {
  const rows = [...bucketOf("sky_deposit_seqs_index")].map(([key, value]) => [
    key,
    (value as { address: string }).address,
  ]);
  expect(rows).toEqual([
    [["alice", 1], "btc0000"],
    [["alice", 2], "eth0000"],
    [["bob", 1], "btc0001"],
  ]);
});

test("a deposit address maps to its deposits, of whatever coin", () => {
  expect([...bucketOf("btc_txs")]).toEqual([
    [["btc0000", 1], `${btcTx}:11`],
    [["eth0000", 2], `${ethTx}:0`],
  ]);
});

test("the scanned addresses are those that are bound", () => {
  const addresses = (name: string) =>
    [...bucketOf(name).keys()].flatMap((key) =>
      Array.isArray(key) && key[0] === "deposit_addresses" ? [key[1]] : [],
    );
  expect(addresses("scan_meta_btc")).toEqual(["btc0000", "btc0001"]);
  expect(addresses("scan_meta_eth")).toEqual(["eth0000"]);
});

describe("a deposit in deposit_value", () => {
  test("has the documented fields under its real output index", () => {
    expect(bucketOf("deposit_value").get(`${btcTx}:11`)).toMatchObject({
      coin_type: "BTC",
      address: "btc0000",
      value: 201_234,
      height: 1,
      tx: btcTx,
      n: 11,
      processed: true,
    });
  });

  test("in ETH is counted in wei, to the last digit", () => {
    expect(raw("deposit_value", `${ethTx}:0`)).toContain(`"value":${wei}`);
    expect(raw("deposit_info", `${ethTx}:0`)).toContain(`"deposit_value":${wei}`);
  });
});

test("a deposit in deposit_info has the documented fields, in the documented order, with the documented types", () => {
  const row = bucketOf("deposit_info").get(`${btcTx}:11`) as Record<string, unknown>;
  expect(row).toMatchObject({
    seq: 1,
    updated_at: 1522494600,
    status: "done",
    coin_type: "BTC",
    sky_address: "alice",
    buy_method: "direct",
    deposit_address: "btc0000",
    deposit_id: `${btcTx}:11`,
    txid: "sky-txid",
    conversion_rate: "500",
    deposit_value: 201_234,
    sky_sent: 1_006_000,
    passthrough: {
      exchange_name: "",
      sky_bought: 0,
      deposit_value_spent: 0,
      requested_amount: "",
      order: {
        customer_id: "",
        order_id: "",
        completed_amount: "",
        price: "",
        status: "",
        final: false,
        original: "",
      },
    },
    error: "",
    deposit: {
      coin_type: "BTC",
      address: "btc0000",
      value: 201_234,
      height: 1,
      tx: btcTx,
      n: 11,
      processed: false,
    },
  });
  expect(Object.keys(row).slice(0, 15)).toEqual([
    ...["seq", "updated_at", "status", "coin_type", "sky_address", "buy_method", "deposit_address"],
    ...[
      "deposit_id",
      "txid",
      "conversion_rate",
      "deposit_value",
      "sky_sent",
      "passthrough",
      "error",
      "deposit",
    ],
  ]);
});

test("exchange_meta has the totals and the stamp", () => {
  const meta = bucketOf("exchange_meta");
  expect(meta.get("stamp")).toEqual({ ...stamp });
  expect(meta.get("totals")).toMatchObject({
    sent: 1_006_000,
    received: { BTC: 201_234 },
    by_status: { done: 1 },
  });
});
