import { expect, test } from "bun:test";
import { manualClock } from "#internal/clock";
import { Broken, Fault } from "#internal/fault";
import { type Fields, type Logger, silent } from "#internal/log";
import { fail, json, notAllowed, page } from "./answer.ts";
import { application } from "./application.ts";
import { bodyText } from "./body.ts";
import { contentSecurityPolicy } from "./headers.ts";

interface Line {
  readonly level: "debug" | "error";
  readonly msg: string;
  readonly fields: Fields | undefined;
}

function recorder() {
  const lines: Line[] = [];
  const logger: Logger = {
    ...silent,
    debug: (msg, fields) => lines.push({ level: "debug", msg, fields }),
    error: (msg, fields) => lines.push({ level: "error", msg, fields }),
  };
  return { lines, logger };
}

function desk(limits: { maxInFlight?: number; maxInFlightPerClient?: number } = {}) {
  const { lines, logger } = recorder();
  const app = application({ logger, clock: manualClock(), ...limits });
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  app.get("/ok", (c) => json(c, { value: 2n ** 64n }));
  app.get("/page", (c) => page(c, "<p>hello</p>"));
  app.get("/long", (c) => page(c, "<p>hello</p>".repeat(500)));
  app.all("/ok", notAllowed("GET, HEAD", "Invalid request method"));
  app.post("/echo", async (c) => {
    const body = await bodyText(c);
    return body.ok ? c.text(body.value) : fail(c, body.refusal === "too_large" ? 413 : 400, body.refusal);
  });
  app.get("/throws", () => {
    throw new Fault("test.op", "ask", "password=hunter2");
  });
  app.get("/broken", () => {
    throw new Broken("two and two are five");
  });
  app.get("/slow", async (c) => {
    await gate;
    return c.text("slow");
  });
  app.get("/moved", (c) => c.redirect("/ok", 303));
  return { app, lines, open: () => open() };
}

test.each([
  { path: "/ok", method: "GET", status: 200 },
  { path: "/ok", method: "HEAD", status: 200 },
  { path: "/ok", method: "DELETE", status: 405 },
  { path: "/none", method: "GET", status: 404 },
  { path: "/%zz/../%00", method: "GET", status: 404 },
  { path: "/throws", method: "GET", status: 500 },
  { path: "/broken", method: "GET", status: 500 },
  { path: "/moved", method: "GET", status: 303 },
  { path: "/page", method: "GET", status: 200 },
])("$method $path gives $status with all security headers", async ({ path, method, status }) => {
  const answer = await desk().app.request(`http://localhost${path}`, { method });
  expect(answer.status).toBe(status);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-security-policy": contentSecurityPolicy,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
  });
});

test("the policy allows nothing inline and nobody else", () => {
  expect(contentSecurityPolicy).not.toContain("unsafe");
  expect(contentSecurityPolicy).not.toContain("http");
  expect(contentSecurityPolicy).toContain("default-src 'none'");
});

test("errors have the documented texts, and what went wrong stays inside", async () => {
  const { app, lines } = desk();
  const text = async (path: string, method = "GET") => (await app.request(path, { method })).text();
  expect(await text("/none")).toBe("404 page not found\n");
  expect(await text("/ok", "PUT")).toBe("Invalid request method\n");
  expect((await app.request("/ok", { method: "PUT" })).headers.get("allow")).toBe("GET, HEAD");
  expect(await text("/throws")).toBe("Internal Server Error\n");
  expect(lines.find((line) => line.level === "error")?.fields).toMatchObject({
    op: "test.op",
    fate: "ask",
    path: "/throws",
  });
});

test("a broken invariant is told to the listener", async () => {
  const told: string[] = [];
  await desk().app.request("/broken", {}, { broken: (error: Broken) => told.push(error.message) });
  await desk().app.request("/throws", {}, { broken: (error: Broken) => told.push(error.message) });
  expect(told).toEqual(["two and two are five"]);
});

test("JSON has every digit and is indented by four", async () => {
  const answer = await desk().app.request("/ok");
  expect(await answer.text()).toBe('{\n    "value": 18446744073709551616\n}');
  expect(answer.headers.get("content-type")).toBe("application/json");
});

test("the access log tells who asked what, and nothing of the query", async () => {
  const { app, lines } = desk();
  await app.request("/ok?skyaddr=secret", {}, { remote: { address: "9.9.9.9", port: 1 } });
  expect(lines).toEqual([
    {
      level: "debug",
      msg: "request",
      fields: { method: "GET", path: "/ok", status: 200, ms: 0, client: "9.9.9.9" },
    },
  ]);
});

