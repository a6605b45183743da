import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { systemClock } from "#internal/clock";
import { createHttp, jsonRpc } from "#internal/rpc";
import {
  changeResults,
  type Deed,
  dice,
  first,
  onCall,
  onPath,
  type NodeProxy,
  random,
  startProxy,
} from "./mod.ts";

/** The node behind the proxy: it counts what it did, and answers JSON-RPC with the method's name. */
let did = 0;
let server: ReturnType<typeof Bun.serve>;
let proxy: NodeProxy;

interface Asked {
  readonly id: number;
  readonly method: string;
}

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      did += 1;
      if (request.method === "GET") return new Response("x".repeat(1000));
      const asked = (await request.json()) as Asked | Asked[];
      const answerTo = ({ id, method }: Asked) => ({ id, result: method, error: null });
      return Response.json(Array.isArray(asked) ? asked.map(answerTo) : answerTo(asked));
    },
  });
  proxy = startProxy({ upstream: `http://127.0.0.1:${server.port}`, keep: true });
});

afterEach(() => proxy.heal());

afterAll(async () => {
  proxy.stop();
  await server.stop(true);
});

const signal = new AbortController().signal;

const http = () =>
  createHttp({
    base: `http://127.0.0.1:${proxy.port}`,
    deadlineMs: 300,
    maxBytes: 100_000,
    clock: systemClock,
  });

/** As a call with an effect, it goes over a connection of its own: over a kept one the client may try again by itself. */
const get = () => http().request({ op: "test", method: "GET", path: "/a?b=c", effect: true }, signal);
const rpc = () => jsonRpc(http(), { name: "test" });
const call = (method: string) => rpc().call({ method, params: [] }, signal);

test("without a fault every answer is the node's own", async () => {
  const seen = proxy.seen();
  expect(await get()).toEqual({ status: 200, text: "x".repeat(1000) });
  expect(await call("getblockcount")).toBe("getblockcount");
  expect(proxy.seen()).toBeGreaterThan(seen);
});

const deeds: readonly { name: string; deed: Deed; says: RegExp; asked: number }[] = [
  {
    name: "an answer of its own",
    deed: { kind: "answer", answer: { status: 200, headers: {}, text: "" } },
    says: /^$/,
    asked: 0,
  },
  { name: "an end before", deed: { kind: "cut", when: "before", how: "end" }, says: /was closed/, asked: 0 },
  { name: "a reset after", deed: { kind: "cut", when: "after", how: "reset" }, says: /was closed/, asked: 1 },
  { name: "half an answer", deed: { kind: "half", then: "end" }, says: /was closed/, asked: 1 },
  { name: "half, then nothing", deed: { kind: "half", then: "hang" }, says: /within 300 ms/, asked: 1 },
  { name: "nothing", deed: { kind: "hang" }, says: /within 300 ms/, asked: 0 },
  { name: "a slow answer", deed: { kind: "slow", ms: 50 }, says: /^x{1000}$/, asked: 1 },
  { name: "too much", deed: { kind: "large", bytes: 200_000 }, says: /larger than 100000/, asked: 1 },
  { name: "no HTTP", deed: { kind: "raw", text: "SSH-2.0-node\r\n" }, says: /was closed/, asked: 0 },
];

for (const { name, deed, says, asked } of deeds) {
  test(`${name} is given as long as the fault is armed, and healed at once`, async () => {
    proxy.arm(onPath(deed, "/a"));
    const before = did;
    const spoiled = proxy.spoiled();
    const told = await get().then(({ text }) => text, String);
    expect(told).toMatch(says);
    expect(did - before).toBe(asked);
    expect(proxy.spoiled() - spoiled).toBe(1);
    await proxy.heal();
    expect((await get()).text).toHaveLength(1000);
  });
}

test("a refused connection heals on the same port", async () => {
  proxy.refuse();
  expect(await get().then(String, String)).toContain("connection refused");
  await proxy.heal();
  expect((await get()).status).toBe(200);
});

test("TLS is answered as a server without TLS does", async () => {
  const secure = createHttp({
    base: `https://127.0.0.1:${proxy.port}`,
    deadlineMs: 2000,
    maxBytes: 1000,
    clock: systemClock,
  });
  const asked = secure.request({ op: "test", method: "GET", path: "/", effect: false }, signal);
  expect(await asked.then(String, String)).toContain("does this port speak TLS?");
});

test("a fault meets what it names, and so often", async () => {
  const answer = { status: 500, headers: {}, text: "no" };
  proxy.arm(first(1, onCall({ kind: "answer", answer }, "getblock")));
  expect(await call("getblockcount")).toBe("getblockcount");
  expect(await call("getblock").then(String, String)).toContain("status 500");
  expect(await call("getblock")).toBe("getblock");
});

test("single answers are changed, and left out of a batch", async () => {
  const change = changeResults(({ method }, item) =>
    method === "gone" ? undefined : { ...item, result: `not ${method}` },
  );
  proxy.arm(onCall({ kind: "change", change }));
  expect(await call("getblock")).toBe("not getblock");
  const two = ["getblock", "gone"].map((method) => ({ method, params: [] }));
  expect(await rpc().batch(two, signal).then(String, String)).toContain("it answered 1 of 2 calls");
});

test("the same seed makes the same choices", () => {
  const draw = (seed: number) => {
    const fault = random(dice(seed), 0.5, [onPath({ kind: "hang" }), onPath({ kind: "slow", ms: 1 })]);
    const question = { method: "GET", target: "/", headers: new Map(), body: "", earlier: 0 };
    return Array.from({ length: 200 }, () => fault(question)?.kind ?? "");
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(new Set(draw(7))).toEqual(new Set(["", "hang", "slow"]));
});
