import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { type ManualClock, manualClock } from "#internal/clock";
import { parse } from "#internal/json";
import { droplet, hours } from "#internal/money";
import { addressText, signerOf, transactionHex, unsignedTransaction } from "#internal/skycoin";
import { firstKeyOf, firstSpend } from "./chain.ts";
import { goJson } from "./go.ts";
import { type Skynode, startSkynode } from "./skynode.ts";

/** Exchange is one recorded question to the stock node, and its answer. */
interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly request_headers: Readonly<Record<string, string>>;
  readonly request_body?: unknown;
  readonly status: number;
  readonly content_type: string;
  readonly response_json?: unknown;
  readonly response_text?: string;
}

/** The members of answers that differ from run to run, by path. Their types are still compared. */
const volatile: Readonly<Record<string, readonly string[]>> = {
  "/api/v1/csrf": ["csrf_token"],
  "/api/v1/pendingTxs": ["received", "checked"],
  "/api/v1/network/connections": ["last_sent", "last_received", "connected_at", "mirror"],
};

/** What the stand-in does not answer, and why. Each row must fit something that is recorded. */
const uncovered: readonly { readonly file: RegExp; readonly path: RegExp; readonly reason: string }[] = [
  { file: /^webrpc-v0\.22/, path: /^\/webrpc$/, reason: "the old JSON-RPC is a later issue" },
  { file: /^webrpc-v0\.22/, path: /^\/(?!webrpc$)/, reason: "so is the unversioned interface of v0.22" },
  {
    file: /wallet-api/,
    path: /^\/api\/v1\/wallets?([/?]|$)/,
    reason: "keys stay in the daemon, never in a node",
  },
  { file: /queries/, path: /^\/api\/v1\/wallets$/, reason: "keys stay in the daemon, never in a node" },
  {
    file: /queries/,
    path: /^\/api\/v1\/coinSupply$/,
    reason: "counts the main net's distribution addresses",
  },
  { file: /queries/, path: /^\/api\/v2\/transaction$/, reason: "the daemon builds its own transactions" },
];

const second = 1000;
const blockOne = 1_795_196_010 * second;
const blockTwo = 1_795_196_020 * second;

/** Stage is a node and a clock that stands at the time of the recording. */
interface Stage {
  readonly node: Skynode;
  readonly clock: ManualClock;
}

const at = ({ clock }: Stage, ms: number): void => clock.jump(ms - clock.now());

function block(stage: Stage, ms: number): void {
  at(stage, ms);
  if (stage.node.block() === undefined) throw new Error("no block could be made");
}

async function post(stage: Stage, path: string, body: string): Promise<Response> {
  const answer: unknown = await (await fetch(`${stage.node.url}/api/v1/csrf`)).json();
  const token = Object(answer).csrf_token;
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": String(token) };
  return fetch(stage.node.url + path, { method: "POST", headers, body });
}

async function inject(stage: Stage, rawtx: unknown, ms: number): Promise<void> {
  at(stage, ms);
  const answer = await post(stage, "/api/v1/injectTransaction", JSON.stringify({ rawtx }));
  if (answer.status !== 200) throw new Error(await answer.text());
}

async function firstSpent(stage: Stage): Promise<void> {
  await inject(stage, firstSpend.raw, blockOne - 9 * second);
  block(stage, blockOne);
}

async function secondSpent(stage: Stage): Promise<void> {
  await firstSpent(stage);
  const [, , injected] = await recorded("rest-v0.27-send-flow.json");
  await inject(stage, Object(injected?.request_body).rawtx, blockTwo - 8 * second);
  block(stage, blockTwo);
}

/** How the chain got to where each recording begins, and what happened during it: before which exchange. */
const scripts: Readonly<
  Record<
    string,
    {
      readonly begin?: (stage: Stage) => Promise<void>;
      readonly during?: Readonly<Record<number, (stage: Stage) => void>>;
    }
  >
> = {
  "rest-v0.27-first-spend.json": {
    during: {
      4: (stage) => at(stage, 1_795_196_001 * second),
      9: (stage) => block(stage, blockOne),
    },
  },
  "rest-v0.27-queries-and-errors.json": { begin: firstSpent },
  "rest-v0.27-send-flow.json": {
    begin: firstSpent,
    during: { 2: (stage) => at(stage, 1_795_196_012 * second), 4: (stage) => block(stage, blockTwo) },
  },
  "rest-v0.27-wallet-api.json": { begin: secondSpent },
  "webrpc-v0.22.json": {},
};

