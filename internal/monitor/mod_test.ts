import { expect, test } from "bun:test";
import fc from "fast-check";
import { manualClock } from "#internal/clock";
import { accept, Broken, refuse } from "#internal/fault";
import { silent } from "#internal/log";
import type { AddressesAnswer, DepositRow, Teller } from "#internal/teller";
import { monitorApp, needsToken } from "./mod.ts";

const token = "0123456789abcdef";

const row: DepositRow = {
  seq: 1,
  updated_at: 1522494557,
  status: "waiting_send",
  coin_type: "ETH",
  sky_address: "2Wbi4wvxC4fkTYMsS2f6HaFfW4pafDjXcQW",
  buy_method: "direct",
  deposit_address: "0x392cded14b8f12cb6cbb1c7922810f4fbd80c3f6",
  deposit_id: "edb29a9b561a8d6a6118eb1f724c87f853bf471d7e4f0e9ccb9e1d340235687b:11",
  txid: "",
  conversion_rate: "500",
  deposit_value: 12_345_678_901_234_567_890n,
  sky_sent: 0n,
  passthrough: { exchange_name: "", sky_bought: 0n, order: { final: false } },
  error: "",
  marks: [],
  deposit: {
    coin_type: "ETH",
    address: "0x392cded14b8f12cb6cbb1c7922810f4fbd80c3f6",
    value: 12_345_678_901_234_567_890n,
    height: 494713,
    tx: "edb29a9b561a8d6a6118eb1f724c87f853bf471d7e4f0e9ccb9e1d340235687b",
    n: 11,
    processed: false,
  },
};

const addresses: AddressesAnswer = {
  remaining_addresses: 4,
  scanning_addresses: ["1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLB"],
  scanning_enabled: true,
  address_manager_enabled: true,
};

function desk(address = "127.0.0.1:7711", secret: string | undefined = undefined) {
  const asked: unknown[] = [];
  const never = () => {
    throw new Error("the monitor has no business with this");
  };
  const teller: Teller = {
    bind: never,
    status: never,
    coinEnabled: never,
    config: never,
    health: never,
    depositAddresses(limit) {
      asked.push(limit);
      return { BTC: addresses, ETH: addresses, SKY: { ...addresses, scanning_addresses: [] } };
    },
    deposits(query) {
      asked.push(query);
      return query.status === "nonsense" ? refuse("unknown status nonsense") : accept([row]);
    },
    erroredDeposits(query) {
      asked.push(query);
      return [{ ...row, error: "Skycoin send amount is 0", status: "done" }];
    },
    accounting: () => ({
      sent: "102.943000",
      received: { BTC: "1.53420000", ETH: "0.000000000000000000", SKY: "0.000000" },
    }),
  };
  const app = monitorApp({ teller, logger: silent, clock: manualClock(), address, token: secret });
  return { app, asked };
}

test("deposits have the documented shape, every digit of a wei amount included", async () => {
  const answer = await desk().app.request("/api/deposits?status=waiting_send");
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
  const text = await answer.text();
  expect(text).toContain('"deposit_value": 12345678901234567890,');
  expect(text).toContain('"value": 12345678901234567890,');
  expect(Object.keys(JSON.parse(text).deposits[0])).toEqual(Object.keys(row));
});

test("errored deposits, addresses and accounting have the documented shapes", async () => {
  const get = async (path: string) => (await desk().app.request(path)).json();
  expect(await get("/api/deposits/errored")).toMatchObject({
    deposits: [{ error: "Skycoin send amount is 0" }],
  });
  expect(await get("/api/deposit-addresses")).toEqual({
    BTC: addresses,
    ETH: addresses,
    SKY: { ...addresses, scanning_addresses: [] },
  });
  expect(await get("/api/accounting")).toEqual({
    sent: "102.943000",
    received: { BTC: "1.53420000", ETH: "0.000000000000000000", SKY: "0.000000" },
  });
});

test.each([
  ["/api/deposits", { limit: 1000, after: 0 }],
  ["/api/deposits?status=", { limit: 1000, after: 0 }],
  ["/api/deposits?status=done&limit=10&after=7", { status: "done", limit: 10, after: 7 }],
  ["/api/deposits?after=0", { limit: 1000, after: 0 }],
  ["/api/deposits?limit=10000", { limit: 10_000, after: 0 }],
  ["/api/deposits/errored", { limit: 1000, after: 0 }],
  ["/api/deposits/errored?limit=1&after=2", { limit: 1, after: 2 }],
  ["/api/deposit-addresses", 1000],
  ["/api/deposit-addresses?limit=5", 5],
])("%s asks for %p", async (path, want) => {
  const { app, asked } = desk();
  expect((await app.request(path)).status).toBe(200);
  expect(asked).toEqual([want]);
});

