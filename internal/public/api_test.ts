import { expect, test } from "bun:test";
import { Broken, Fault } from "#internal/fault";
import { openDesk } from "./testdesk.ts";
import { btcAddresses, goodAddresses } from "./testteller.ts";

const [good] = goodAddresses;
const json = { "Content-Type": "application/json" };
const bindBody = (skyaddr: unknown = good, coin_type: unknown = "BTC") =>
  JSON.stringify({ skyaddr, coin_type });

async function post(body: NonNullable<RequestInit["body"]>, headers: Record<string, string> = json) {
  const desk = await openDesk();
  return { ...desk, answer: await desk.app.request("/api/bind", { method: "POST", body, headers }) };
}

test("a bind answers with the documented body", async () => {
  const { answer } = await post(bindBody());
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.headers.get("accept")).toBe("application/json");
  expect(await answer.text()).toBe(
    `{\n    "deposit_address": "${btcAddresses[0]}",\n    "coin_type": "BTC",\n    "buy_method": "direct"\n}`,
  );
});

test.each([
  { name: "empty body", body: "", text: "Invalid json request body: EOF" },
  { name: "blank body", body: " \n", text: "Invalid json request body: EOF" },
  { name: "truncated body", body: '{"skyaddr":', text: "Invalid json request body: unexpected EOF" },
  { name: "truncated text", body: '{"skyaddr":"a', text: "Invalid json request body: unexpected EOF" },
  { name: "no JSON", body: "skyaddr=x", text: "Invalid json request body: " },
  { name: "null", body: "null", text: "Invalid json request body: not an object" },
  { name: "a list", body: "[]", text: "Invalid json request body: not an object" },
  { name: "a number", body: "1", text: "Invalid json request body: not an object" },
  {
    name: "an address that is no text",
    body: bindBody(1),
    text: "Invalid json request body: skyaddr is not a string",
  },
  {
    name: "a coin that is no text",
    body: bindBody(good, {}),
    text: "Invalid json request body: coin_type is not a string",
  },
  { name: "no address", body: bindBody(""), text: "Missing skyaddr" },
  { name: "a null address", body: bindBody(null), text: "Missing skyaddr" },
  { name: "a blank address", body: bindBody(" \t\n"), text: "Missing skyaddr" },
  { name: "no address and no coin", body: "{}", text: "Missing skyaddr" },
  {
    name: "a coin that is off comes before a bad address",
    body: bindBody("abc", "SKY"),
    text: "SKY not enabled",
  },
  { name: "no coin comes before a bad address", body: bindBody("abc", ""), text: "Missing coin_type" },
  { name: "an unknown coin", body: bindBody("abc", "DOGE"), text: "Invalid coin_type" },
  { name: "a coin in lower case", body: bindBody(good, "btc"), text: "Invalid coin_type" },
  { name: "a coin of the object's family", body: bindBody(good, "__proto__"), text: "Invalid coin_type" },
  {
    name: "a bad character",
    body: bindBody("a0c"),
    text: "Invalid skycoin address: Invalid base58 character",
  },
  {
    name: "a space in front",
    body: bindBody(` ${good}`),
    text: "Invalid skycoin address: Invalid base58 character",
  },
  { name: "too short", body: bindBody("abc"), text: "Invalid skycoin address: Invalid address length" },
  {
    name: "a wrong checksum",
    body: bindBody(good.replace(/W$/, "X")),
    text: "Invalid skycoin address: Invalid checksum",
  },
])("bind refuses $name", async ({ body, text }) => {
  const { answer } = await post(body);
  expect(answer.status).toBe(400);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain; charset=utf-8$/i);
  const said = await answer.text();
  expect(said).toStartWith(text);
  expect(said).toEndWith("\n");
  if (!text.endsWith(" ")) expect(said).toBe(`${text}\n`);
});

