import { afterEach, expect, test } from "bun:test";
import { systemClock } from "#internal/clock";
import { type Fate, Fault } from "#internal/fault";
import { basicAuth, createHttp, jsonRpc, rpcErrorOf } from "./mod.ts";
import { httpText, type RawServer, rawServer } from "./testserver.ts";

const never = new AbortController().signal;
let server: RawServer | undefined;
afterEach(() => server?.close());

/** node answers every request with what `answer` makes of its JSON. */
async function node(answer: (request: never) => string, status = "200 OK") {
  server = await rawServer((socket, text) => {
    socket.end(httpText(status, answer(JSON.parse(text.slice(text.indexOf("\r\n\r\n"))) as never)));
  });
  const http = createHttp({ base: server.url, deadlineMs: 5000, maxBytes: 10_000, clock: systemClock });
  return jsonRpc(http, { name: "test", headers: basicAuth("u", "p") });
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

test("the result comes with every digit; null is a result", async () => {
  const rpc = await node(({ id, method }: { id: number; method: string }) =>
    method === "big"
      ? `{"jsonrpc":"1.0","result":{"wei":123456789012345678901},"error":null,"id":${id}}\n`
      : `{"result":null,"id":${id}}`,
  );
  expect(await rpc.call({ method: "big", params: [] }, never)).toEqual({ wei: 123456789012345678901n });
  expect(await rpc.call({ method: "none", params: [] }, never)).toBeNull();
  const request = server?.requests[0] ?? "";
  expect(request).toContain('{"jsonrpc":"2.0","id":1,"method":"big","params":[]}');
  expect(request).toContain(`Basic ${btoa("u:p")}`);
});

const failures: {
  name: string;
  status?: string;
  body: string;
  fate: Fate;
  effectFate: Fate;
  message: RegExp;
}[] = [
  {
    name: "another id",
    body: '{"result":1,"id":99}',
    fate: "retry",
    effectFate: "ask",
    message: /another id/,
  },
  { name: "no id", body: '{"result":1}', fate: "retry", effectFate: "ask", message: /another id/ },
  { name: "empty body", body: "", fate: "retry", effectFate: "ask", message: /empty answer/ },
  { name: "only a new line", body: "\n", fate: "retry", effectFate: "ask", message: /empty answer/ },
  { name: "cut body", body: '{"result":"abc', fate: "retry", effectFate: "ask", message: /cut off/ },
  {
    name: "HTML",
    body: "<!DOCTYPE html><html>hi",
    fate: "retry",
    effectFate: "ask",
    message: /answered HTML/,
  },
  {
    name: "text",
    status: "400 Bad Request",
    body: "Client sent an HTTP request to an HTTPS server.\n",
    fate: "retry",
    effectFate: "ask",
    message: /answered text.*400.*HTTPS server/,
  },
  {
    name: "neither result nor error",
    body: '{"id":1}',
    fate: "retry",
    effectFate: "ask",
    message: /neither/,
  },
  { name: "no object", body: "[1]", fate: "retry", effectFate: "ask", message: /no JSON-RPC object/ },
  {
    name: "wrong password",
    status: "401 Unauthorized",
    body: "401 Unauthorized.\n",
    fate: "stop",
    effectFate: "stop",
    message: /user and password/,
  },
  {
    name: "client not allowed",
    status: "403 Forbidden",
    body: "",
    fate: "stop",
    effectFate: "stop",
    message: /does not allow/,
  },
  {
    name: "asked too often",
    status: "429 Too Many Requests",
    body: "<h1>slow down</h1>",
    fate: "retry",
    effectFate: "ask",
    message: /that we ask too often \(429\)/,
  },
  {
    name: "too busy",
    status: "503 Service Unavailable",
    body: "503 Too busy.  Try again later.",
    fate: "retry",
    effectFate: "ask",
    message: /503 Too busy\. Try again/,
  },
  {
    name: "error object",
    body: '{"result":null,"error":{"code":-5,"message":"Block not found"},"id":1}',
    fate: "retry",
    effectFate: "ask",
    message: /error -5: Block not found/,
  },
  {
    name: "error object with status 500",
    status: "500 Internal Server Error",
    body: '{"result":null,"error":{"code":-28,"message":"Loading block index…"},"id":1}',
    fate: "retry",
    effectFate: "ask",
    message: /error -28: Loading/,
  },
];
for (const { name, status, body, fate, effectFate, message } of failures) {
  test(`${name}: ${fate}, with an effect ${effectFate}`, async () => {
    const rpc = await node(() => body, status);
    const reading = await faultOf(rpc.call({ method: "get", params: [] }, never));
    expect([reading.op, reading.fate]).toEqual(["test.get", fate]);
    expect(reading.message).toMatch(message);
    const sending = await faultOf(
      rpc.call({ method: "put", params: [] }, never, { effect: true, op: "test.effect" }),
    );
    expect([sending.op, sending.fate]).toEqual(["test.effect", effectFate]);
  });
}

test("the server's own error can be read from the fault", async () => {
  const rpc = await node(
    ({ id }: { id: number }) => `{"error":{"code":-5,"message":"Block\\nnot found"},"id":${id}}`,
  );
  const fault = await faultOf(rpc.call({ method: "get", params: [] }, never));
  expect(rpcErrorOf(fault)).toEqual({ code: -5, message: "Block\nnot found" });
  expect(rpcErrorOf(new Error("x"))).toBeUndefined();
  expect(rpcErrorOf(new Fault("a.b", "retry", "x", { details: { code: "ECONNRESET" } }))).toBeUndefined();
});

test("a server's words are taken up to a length that suits an error", async () => {
  const long = "x".repeat(5000);
  const rpc = await node(({ id }: { id: number }) => `{"error":{"code":-5,"message":"${long}"},"id":${id}}`);
  const fault = await faultOf(rpc.call({ method: "get", params: [] }, never));
  expect(rpcErrorOf(fault)?.message).toBe("x".repeat(500));
});

const two = [
  { method: "a", params: [] },
  { method: "b", params: [] },
];

test("a batch comes back in the order of the calls, each with its own error", async () => {
  const rpc = await node((calls: { id: number }[]) =>
    JSON.stringify([
      { id: calls[1]?.id, result: null, error: { code: -1, message: "no" } },
      { id: calls[0]?.id, result: "first", error: null },
    ]),
  );
  expect(await rpc.batch(two, never)).toEqual([
    { ok: true, value: "first" },
    { ok: false, refusal: { code: -1, message: "no" } },
  ]);
  expect(await rpc.batch([], never)).toEqual([]);
  expect(server?.requests.length).toBe(1);
});

const badBatches: { name: string; body: (ids: (number | undefined)[]) => unknown; message: RegExp }[] = [
  { name: "an answer too few", body: ([a]) => [{ id: a, result: 1 }], message: /answered 1 of 2 calls/ },
  {
    name: "an answer twice",
    body: ([a]) => [
      { id: a, result: 1 },
      { id: a, result: 2 },
    ],
    message: /another id/,
  },
  {
    name: "a foreign id",
    body: ([a]) => [
      { id: a, result: 1 },
      { id: 77, result: 2 },
    ],
    message: /another id/,
  },
  {
    name: "one error for all",
    body: () => ({ id: null, error: { code: -32600, message: "bad" } }),
    message: /error -32600: bad/,
  },
  { name: "one result for all", body: ([a]) => ({ id: a, result: 1 }), message: /one answer to a batch/ },
];
for (const { name, body, message } of badBatches) {
  test(`a batch with ${name} fails as a whole`, async () => {
    const rpc = await node((calls: { id: number }[]) => JSON.stringify(body(calls.map((call) => call.id))));
    const fault = await faultOf(rpc.batch(two, never));
    expect(fault.message).toMatch(message);
    expect(fault.fate).toBe("retry");
  });
}

test("every truncated prefix of an answer is a failed call, the whole one is not", async () => {
  let missing = 0;
  let length = Number.POSITIVE_INFINITY;
  const rpc = await node(({ id }: { id: number }) => {
    const whole = `{"jsonrpc":"1.0","result":"00ff","error":null,"id":${id}}`;
    length = whole.length - missing;
    return whole.slice(0, length);
  });
  expect(await rpc.call({ method: "get", params: [] }, never)).toBe("00ff");
  while (length > 0) {
    missing++;
    expect((await faultOf(rpc.call({ method: "get", params: [] }, never))).fate).toBe("retry");
  }
  expect(missing).toBeGreaterThan(50);
});