test("a body at the limit is read, one byte more is refused", async () => {
  const { app } = desk();
  const send = (size: number) => app.request("/echo", { method: "POST", body: "x".repeat(size) });
  expect((await (await send(16 * 1024)).text()).length).toBe(16 * 1024);
  expect((await send(16 * 1024 + 1)).status).toBe(413);
});

test("a body that announces nothing is cut off at the limit", async () => {
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      sent += 1024;
      controller.enqueue(new Uint8Array(1024));
    },
  });
  const answer = await desk().app.request("/echo", { method: "POST", body });
  expect(answer.status).toBe(413);
  expect(sent).toBeLessThan(64 * 1024);
});

test("a body that announces too much is refused before it is read", async () => {
  const answer = await desk().app.request("/ok", { headers: { "Content-Length": "16385" } });
  expect([answer.status, await answer.text()]).toEqual([413, "Request body too large\n"]);
});

test("a body that breaks off is the client's fault", async () => {
  const body = new ReadableStream({
    pull(controller) {
      controller.error(new Error("gone"));
    },
  });
  const answer = await desk().app.request("/echo", { method: "POST", body });
  expect([answer.status, await answer.text()]).toEqual([400, "broken_off\n"]);
});

test("bytes that are no UTF-8 do no harm", async () => {
  const answer = await desk().app.request("/echo", { method: "POST", body: new Uint8Array([0x61, 0xff]) });
  expect(await answer.text()).toBe("a\ufffd");
});

const remote = (address: string) => ({ remote: { address, port: 1 } });

test("beyond the limit of requests in flight the answer is 503 and when to come again", async () => {
  const { app, open } = desk({ maxInFlight: 2 });
  const waiting = ["1.1.1.1", "2.2.2.2"].map((ip) => app.request("/slow", {}, remote(ip)));
  const refused = await app.request("/ok", {}, remote("3.3.3.3"));
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(refused.headers.get("content-security-policy")).toBe(contentSecurityPolicy);
  open();
  expect((await Promise.all(waiting)).map((answer) => answer.status)).toEqual([200, 200]);
  expect((await app.request("/ok", {}, remote("3.3.3.3"))).status).toBe(200);
});

test("one client cannot take all the room", async () => {
  const { app, open } = desk({ maxInFlight: 10, maxInFlightPerClient: 1 });
  const waiting = app.request("/slow", {}, remote("1.1.1.1"));
  expect((await app.request("/ok", {}, remote("1.1.1.1"))).status).toBe(503);
  expect((await app.request("/ok", {}, remote("2.2.2.2"))).status).toBe(200);
  open();
  await waiting;
  expect((await app.request("/ok", {}, remote("1.1.1.1"))).status).toBe(200);
});

test("a handler that throws gives its place back", async () => {
  const { app } = desk({ maxInFlight: 1 });
  for (let i = 0; i < 3; i++) expect((await app.request("/throws")).status).toBe(500);
});

test("a page that did not change costs no body", async () => {
  const { app } = desk();
  const first = await app.request("/page");
  const etag = first.headers.get("etag") ?? "";
  expect(first.headers.get("cache-control")).toBe("private, no-cache");
  const again = await app.request("/page", { headers: { "If-None-Match": `"other", ${etag}` } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
  expect((await app.request("/page", { headers: { "If-None-Match": '"other"' } })).status).toBe(200);
});

test.each([
  { path: "/long", accept: "gzip, br", packed: true },
  { path: "/long", accept: "br;q=1.0, gzip;q=0.8", packed: true },
  { path: "/long", accept: "*", packed: true },
  { path: "/long", accept: "gzip;q=0", packed: false },
  { path: "/long", accept: "br", packed: false },
  { path: "/long", accept: "notgzip", packed: false },
  { path: "/page", accept: "gzip", packed: false },
])("$path for Accept-Encoding $accept is compressed: $packed", async ({ path, accept, packed }) => {
  const answer = await desk().app.request(path, { headers: { "Accept-Encoding": accept } });
  expect(answer.headers.get("content-encoding")).toBe(packed ? "gzip" : null);
  expect(answer.headers.get("vary")).toContain("Accept-Encoding");
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const text = new TextDecoder().decode(packed ? Bun.gunzipSync(bytes) : bytes);
  expect(text).toStartWith("<p>hello</p>");
});