test("bind answers what cannot be served now with the documented status", async () => {
  const { app, teller } = await openDesk();
  const bind = async () => {
    const answer = await app.request("/api/bind", { method: "POST", body: bindBody(), headers: json });
    return [answer.status, await answer.text(), answer.headers.has("retry-after")];
  };
  teller.settings.enabled = false;
  expect(await bind()).toEqual([403, "Address binding is disabled\n", false]);
  teller.settings.enabled = true;
  teller.ready = false;
  expect(await bind()).toEqual([503, "BTC deposits open when the chain is scanned; try again soon\n", true]);
  teller.ready = true;
  teller.settings.max_bound_addrs = 1;
  expect((await bind())[0]).toBe(200);
  expect(await bind()).toEqual([
    403,
    "The maximum number of addresses have been assigned to this SKY address\n",
    false,
  ]);
  teller.settings.max_bound_addrs = 0;
  teller.pools["BTC"] = [];
  expect(await bind()).toEqual([503, "Deposit address pool is empty\n", true]);
  teller.settings.deposits.btc.enabled = false;
  expect(await bind()).toEqual([400, "BTC not enabled\n", false]);
});

test("names of members are matched whatever their case, and others are ignored", async () => {
  const { answer } = await post(JSON.stringify({ SkyAddr: good, COIN_TYPE: "ETH", more: [1] }));
  expect(await answer.json()).toMatchObject({ coin_type: "ETH" });
});

test.each([
  {
    name: "the documented curl line",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    status: 200,
  },
  { name: "no content type", headers: {}, status: 200 },
  {
    name: "a charset",
    headers: { "Content-Type": "application/json; charset=utf-8", Origin: "http://localhost" },
    status: 200,
  },
  { name: "a browser with JSON", headers: { ...json, "Sec-Fetch-Site": "same-origin" }, status: 200 },
  {
    name: "a form of another site",
    headers: { "Content-Type": "text/plain", Origin: "https://evil.example" },
    status: 415,
  },
  {
    name: "a browser without an origin",
    headers: { "Content-Type": "text/plain", "Sec-Fetch-Site": "cross-site" },
    status: 415,
  },
  {
    name: "a look-alike",
    headers: { "Content-Type": "application/jsonx", Origin: "https://evil.example" },
    status: 415,
  },
])("a bind with $name gives $status", async ({ headers, status }) => {
  const { answer, teller } = await post(bindBody(), { ...headers });
  expect(answer.status).toBe(status);
  if (status !== 415) return;
  expect(await answer.text()).toBe("Invalid content type\n");
  expect(teller.pools["BTC"]).toHaveLength(btcAddresses.length);
});

test("a body of more than 16 KiB is refused, announced or not", async () => {
  const long = bindBody(good.padEnd(17_000, "1"));
  expect((await post(long)).answer.status).toBe(413);
  const stream = new Blob([long]).stream();
  const { answer } = await post(stream);
  expect([answer.status, await answer.text()]).toEqual([413, "Request body too large\n"]);
});

test("the status lists every purchase, with coin and confirmations", async () => {
  const { app, teller } = await openDesk();
  for (const coin of ["BTC", "ETH"]) {
    await app.request("/api/bind", { method: "POST", body: bindBody(good, coin), headers: json });
  }
  teller.change(good, 1, { updated_at: 1501137828, confirmations: 1, confirmations_required: 3 });
  teller.change(good, 2, { updated_at: 1501137829, status: "done" });
  const answer = await app.request(`/api/status?skyaddr=${good}`);
  expect(await answer.json()).toEqual({
    statuses: [
      {
        seq: 1,
        updated_at: 1501137828,
        status: "waiting_deposit",
        coin_type: "BTC",
        confirmations: 1,
        confirmations_required: 3,
      },
      { seq: 2, updated_at: 1501137829, status: "done", coin_type: "ETH" },
    ],
  });
});

test("the status of an address that nobody bound is empty, also while binding is off", async () => {
  const { app, teller } = await openDesk();
  teller.settings.enabled = false;
  const answer = await app.request(`/api/status?skyaddr=${good}`);
  expect([answer.status, await answer.text()]).toEqual([200, '{\n    "statuses": []\n}']);
});

test.each([
  ["", "Missing skyaddr"],
  ["?skyaddr=", "Missing skyaddr"],
  ["?skyaddr=%20%0a", "Missing skyaddr"],
  ["?skyaddr=abc", "Invalid skycoin address: Invalid address length"],
  ["?skyaddr=%zz", "Invalid skycoin address: Invalid base58 character"],
])("the status of %p is refused", async (query, text) => {
  const answer = await (await openDesk()).app.request(`/api/status${query}`);
  expect([answer.status, await answer.text()]).toEqual([400, `${text}\n`]);
});

