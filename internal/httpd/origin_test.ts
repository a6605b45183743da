import { expect, test } from "bun:test";
import { manualClock } from "#internal/clock";
import { silent } from "#internal/log";
import { application } from "./application.ts";
import { cors, loopbackOnly, notCrossSite, originMatcher, sameOrigin } from "./origin.ts";

function desk(allowed: readonly string[], behindProxy = false) {
  const app = application({ logger: silent, clock: manualClock() });
  app.use("/api/*", cors(allowed));
  app.all("/api/x", (c) => c.text("x"));
  app.post("/form", sameOrigin(behindProxy), (c) => c.text("done"));
  app.get("/local", loopbackOnly(), (c) => c.text("local"));
  app.get("/dummy", notCrossSite(), (c) => c.text("dummy"));
  return app;
}

test.each([
  { entry: "https://wallet.example", origin: "https://wallet.example", want: true },
  { entry: "https://Wallet.example/", origin: "https://wallet.EXAMPLE", want: true },
  { entry: "https://wallet.example", origin: "http://wallet.example", want: false },
  { entry: "https://wallet.example", origin: "https://wallet.example.evil.example", want: false },
  { entry: "https://wallet.example", origin: "https://wallet.example:8443", want: false },
  { entry: "127.0.0.1:8320", origin: "http://127.0.0.1:8320", want: true },
  { entry: "127.0.0.1:8320", origin: "https://127.0.0.1:8320", want: true },
  { entry: "127.0.0.1:8320", origin: "http://127.0.0.1:8321", want: false },
  { entry: "127.0.0.1:8320", origin: "null", want: false },
  { entry: "https://*.wallet.example", origin: "https://a.wallet.example", want: true },
  { entry: "https://*.wallet.example", origin: "https://wallet.example", want: false },
  { entry: "https://*.wallet.example", origin: "https://a.wallet.example.evil.example", want: false },
  { entry: "*", origin: "https://anything.example", want: true },
])("cors_allowed $entry and the origin $origin", ({ entry, origin, want }) => {
  expect(originMatcher([entry])(origin)).toBe(want);
});

test("an empty list allows no other origin, and says that the answer depends on it", async () => {
  const answer = await desk([]).request("/api/x", { headers: { Origin: "https://a.example" } });
  expect(answer.status).toBe(200);
  expect(answer.headers.has("access-control-allow-origin")).toBe(false);
  expect(answer.headers.get("vary")).toContain("Origin");
});

test("an allowed origin is named, never a star", async () => {
  const answer = await desk(["*"]).request("/api/x", { headers: { Origin: "https://a.example" } });
  expect(answer.headers.get("access-control-allow-origin")).toBe("https://a.example");
  expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
});

test("an error is readable for an allowed origin too", async () => {
  const answer = await desk(["a.example"]).request("/api/none", { headers: { Origin: "https://a.example" } });
  expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([
    404,
    "https://a.example",
  ]);
});

const preflight = (origin: string, method: string) => ({
  method: "OPTIONS",
  headers: { Origin: origin, "Access-Control-Request-Method": method },
});

test("a preflight is answered, with permission only where there is one", async () => {
  const app = desk(["https://a.example"]);
  const yes = await app.request("/api/x", preflight("https://a.example", "POST"));
  expect([yes.status, await yes.text()]).toEqual([200, ""]);
  expect(Object.fromEntries(yes.headers)).toMatchObject({
    "access-control-allow-origin": "https://a.example",
    "access-control-allow-methods": "GET, POST, HEAD",
    "access-control-allow-headers": "Origin, Accept, Content-Type",
    vary: "Origin",
    "content-security-policy": expect.any(String),
  });
  const wrongMethod = await app.request("/api/x", preflight("https://a.example", "DELETE"));
  expect(wrongMethod.headers.has("access-control-allow-methods")).toBe(false);
  const no = await app.request("/api/x", preflight("https://b.example", "POST"));
  expect([no.status, no.headers.has("access-control-allow-origin")]).toEqual([200, false]);
});

test("OPTIONS that is no preflight goes to the handler", async () => {
  expect(await (await desk([]).request("/api/x", { method: "OPTIONS" })).text()).toBe("x");
});

test.each([
  { name: "a client that is no browser", headers: {}, want: 200 },
  {
    name: "our own page",
    headers: { "Sec-Fetch-Site": "same-origin", Origin: "http://desk.example" },
    want: 200,
  },
  { name: "the customer's own doing", headers: { "Sec-Fetch-Site": "none" }, want: 200 },
  { name: "our own page without TLS", headers: { Origin: "http://desk.example" }, want: 200 },
  { name: "our own page, TLS ends before us", headers: { Origin: "https://desk.example" }, want: 200 },
  {
    name: "another site",
    headers: { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" },
    want: 403,
  },
  {
    name: "a sibling host",
    headers: { "Sec-Fetch-Site": "same-site", Origin: "https://x.desk.example" },
    want: 403,
  },
  { name: "another site without TLS", headers: { Origin: "http://evil.example" }, want: 403 },
  { name: "a page without an origin", headers: { Origin: "null" }, want: 403 },
  {
    name: "a host that only another site's header names",
    headers: { Origin: "http://evil.example", "X-Forwarded-Host": "evil.example" },
    want: 403,
  },
])("a form from $name gives $want", async ({ headers, want }) => {
  const sent = { method: "POST", headers: { Host: "desk.example", ...headers } };
  const answer = await desk([]).request("/form", sent);
  expect(answer.status).toBe(want);
});

test("behind a proxy the host is the one that the proxy was asked for", async () => {
  const headers = {
    Host: "127.0.0.1:7071",
    Origin: "https://desk.example",
    "X-Forwarded-Host": "desk.example",
  };
  expect((await desk([], true).request("/form", { method: "POST", headers })).status).toBe(200);
});

test.each([
  ["localhost:7711", 200],
  ["127.0.0.1:7711", 200],
  ["[::1]:7711", 200],
  ["LOCALHOST", 200],
  ["evil.example:7711", 403],
  ["localhost.evil.example", 403],
  ["192.168.1.5:7711", 403],
])("on loopback the host %s gives %d", async (host, want) => {
  const answer = await desk([]).request("/local", { headers: { Host: host } });
  expect(answer.status).toBe(want);
  if (want === 403) expect(await answer.text()).toBe("Bad Host\n");
});

test("a GET that changes something is refused from another site's page", async () => {
  const from = async (site: string) =>
    (await desk([]).request("/dummy", { headers: { "Sec-Fetch-Site": site } })).status;
  expect([await from("cross-site"), await from("same-origin"), await from("none")]).toEqual([403, 200, 200]);
});
