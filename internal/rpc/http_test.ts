import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { manualClock, systemClock } from "#internal/clock";
import { Fault } from "#internal/fault";
import { createHttp, type HttpOptions, type HttpRequest } from "./mod.ts";
import { httpText, type RawServer, rawServer } from "./testserver.ts";

const never = new AbortController().signal;
const testdata = `${import.meta.dir}/testdata`;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(answer: (socket: Socket, request: string) => void): Promise<RawServer> {
  const server = await rawServer(answer);
  closers.push(() => server.close());
  return server;
}

function client(base: string, more: Partial<HttpOptions> = {}) {
  return createHttp({ base, deadlineMs: 5000, maxBytes: 1000, clock: systemClock, ...more });
}

const read: HttpRequest = { op: "test.read", method: "POST", path: "/", body: "x", effect: false };
const send: HttpRequest = { ...read, op: "test.send", effect: true };

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

test("an answer of any status is given with its text", async () => {
  const server = await serve((socket) => socket.end(httpText("404 Not Found", "nothing hère")));
  expect(await client(server.url).request(read, never)).toEqual({ status: 404, text: "nothing hère" });
});

test("the path of the base, fixed headers and those of the request are sent; a password in the URL becomes a header", async () => {
  const server = await serve((socket) => socket.end(httpText("200 OK", "ok")));
  const base = `${server.url.replace("//", "//me:p%40ss@")}/node/`;
  const http = client(base, { headers: { "x-one": "1" } });
  await http.request({ ...read, path: "/api?x=1", headers: { "x-two": "2" } }, never);
  const request = server.requests[0]?.toLowerCase() ?? "";
  expect(request).toStartWith("post /node/api?x=1 http/1.1");
  expect(request).toContain("x-one: 1");
  expect(request).toContain("x-two: 2");
  expect(server.requests[0]).toContain(`Basic ${btoa("me:p@ss")}`);
  expect(http.host).not.toContain("me");
});

const lostAnswers: { name: string; answer: (socket: Socket) => void; reason: RegExp }[] = [
  { name: "closed before the answer", answer: (s) => s.destroy(), reason: /closed before the answer/ },
  {
    name: "body cut short of its length",
    answer: (s) => s.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"),
    reason: /closed before the answer/,
  },
  {
    name: "chunked body cut",
    answer: (s) => s.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc"),
    reason: /closed before the answer/,
  },
  { name: "no HTTP at all", answer: (s) => s.end("hello\r\n\r\n"), reason: /closed before the answer/ },
  {
    name: "chunks that are none",
    answer: (s) => s.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nmail\r\n"),
    reason: /not answer in proper HTTP \(InvalidHTTPResponse\)/,
  },
  {
    name: "a length that is none",
    answer: (s) => s.end("HTTP/1.1 200 OK\r\ncontent-length: abc\r\n\r\n"),
    reason: /not answer in proper HTTP \(InvalidContentLength\)/,
  },
  {
    name: "announced too large",
    answer: (s) => s.write("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\nabc"),
    reason: /larger than 1000 bytes/,
  },
];
for (const { name, answer, reason } of lostAnswers) {
  test(`${name}: retry a reading call, ask after one with an effect`, async () => {
    const server = await serve(answer);
    const http = client(server.url);
    const reading = await faultOf(http.request(read, never));
    expect([reading.op, reading.fate]).toEqual(["test.read", "retry"]);
    expect(reading.message).toMatch(reason);
    expect(reading.message).toContain(http.host);
    const sending = await faultOf(http.request(send, never));
    expect([sending.op, sending.fate]).toEqual(["test.send", "ask"]);
    expect(server.requests.length).toBe(2);
  });
}

