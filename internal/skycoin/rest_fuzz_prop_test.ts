import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { budget, mutatedJson, mutatedText } from "#mutation";
import { Fault } from "#internal/fault";
import type { Http } from "#internal/rpc";
import type { Node } from "./node.ts";
import { nodeOver } from "./rest.ts";

/** What a stock node answered, as it was recorded, and what it never would. */

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly request_body?: { readonly rawtx?: string; readonly encoded_transaction?: string } | string;
  readonly status: number;
  readonly response_json?: unknown;
  readonly response_text?: string;
}

const recordings = join(import.meta.dir, "../../standin/skynode/testdata");
const read = readdirSync(recordings)
  .filter((name) => name.startsWith("rest-"))
  .flatMap((name) => JSON.parse(readFileSync(join(recordings, name), "utf8")) as Exchange[]);
const block = read.find(({ path, status }) => path.startsWith("/api/v1/block?seq=") && status === 200);
const limits = { burn_factor: 10, max_transaction_size: 32768, max_decimals: 3 };
/** The health of a node was not recorded; it is made of a recorded header and the fields that are read. */
const health: Exchange = {
  method: "GET",
  path: "/api/v1/health",
  status: 200,
  response_json: {
    blockchain: {
      head: (block?.response_json as { header: unknown } | undefined)?.header,
      unspents: 1,
      unconfirmed: 0,
    },
    version: { version: "0.27.1", commit: "", branch: "" },
    coin: "skycoin",
    open_connections: 1,
    user_verify_transaction: limits,
    unconfirmed_verify_transaction: limits,
  },
};
const recorded = [...read, health];
const signal = new AbortController().signal;
const fates = ["retry", "stop", "ask"];

type Call = (node: Node) => Promise<unknown>;

/** callOf gives the question that an exchange is the answer to; undefined where teller never asks it. */
function callOf({ method, path, request_body: body }: Exchange): Call | undefined {
  const url = new URL(path, "http://node");
  const asked = (name: string) => url.searchParams.get(name) ?? "";
  const sent = typeof body === "object" ? body : {};
  switch (`${method} ${url.pathname}`) {
    case "GET /api/v1/health":
      return (node) => node.health(signal);
    case "GET /api/v1/block":
      return /^\d+$/.test(asked("seq")) ? (node) => node.blockHash(Number(asked("seq")), signal) : undefined;
    case "GET /api/v1/outputs":
      return asked("addrs") === "" ? undefined : (node) => node.outputs(asked("addrs").split(","), signal);
    case "GET /api/v1/uxout":
      return (node) => node.uxout(asked("uxid"), signal);
    case "GET /api/v1/transaction":
      return (node) => node.transaction(asked("txid"), signal);
    case "GET /api/v1/rawtx":
      return (node) => node.rawTransaction(asked("txid"), signal);
    case "POST /api/v2/transaction/verify":
      return (node) => node.verify(sent.encoded_transaction ?? "", signal);
    default:
      return undefined;
  }
}

const textOf = ({ response_json: json, response_text: text }: Exchange) => text ?? JSON.stringify(json);

/** nodeThat answers everything with this, except for tokens. */
function nodeThat(status: number, text: string): Node {
  const http: Http = {
    host: "node:6420",
    request: async ({ path }) =>
      path === "/api/v1/csrf" ? { status: 200, text: '{"csrf_token":"t"}' } : { status, text },
  };
  return nodeOver(http);
}

