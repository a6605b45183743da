import { describe, expect, test } from "bun:test";
import { type ManualClock, manualClock } from "#internal/clock";
import { accept, Fault, refuse, type Result } from "#internal/fault";
import { silent } from "#internal/log";
import type { Operator } from "#internal/operator";
import type { Teller } from "#internal/teller";
import { commandPath, monitorApp } from "./mod.ts";

const token = "0123456789abcdef";
const said = { who: "ann", why: "it burned" };
const txid = "ab".repeat(32);

/** Answer is what the operator behind the listener does. */
type Answer = () => Promise<Result<string, string>>;

function desk(
  answer: Answer = async () => accept("it is done"),
  address = "127.0.0.1:7711",
  secret?: string,
) {
  const asked: unknown[] = [];
  const clock: ManualClock = manualClock();
  const ask = (...what: unknown[]) => {
    asked.push(what);
    return answer();
  };
  const operator: Operator = {
    adopt: (id, { who, why }) => ask("adopt", id, who, why),
    foreign: (id, { who, why }, _signal, although) =>
      ask("foreign", id, who, why, ...(although === undefined ? [] : [although])),
    paid: (deposit, id, { who, why }) => ask("paid", deposit, id, who, why),
    release: (deposit, { who, why }) => ask("release", deposit, who, why),
    rescan: (from, { who, why }) => ask("rescan", from, who, why),
  };
  const teller = {} as Teller;
  const app = monitorApp({ teller, operator, logger: silent, clock, address, token: secret });
  const send = async (body: unknown, headers: Record<string, string> = {}) => {
    const request = app.request(commandPath, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const given = await request;
    return { status: given.status, text: await given.text() };
  };
  return { app, asked, clock, send };
}

test.each([
  [{ command: "adopt", txid, ...said }, ["adopt", txid, "ann", "it burned"]],
  [{ command: "foreign", txid, ...said }, ["foreign", txid, "ann", "it burned"]],
  [
    { command: "foreign", txid, although: ["a", "b"], ...said },
    ["foreign", txid, "ann", "it burned", ["a", "b"]],
  ],
  [{ command: "paid", deposit: "t1:0", txid, ...said }, ["paid", "t1:0", txid, "ann", "it burned"]],
  [{ command: "release", deposit: "t1:0", ...said }, ["release", "t1:0", "ann", "it burned"]],
  [{ command: "rescan", from: 17, ...said }, ["rescan", 17, "ann", "it burned"]],
])("%p is handed to the operator, and answered with what was done", async (command, want) => {
  const { asked, send } = desk();
  const { status, text } = await send(command);
  expect([status, JSON.parse(text)]).toEqual([200, { done: "it is done" }]);
  expect(asked).toEqual([want]);
});

test("a refusal is 409 with the reason", async () => {
  const { send } = desk(async () => refuse("the anchor is not spent"));
  expect(await send({ command: "adopt", txid, ...said })).toEqual({
    status: 409,
    text: "the anchor is not spent\n",
  });
});

test("a node that is away is 503, and says that nothing was done", async () => {
  const { send } = desk(async () => {
    throw new Fault("skycoin.health", "retry", "connection refused");
  });
  expect(await send({ command: "adopt", txid, ...said })).toEqual({
    status: 503,
    text: "not done: connection refused\n",
  });
});

test("a bug is 500 and shows nothing of itself", async () => {
  const { send } = desk(async () => {
    throw new Error("secret place");
  });
  const { status, text } = await send({ command: "adopt", txid, ...said });
  expect([status, text.includes("secret")]).toEqual([500, false]);
});

test("what takes longer than half a minute is answered, without a claim that nothing happens", async () => {
  const { clock, send } = desk(() => new Promise(() => {}));
  const asleep = clock.nextSleep();
  const answer = send({ command: "rescan", from: 1, ...said });
  await asleep;
  await clock.advance(30_000);
  expect(await answer).toEqual({
    status: 503,
    text: "no answer within 30 s; it may be carried out yet\n",
  });
});

describe("refused, and nobody is asked", () => {
  test.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["nothing", ""],
    ["an unknown command", { command: "refund", txid, ...said }],
    ["no reason", { command: "adopt", txid, who: "ann" }],
    ["an empty reason", { command: "adopt", txid, who: "ann", why: "" }],
    ["a reason without end", { command: "adopt", txid, who: "ann", why: "x".repeat(501) }],
    ["nobody", { command: "adopt", txid, why: "it burned" }],
    ["no txid", { command: "adopt", ...said }],
    ["no deposit", { command: "paid", txid, ...said }],
    ["a height that is no number", { command: "rescan", from: "17", ...said }],
    ["a height of zero", { command: "rescan", from: 0, ...said }],
    ["half a height", { command: "rescan", from: 1.5, ...said }],
    ["a height that is lost", { command: "rescan", from: null, ...said }],
    ["a key too many", { command: "adopt", txid, force: true, ...said }],
  ])("%s: 400", async (_why, body) => {
    const { asked, send } = desk();
    const { status, text } = await send(body);
    expect([status, text.startsWith("Invalid command: "), text.endsWith("\n")]).toEqual([400, true, true]);
    expect(asked).toEqual([]);
  });

  test("a body that is too large: 413", async () => {
    const { asked, send } = desk();
    const why = "x".repeat(16 * 1024);
    expect((await send({ command: "adopt", txid, who: "ann", why })).status).toBe(413);
    expect(asked).toEqual([]);
  });

  test("another content type, as a form of another site has: 415", async () => {
    const { asked, send } = desk();
    const body = JSON.stringify({ command: "adopt", txid, ...said });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      expect((await send(body, { "content-type": type })).status).toBe(415);
    }
    expect(asked).toEqual([]);
  });

  test("a page of another site, and a name that is not this machine's: 403", async () => {
    const { asked, send } = desk();
    const body = { command: "adopt", txid, ...said };
    for (const headers of [{ "Sec-Fetch-Site": "cross-site" }, { Host: "evil.example:7711" }]) {
      expect((await send(body, headers)).status).toBe(403);
    }
    expect(asked).toEqual([]);
  });

  test("without the token, where one is asked for: 401", async () => {
    const { asked, send } = desk(undefined, "0.0.0.0:7711", token);
    const body = { command: "adopt", txid, ...said };
    for (const authorization of ["", "Bearer wrong", `Basic ${token}`]) {
      expect((await send(body, { Authorization: authorization })).status).toBe(401);
    }
    expect(asked).toEqual([]);
    expect((await send(body, { Authorization: `Bearer ${token}` })).status).toBe(200);
  });

  test("by any other method: 405 with the one that is allowed", async () => {
    const { app, asked } = desk();
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await app.request(commandPath, { method });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    }
    expect(asked).toEqual([]);
  });
});

test("without an operator there are no commands", async () => {
  const app = monitorApp({
    ...{ teller: {} as Teller, logger: silent, clock: manualClock() },
    address: "127.0.0.1:7711",
  });
  expect((await app.request(commandPath, { method: "POST" })).status).toBe(405);
});
