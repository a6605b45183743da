import { expect, test } from "bun:test";
import fc from "fast-check";
import { manualClock } from "#internal/clock";
import { accept, refuse } from "#internal/fault";
import { silent } from "#internal/log";
import { type DummyBroadcast, type DummyDeposit, type DummyOptions, dummyApp } from "./mod.ts";

const btc = "1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLB";
const eth = "0x392cded14b8f12cb6cbb1c7922810f4fbd80c3f6";
const tx = "edb29a9b561a8d6a6118eb1f724c87f853bf471d7e4f0e9ccb9e1d340235687b";

function desk(without: Partial<DummyOptions> = {}) {
  const deposits: DummyDeposit[] = [];
  const confirmed: unknown[] = [];
  const sent: DummyBroadcast[] = [];
  const app = dummyApp({
    logger: silent,
    clock: manualClock(),
    address: "127.0.0.1:4121",
    scanner: {
      validAddress: (coin, address) => address === (coin === "BTC" ? btc : eth),
      async deposit(deposit) {
        if (deposit.tx === "refused") return refuse("not now");
        deposits.push(deposit);
        return accept(undefined);
      },
    },
    sender: {
      broadcasts: async () => sent,
      async confirm(which) {
        confirmed.push(which);
        return "txid" in which ? which.txid === tx : which.seq === 0;
      },
    },
    ...without,
  });
  return { app, deposits, confirmed, sent };
}

const good = { addr: btc, value: "100000000", height: "494713", tx };
const queryOf = (fields: Record<string, string>) => String(new URLSearchParams(fields));

test("the documented line adds a deposit and answers with nothing", async () => {
  const { app, deposits } = desk();
  const answer = await app.request(`/dummy/scanner/deposit?${queryOf({ ...good, n: "0" })}`);
  expect([answer.status, await answer.text(), answer.headers.get("content-length")]).toEqual([200, "", "0"]);
  expect(deposits).toEqual([{ coin: "BTC", address: btc, value: 100_000_000n, height: 494713, tx, n: 0 }]);
});

test("a form works too, and its fields win over the query's", async () => {
  const { app, deposits } = desk();
  const body = new URLSearchParams({ ...good, value: "5" });
  const answer = await app.request("/dummy/scanner/deposit?value=7&n=3", { method: "POST", body });
  expect(answer.status).toBe(200);
  expect(deposits).toMatchObject([{ value: 5n, n: 3 }]);
});

test("a POST with nothing but a query works", async () => {
  const { app, deposits } = desk();
  expect((await app.request(`/dummy/scanner/deposit?${queryOf(good)}`, { method: "POST" })).status).toBe(200);
  expect(deposits).toHaveLength(1);
});

test("wei beyond 64 bits are exact", async () => {
  const { app, deposits } = desk();
  const value = "12345678901234567890123456789";
  await app.request(`/dummy/scanner/deposit?${queryOf({ ...good, coin: "ETH", addr: eth, value })}`);
  expect(deposits).toMatchObject([{ coin: "ETH", value: 12_345_678_901_234_567_890_123_456_789n }]);
});

test.each([
  { name: "nothing at all", change: { addr: "", value: "", height: "", tx: "" }, text: "addr required" },
  { name: "an unknown coin", change: { coin: "DOGE" }, text: "invalid coin" },
  { name: "an address of another coin", change: { coin: "ETH" }, text: "invalid addr" },
  { name: "a bad address", change: { addr: "x" }, text: "invalid addr" },
  { name: "no value", change: { value: "" }, text: "value required" },
  { name: "a negative value", change: { value: "-1" }, text: "invalid value" },
  { name: "a fraction", change: { value: "1.5" }, text: "invalid value" },
  { name: "a value that is no number", change: { value: "x" }, text: "invalid value" },
  { name: "a value beyond 64 bits", change: { value: "9223372036854775808" }, text: "invalid value" },
  { name: "no height", change: { height: "" }, text: "height required" },
  { name: "a negative height", change: { height: "-1" }, text: "invalid height" },
  { name: "a height beyond all numbers", change: { height: "9007199254740992" }, text: "invalid height" },
  { name: "no tx", change: { tx: "" }, text: "tx required" },
  { name: "a tx of 201 characters", change: { tx: "t".repeat(201) }, text: "tx too long" },
  { name: "a tx with a line break", change: { tx: "a\nb" }, text: "invalid tx" },
  { name: "an n that is no number", change: { n: "x" }, text: "invalid n" },
  { name: "a negative n", change: { n: "-1" }, text: "invalid n" },
  { name: "an n beyond 64 bits", change: { n: "9223372036854775808" }, text: "invalid n" },
  { name: "an n beyond 32 bits", change: { n: "4294967296" }, text: "n too large" },
  { name: "what the chain refuses", change: { tx: "refused" }, text: "not now" },
])("a deposit with $name is refused", async ({ change, text }) => {
  const { app, deposits } = desk();
  const answer = await app.request(`/dummy/scanner/deposit?${queryOf({ ...good, ...change })}`);
  expect([answer.status, await answer.text()]).toEqual([400, `${text}\n`]);
  expect(deposits).toEqual([]);
});

test("the largest values are taken", async () => {
  const { app, deposits } = desk();
  const largest = {
    value: "9223372036854775807",
    height: "9007199254740991",
    tx: "t".repeat(200),
    n: "4294967295",
  };
  await app.request(`/dummy/scanner/deposit?${queryOf({ ...good, ...largest })}`);
  expect(deposits).toMatchObject([{ value: 2n ** 63n - 1n, height: Number.MAX_SAFE_INTEGER, n: 4294967295 }]);
});