async function recorded(file: string): Promise<readonly Exchange[]> {
  const list: unknown = parse(await Bun.file(`${import.meta.dir}/testdata/${file}`).text());
  return Array.isArray(list) ? list : [];
}

const pathOf = (exchange: Exchange): string => new URL(exchange.path, "http://node").pathname;

function reasonsFor(file: string, exchange: Exchange): readonly string[] {
  return uncovered
    .filter((row) => row.file.test(file) && row.path.test(pathOf(exchange)))
    .map(({ reason }) => reason);
}

/** The recording left out a correctly signed transaction of 901 outputs: here is one. */
function tooLarge(): string {
  const hot = firstKeyOf("hot");
  const [input] = firstSpend.uxids;
  const outputs = Array.from({ length: 901 }, (_, i) => ({
    address: hot.address,
    coins: droplet(i === 0 ? 1_000_000_000_000n - 405_450_000n : BigInt(i) * 1000n),
    hours: hours(0n),
  }));
  return signerOf([hot.secret]).sign(transactionHex(unsignedTransaction([input], outputs)), [
    addressText(hot.address),
  ]).raw;
}

function bodyOf({ request_body: body }: Exchange): string {
  if (typeof body === "string") return body;
  return JSON.stringify(Object(body).rawtx === "<omitted>" ? { rawtx: tooLarge() } : body);
}

async function ask(stage: Stage, exchange: Exchange): Promise<Response> {
  if (exchange.method === "GET") return fetch(stage.node.url + exchange.path);
  if (exchange.request_headers["X-CSRF-Token"] !== "x") return post(stage, exchange.path, bodyOf(exchange));
  const headers = { ...exchange.request_headers };
  return fetch(stage.node.url + exchange.path, { method: "POST", headers, body: bodyOf(exchange) });
}

/** Puts the type in place of the value of each volatile member. */
function masked(value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => masked(item, names));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      names.includes(name) ? `<${typeof member}>` : masked(member, names),
    ]),
  );
}

async function compare(answer: Response, exchange: Exchange): Promise<void> {
  const text = await answer.text();
  expect([answer.status, answer.headers.get("Content-Type")]).toEqual([
    exchange.status,
    exchange.content_type,
  ]);
  if (exchange.response_text !== undefined) return expect(text).toBe(exchange.response_text);
  const names = volatile[pathOf(exchange)] ?? [];
  const wanted = goJson(masked(exchange.response_json, names));
  expect(names.length === 0 ? text : goJson(masked(parse(text), names))).toBe(wanted);
}

describe("recorded exchanges of the stock node", () => {
  for (const file of readdirSync(`${import.meta.dir}/testdata`)) {
    test(`${file}: every exchange is answered to the byte, or listed as not covered`, async () => {
      const script = scripts[file];
      if (script === undefined) throw new Error(`no script says how ${file} came about`);
      const clock = manualClock();
      const stage: Stage = { clock, node: startSkynode({ clock }) };
      try {
        await script.begin?.(stage);
        let compared = 0;
        for (const [i, exchange] of (await recorded(file)).entries()) {
          script.during?.[i]?.(stage);
          const reasons = reasonsFor(file, exchange);
          expect(reasons.length).toBeLessThan(2);
          if (reasons.length > 0) continue;
          try {
            await compare(await ask(stage, exchange), exchange);
          } catch (cause) {
            throw new Error(`${file}, exchange ${i}: ${exchange.method} ${exchange.path}`, { cause });
          }
          compared += 1;
        }
        console.log(`${file}: ${compared} exchanges compared`);
      } finally {
        await stage.node.stop();
      }
    });
  }

  test("no row of the list of what is not covered is left over", async () => {
    const files = readdirSync(`${import.meta.dir}/testdata`);
    for (const row of uncovered) {
      const fitting = files.filter((file) => row.file.test(file));
      const all = (await Promise.all(fitting.map(recorded))).flat();
      expect([row.reason, all.some((exchange) => row.path.test(pathOf(exchange)))]).toEqual([
        row.reason,
        true,
      ]);
    }
  });
});