test.each([
  "limit=0",
  "limit=10001",
  "limit=-1",
  "limit=1.5",
  "limit=x",
  "limit=1e3",
  "after=-1",
  "after=x",
  `after=${"9".repeat(17)}`,
])("%s is refused, and nothing is read", async (query) => {
  const { app, asked } = desk();
  const answer = await app.request(`/api/deposits?${query}`);
  expect([answer.status, (await answer.text()).startsWith(`Invalid ${query.split("=")[0]}: `)]).toEqual([
    400,
    true,
  ]);
  expect(asked).toEqual([]);
});

test("a full page names the next one, a page with room left does not", async () => {
  const { app } = desk();
  const next = async (query: string) => (await app.request(`/api/deposits${query}`)).headers.get("link");
  expect(await next("?status=done&limit=1")).toBe('</api/deposits?status=done&limit=1&after=1>; rel="next"');
  expect(await next("?limit=2")).toBeNull();
});

test("an unknown status is refused with the documented text", async () => {
  const answer = await desk().app.request("/api/deposits?status=nonsense");
  expect([answer.status, await answer.text()]).toEqual([400, "Invalid status\n"]);
});

const routes = ["/api/deposit-addresses", "/api/deposits", "/api/deposits/errored", "/api/accounting"];

test.each(routes)("%s is for reading only", async (path) => {
  for (const method of ["POST", "PUT", "DELETE"]) {
    const answer = await desk().app.request(path, { method });
    expect([answer.status, await answer.text(), answer.headers.get("allow")]).toEqual([
      405,
      "Method Not Allowed\n",
      "GET, HEAD",
    ]);
  }
  expect((await desk().app.request(path, { method: "HEAD" })).status).toBe(200);
});

test("an unknown path is not there", async () => {
  const answer = await desk().app.request("/api/none");
  expect([answer.status, await answer.text()]).toEqual([404, "404 page not found\n"]);
});

test("on loopback a page cannot reach it through a name of its own or from another site", async () => {
  const { app, asked } = desk();
  for (const headers of [{ Host: "evil.example:7711" }, { "Sec-Fetch-Site": "cross-site" }]) {
    expect((await app.request("/api/deposits", { headers: { Host: "localhost", ...headers } })).status).toBe(
      403,
    );
  }
  expect(asked).toEqual([]);
  expect((await app.request("/api/deposits", { headers: { Host: "127.0.0.1:7711" } })).status).toBe(200);
});

test("on another address every path asks for the token, whatever the host", async () => {
  const { app, asked } = desk("0.0.0.0:7711", token);
  const get = (path: string, authorization: string) =>
    app.request(path, { headers: { Host: "teller.example:7711", Authorization: authorization } });
  for (const path of [...routes, "/api/none"]) {
    const answer = await get(path, "Bearer wrong");
    expect([answer.status, await answer.text()]).toEqual([401, "Unauthorized\n"]);
  }
  expect(asked).toEqual([]);
  expect((await get("/api/deposits", `Bearer ${token}`)).status).toBe(200);
});

test.each([undefined, "", "short"])("on another address the token %p is no token", (secret) => {
  expect(() => desk("0.0.0.0:7711", secret)).toThrow(Broken);
});

test.each([
  ["127.0.0.1:7711", false],
  ["localhost:7711", false],
  ["[::1]:7711", false],
  ["0.0.0.0:7711", true],
  [":7711", true],
  ["10.0.0.1:7711", true],
  ["nonsense", true],
])("a listener on %s asks for a token: %p", (address, want) => {
  expect(needsToken(address)).toBe(want);
});

test("no query gives an error of ours", async () => {
  const { app } = desk();
  const query = fc.dictionary(
    fc.constantFrom("status", "limit", "after", "x"),
    fc.string({ unit: "binary", maxLength: 30 }),
    { noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), query, async (path, given) => {
      const answer = await app.request(`${path}?${new URLSearchParams(given)}`);
      expect(answer.status).toBeLessThan(500);
      expect(answer.headers.has("content-security-policy")).toBe(true);
    }),
    { numRuns: 300 },
  );
});