/** Told is what came of a question: a value, or a `Fault`. Anything else that is thrown goes through. */
async function told(call: Call, status: number, text: string): Promise<{ value: unknown } | Fault> {
  const began = performance.now();
  try {
    return { value: await call(nodeThat(status, text)) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(fates).toContain(error.fate);
    expect(error.op).toStartWith("skycoin.");
    expect(error.message.length).toBeLessThan(2000);
    return error;
  } finally {
    expect(performance.now() - began).toBeLessThan(2000);
  }
}

const questions = recorded.flatMap((exchange) => {
  const call = callOf(exchange);
  return call === undefined ? [] : [{ exchange, call }];
});
const samples = questions.filter(({ exchange }) => exchange.status === 200);
const words = [
  "null",
  "[",
  "]",
  "{",
  "}",
  '"',
  ":",
  ",",
  "-",
  "e9",
  "<html>",
  "404",
  "true",
  "\\u0000",
  "0".repeat(64),
];
const anyStatus = fc.constantFrom(200, 200, 200, 400, 401, 403, 404, 422, 429, 500, 502, 503);
const { parameters, timeoutMs } = budget(4000);
const fewer = budget(2000);

/** What an answer says that a hash beside it proves: no spoiled answer may say anything else. */
function proved(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { uxid, address, coins, srcTx } = value as Record<string, unknown>;
  return uxid === undefined ? undefined : { uxid, address, coins, srcTx };
}

describe("a node that answers nonsense", () => {
  test("is asked everything that teller asks", () => {
    const paths = samples.map(({ exchange }) => exchange.path.replace(/\?.*/, ""));
    expect(Array.from(new Set(paths)).sort()).toEqual([
      "/api/v1/block",
      "/api/v1/health",
      "/api/v1/outputs",
      "/api/v1/rawtx",
      "/api/v1/transaction",
      "/api/v1/uxout",
      "/api/v2/transaction/verify",
    ]);
  });

  test(
    "in JSON, gives values or faults, and nothing that its hashes do not prove",
    async () => {
      const seen = { value: 0, fault: 0 };
      const spoiled = fc
        .nat(samples.length - 1)
        .chain((i) => fc.tuple(fc.constant(i), mutatedJson([samples[i]?.exchange.response_json])));
      await fc.assert(
        fc.asyncProperty(spoiled, anyStatus, async ([i, text], status) => {
          const sample = samples[i];
          if (sample === undefined) return;
          const { exchange, call } = sample;
          const found = await told(call, status, text);
          seen[found instanceof Fault ? "fault" : "value"]++;
          if (found instanceof Fault || found.value === undefined) return;
          const honest = await told(call, 200, textOf(exchange));
          expect(honest).not.toBeInstanceOf(Fault);
          if (honest instanceof Fault || !/uxout|rawtx/.test(exchange.path)) return;
          expect(proved(found.value)).toEqual(proved(honest.value));
        }),
        parameters,
      );
      expect(Math.min(seen.value, seen.fault)).toBeGreaterThan(0);
    },
    timeoutMs,
  );

  test(
    "in any text, gives values or faults",
    async () => {
      const texts = samples.map(({ exchange }) => textOf(exchange)).filter((text) => text.length < 20_000);
      await fc.assert(
        fc.asyncProperty(
          fc.nat(questions.length - 1),
          mutatedText(texts, words),
          anyStatus,
          async (i, text, status) => {
            const question = questions[i];
            if (question !== undefined) await told(question.call, status, text);
          },
        ),
        fewer.parameters,
      );
    },
    timeoutMs,
  );

  const injects = recorded.flatMap(({ path, status, request_body: body, response_json: answer }) =>
    path === "/api/v1/injectTransaction" &&
    status === 200 &&
    typeof body === "object" &&
    body.rawtx !== undefined
      ? [{ raw: body.rawtx, answer }]
      : [],
  );

  test(
    "to a transaction that is sent, never seems to have taken another one, nor to have surely not taken it",
    async () => {
      expect(injects.length).toBeGreaterThan(0);
      const text = mutatedText(
        injects.map(({ answer }) => JSON.stringify(answer)),
        words,
      );
      await fc.assert(
        fc.asyncProperty(fc.nat(injects.length - 1), text, anyStatus, async (i, spoiled, status) => {
          const sample = injects[i];
          if (sample === undefined) return;
          const found = await told((node) => node.inject(sample.raw, signal), status, spoiled);
          if (!(found instanceof Fault)) {
            if (status === 400) expect(found.value).toMatchObject({ ok: false });
            else expect(found.value).toEqual({ ok: true, value: sample.answer });
          } else if (status === 200 || status >= 500) expect(found.fate).toBe("ask");
        }),
        fewer.parameters,
      );
    },
    timeoutMs,
  );
});