test("neither the status nor any page of a Skycoin address names a deposit address", async () => {
  const { app } = await openDesk();
  await app.request("/api/bind", { method: "POST", body: bindBody(), headers: json });
  for (const path of ["/api/status", "/status", "/"]) {
    const answer = await app.request(`${path}?skyaddr=${good}`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).not.toContain(btcAddresses[0] ?? "");
  }
});

test("config and health are what teller says", async () => {
  const { app, teller } = await openDesk();
  expect(await (await app.request("/api/config")).json()).toEqual(teller.config());
  expect(await (await app.request("/api/health")).json()).toEqual(teller.health());
});

test.each([
  ["/api/bind", "GET", "POST"],
  ["/api/bind", "PUT", "POST"],
  ["/api/status", "POST", "GET, HEAD"],
  ["/api/config", "DELETE", "GET, HEAD"],
  ["/api/health", "POST", "GET, HEAD"],
])("%s refuses %s and names %s", async (path, method, allow) => {
  const answer = await (await openDesk()).app.request(path, { method });
  expect([answer.status, await answer.text(), answer.headers.get("allow")]).toEqual([
    405,
    "Invalid request method\n",
    allow,
  ]);
});

test.each(["/api", "/api/", "/api/config/", "/api/none", "/none", "/index.html", "/web/app.ts"])(
  "%s is not there",
  async (path) => {
    const answer = await (await openDesk()).app.request(path);
    expect([answer.status, await answer.text()]).toEqual([404, "404 page not found\n"]);
  },
);

test("HEAD works where GET does", async () => {
  const answer = await (await openDesk()).app.request("/api/config", { method: "HEAD" });
  expect([answer.status, await answer.text()]).toEqual([200, ""]);
});

test("bind and status are limited apart, config and health not at all", async () => {
  const { app } = await openDesk({ throttle: { max: 1, durationMs: 60_000 } });
  const bind = () => app.request("/api/bind", { method: "POST", body: bindBody(), headers: json });
  const status = () => app.request(`/api/status?skyaddr=${good}`);
  expect([(await bind()).status, (await status()).status]).toEqual([200, 200]);
  expect([(await bind()).status, (await status()).status]).toEqual([429, 429]);
  for (let i = 0; i < 5; i++) {
    expect((await app.request("/api/config")).status).toBe(200);
    expect((await app.request("/api/health")).status).toBe(200);
  }
});

test("behind a proxy customers are told apart by the proxy's header", async () => {
  const { app } = await openDesk({ behindProxy: true, throttle: { max: 1, durationMs: 60_000 } });
  const from = async (forwarded: string) =>
    (await app.request(`/api/status?skyaddr=${good}`, { headers: { "X-Forwarded-For": forwarded } })).status;
  expect([await from("6.6.6.6, 1.1.1.1"), await from("1.2.3.4, 1.1.1.1"), await from("2.2.2.2")]).toEqual([
    200, 429, 200,
  ]);
});

test("an allowed origin may read the API but not the page", async () => {
  const { app } = await openDesk({ corsAllowed: ["127.0.0.1:8320"] });
  const origin = "http://127.0.0.1:8320";
  const allowed = async (path: string) =>
    (await app.request(path, { headers: { Origin: origin } })).headers.get("access-control-allow-origin");
  expect([await allowed("/api/config"), await allowed("/")]).toEqual([origin, null]);
  const preflight = await app.request("/api/bind", {
    method: "OPTIONS",
    headers: { Origin: origin, "Access-Control-Request-Method": "POST" },
  });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
});

test("what fails inside is a 500 that tells nothing, and a broken invariant reaches the listener", async () => {
  const { app, teller } = await openDesk();
  const told: Broken[] = [];
  for (const crash of [new Fault("book.bind", "stop", "disk full at /secret"), new Broken("secret")]) {
    teller.crash = crash;
    const answer = await app.request(
      "/api/bind",
      { method: "POST", body: bindBody(), headers: json },
      { broken: (error: Broken) => told.push(error) },
    );
    expect([answer.status, await answer.text()]).toEqual([500, "Internal Server Error\n"]);
  }
  expect(told).toHaveLength(1);
});