test("an endless answer is given up at the limit and the connection closed", async () => {
  let closed: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const server = await serve((socket) => {
    socket.on("close", closed);
    socket.write("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
    const more = () => {
      if (!socket.destroyed) socket.write("y".repeat(400), () => setImmediate(more));
    };
    more();
  });
  const fault = await faultOf(client(server.url).request(read, never));
  expect(fault.message).toContain("larger than 1000 bytes");
  await gone;
});

test("an answer of exactly the limit is taken", async () => {
  const server = await serve((socket) => socket.end(httpText("200 OK", "z".repeat(1000))));
  expect((await client(server.url).request(read, never)).text.length).toBe(1000);
});

test("a silent server is given up at the deadline, also in the middle of a body", async () => {
  for (const start of ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"]) {
    const clock = manualClock();
    let asked: () => void = () => {};
    const arrived = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = await serve((socket) => {
      if (start !== "") socket.write(start);
      asked();
    });
    const call = faultOf(client(server.url, { clock }).request({ ...send, deadlineMs: 700 }, never));
    await arrived;
    await clock.advance(699);
    expect(await Promise.race([call, Promise.resolve("waiting")])).toBe("waiting");
    await clock.advance(1);
    const fault = await call;
    expect(fault.fate).toBe("ask");
    expect(fault.message).toContain("no complete answer within 700 ms");
  }
});

test("the caller's signal ends a call; before the call nothing is sent", async () => {
  const stop = new AbortController();
  const server = await serve(() => stop.abort());
  const http = client(server.url);
  expect((await faultOf(http.request(send, stop.signal))).fate).toBe("ask");
  expect((await faultOf(http.request(send, stop.signal))).fate).toBe("retry");
  expect(server.requests.length).toBe(1);
});

test("what cannot have arrived may be tried again, even with an effect", async () => {
  const server = await rawServer(() => {});
  server.close();
  const refused = await faultOf(client(server.url).request(send, never));
  expect(refused.fate).toBe("retry");
  expect(refused.message).toContain("connection refused");
  const unknown = await faultOf(client("http://nosuch.invalid:1").request(send, never));
  expect([unknown.fate, unknown.message]).toEqual(["retry", "nosuch.invalid:1: no such host"]);
});

test("a server that speaks no TLS is told from one that is down", async () => {
  const server = await serve((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const fault = await faultOf(client(server.url.replace("http:", "https:")).request(send, never));
  expect([fault.fate, fault.message.includes("TLS")]).toEqual(["retry", true]);
});

test("a redirect is not followed", async () => {
  const server = await serve((socket) => socket.end(httpText("302 Found", "", "location: /elsewhere\r\n")));
  const http = client(server.url);
  expect((await faultOf(http.request(read, never))).fate).toBe("stop");
  expect((await faultOf(http.request(send, never))).fate).toBe("ask");
  expect(server.requests.length).toBe(2);
});

test("a call with an effect never goes over a kept connection, where it could be sent twice or lost", async () => {
  const server = await serve((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
  const http = client(server.url);
  for (let i = 0; i < 3; i++) await http.request(read, never);
  expect(server.connections()).toBe(1);
  for (let i = 0; i < 3; i++) await http.request(send, never);
  expect(server.connections()).toBe(4);
});

test("only the pinned certificate is trusted", async () => {
  const cert = readFileSync(`${testdata}/public-test.cert`, "utf8");
  const key = readFileSync(`${testdata}/public-test.key`, "utf8");
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert, key },
    fetch: () => new Response("secure"),
  });
  closers.push(() => void server.stop(true));
  const base = `https://127.0.0.1:${server.port}`;
  expect((await client(base, { tls: { ca: cert } }).request(read, never)).text).toBe("secure");
  const other = readFileSync(`${testdata}/another-test.cert`, "utf8");
  for (const tls of [{}, { ca: other }]) {
    const fault = await faultOf(client(base, { tls }).request(send, never));
    expect(fault.fate).toBe("stop");
    expect(fault.message).toContain("certificate is not trusted");
  }
});

test("no error text has a password in it", async () => {
  const server = await serve((socket) => socket.destroy());
  const http = client(server.url.replace("//", "//user:hunter2@"));
  const fault = await faultOf(http.request({ ...read, path: "/?key=hunter2" }, never));
  expect(fault.message + JSON.stringify(fault.details)).not.toContain("hunter2");
  expect(() => client("ftp://user:hunter2@x")).toThrow(/^the server's address is not an http or https URL$/);
});