test("broadcasts are listed as documented", async () => {
  const { app, sent } = desk();
  expect(await (await app.request("/dummy/sender/broadcasts")).text()).toBe("[]");
  sent.push({
    txid: tx,
    outputs: [{ address: "vpfRRmfPU11HSZjKroskGVnHg4CJ5zJ4ax", coins: "500.000000" }],
    confirmed: false,
  });
  expect(await (await app.request("/dummy/sender/broadcasts")).json()).toEqual([
    {
      txid: tx,
      outputs: [{ address: "vpfRRmfPU11HSZjKroskGVnHg4CJ5zJ4ax", coins: "500.000000" }],
      confirmed: false,
    },
  ]);
});

test.each([
  { query: { txid: tx }, status: 200, text: "", asked: [{ txid: tx }] },
  { query: { seq: "0" }, status: 200, text: "", asked: [{ seq: 0 }] },
  { query: { txid: tx, seq: "7" }, status: 200, text: "", asked: [{ txid: tx }] },
  { query: { txid: "other" }, status: 404, text: "txn not found\n", asked: [{ txid: "other" }] },
  { query: { seq: "1" }, status: 404, text: "txn not found\n", asked: [{ seq: 1 }] },
  { query: {}, status: 400, text: "txid or seq required\n", asked: [] },
  { query: { seq: "x" }, status: 400, text: "invalid seq\n", asked: [] },
  { query: { txid: tx, seq: "x" }, status: 400, text: "invalid seq\n", asked: [] },
])("confirm $query gives $status", async ({ query, status, text, asked }) => {
  const { app, confirmed } = desk();
  const byQuery = await app.request(`/dummy/sender/confirm?${queryOf({ ...query })}`);
  expect([byQuery.status, await byQuery.text()]).toEqual([status, text]);
  const byForm = await app.request("/dummy/sender/confirm", {
    method: "POST",
    body: new URLSearchParams({ ...query }),
  });
  expect([byForm.status, await byForm.text()]).toEqual([status, text]);
  expect(confirmed).toEqual([...asked, ...asked]);
});

test.each(["/dummy/scanner/deposit", "/dummy/sender/confirm"])(
  "HEAD, PUT and DELETE of %s change nothing",
  async (path) => {
    const { app, deposits, confirmed } = desk();
    for (const method of ["HEAD", "PUT", "DELETE"]) {
      const answer = await app.request(`${path}?${queryOf({ ...good, txid: tx })}`, { method });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, POST"]);
    }
    expect([deposits, confirmed]).toEqual([[], []]);
  },
);

test("broadcasts are for reading", async () => {
  const answer = await desk().app.request("/dummy/sender/broadcasts", { method: "POST" });
  expect([answer.status, await answer.text()]).toEqual([405, "Method Not Allowed\n"]);
});

test("a part that is not in dummy mode has no routes", async () => {
  const query = queryOf(good);
  const status = async (without: Partial<DummyOptions>, path: string) =>
    (await desk(without).app.request(path)).status;
  expect(await status({ scanner: undefined }, `/dummy/scanner/deposit?${query}`)).toBe(404);
  expect(await status({ scanner: undefined }, "/dummy/sender/broadcasts")).toBe(200);
  expect(await status({ sender: undefined }, "/dummy/sender/broadcasts")).toBe(404);
  expect(await status({ sender: undefined }, `/dummy/sender/confirm?txid=${tx}`)).toBe(404);
});

test("no web page can send a deposit", async () => {
  const { app, deposits } = desk();
  for (const headers of [
    { Host: "evil.example" },
    { Host: "localhost:4121", "Sec-Fetch-Site": "cross-site" },
  ]) {
    expect((await app.request(`/dummy/scanner/deposit?${queryOf(good)}`, { headers })).status).toBe(403);
  }
  expect(deposits).toEqual([]);
  const everywhere = desk({ address: "0.0.0.0:4121" });
  const answer = await everywhere.app.request(`/dummy/scanner/deposit?${queryOf(good)}`, {
    headers: { Host: "teller:4121" },
  });
  expect(answer.status).toBe(200);
});

test("a form that is too long is refused", async () => {
  const { app } = desk();
  for (const path of ["/dummy/scanner/deposit", "/dummy/sender/confirm"]) {
    const body = new Blob([`tx=${"x".repeat(17_000)}`]).stream();
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const answer = await app.request(path, { method: "POST", body, headers });
    expect([answer.status, await answer.text()]).toEqual([413, "Invalid request body\n"]);
  }
});

test("no parameters give an error of ours", async () => {
  const { app } = desk();
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.constantFrom(btc, eth, "1", "0", "99999999999999999999"),
  );
  const given = fc.dictionary(
    fc.constantFrom("coin", "addr", "value", "height", "tx", "n", "txid", "seq"),
    text,
    { noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("/dummy/scanner/deposit", "/dummy/sender/confirm"),
      given,
      fc.boolean(),
      async (path, fields, form) => {
        const answer = form
          ? await app.request(path, { method: "POST", body: new URLSearchParams(fields) })
          : await app.request(`${path}?${queryOf(fields)}`);
        expect(answer.status).toBeLessThan(500);
      },
    ),
    { numRuns: 500 },
  );
});
