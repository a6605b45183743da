import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { budget, mutatedJson, mutatedText } from "#mutation";
import { systemClock } from "#internal/clock";
import type { Block, ChainSource, Watch } from "#internal/coin";
import { Fault } from "#internal/fault";
import { doubleHash, hashBytes, hashText } from "./merkle.ts";
import { bitcoinSource } from "./mod.ts";
import { networkOf } from "./networks.ts";
import { blockScanner } from "./scan.ts";

/** A node whose answers are spoiled on their way. */

const folder = join(import.meta.dir, "testdata");
const raws = readdirSync(folder)
  .filter((name) => name.endsWith(".hex"))
  .map((name) => readFileSync(join(folder, name), "utf8").trim())
  .filter((hex) => hex.length < 20_000);
const all: Watch = { size: 1, addressOf: (script) => Buffer.from(script).toString("hex") };

function hashOf(hex: string): string {
  const out = new Uint8Array(hashBytes);
  doubleHash(Buffer.from(hex.slice(0, 160), "hex"), new Uint8Array(hashBytes), out);
  return hashText(out);
}

const hashes = [networkOf("mainnet").genesis, ...raws.map(hashOf)];
const refs = raws.map((hex, i) => ({ height: i + 1, hash: hashOf(hex) }));
const honest = raws.map((hex, i) => {
  const ref = refs[i] ?? { height: 0, hash: "" };
  return blockScanner()(Buffer.from(hex, "hex"), ref, all);
});

interface Asked {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

function answerTo({ id, method, params: [first] }: Asked): unknown {
  if (method === "getblockcount") return { result: hashes.length - 1, error: null, id };
  if (method === "getblock")
    return { result: raws[hashes.indexOf(String(first)) - 1] ?? null, error: null, id };
  const hash = hashes[Number(first)];
  if (hash !== undefined) return { result: hash, error: null, id };
  return { result: null, error: { code: -1, message: "Block number out of range" }, id };
}

/** Spoil makes another text of an honest answer. */
type Spoil = (answer: unknown) => { readonly text: string; readonly status: number };

let spoil: Spoil = (answer) => ({ text: JSON.stringify(answer), status: 200 });
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const asked = (await request.json()) as Asked | Asked[];
    const { text, status } = spoil(Array.isArray(asked) ? asked.map(answerTo) : answerTo(asked));
    return new Response(text, { status });
  },
});
afterAll(() => server.stop(true));

const deadlineMs = 10_000;
const source = bitcoinSource({
  url: server.url.origin,
  user: "u",
  password: "p",
  network: "mainnet",
  clock: systemClock,
  deadlineMs,
});
const signal = new AbortController().signal;

interface Question {
  readonly ask: (from: ChainSource) => Promise<unknown>;
  readonly holds: (value: unknown) => void;
}

const isHash = (value: unknown) => expect(value).toMatch(/^[0-9a-f]{64}$/);
const questions: readonly Question[] = [
  { ask: (from) => from.check(signal), holds: () => {} },
  {
    ask: (from) => from.tip(signal),
    holds(value) {
      const tip = value as { height: number; hash: string };
      expect(Number.isSafeInteger(tip.height) && tip.height >= 0).toBe(true);
      isHash(tip.hash);
    },
  },
  {
    ask: (from) => from.hashesAt([0, 1, 99], signal),
    holds(value) {
      expect(value).toHaveLength(3);
      for (const hash of value as unknown[]) if (hash !== undefined) isHash(hash);
    },
  },
  {
    ask: (from) => from.blocks(refs, all, signal),
    holds(value) {
      // Fewer blocks than asked are an answer; another block never is.
      const blocks = value as readonly Block[];
      expect(blocks.length).toBeGreaterThan(0);
      expect(blocks).toEqual(honest.slice(0, blocks.length));
    },
  },
];
const words = [
  "null",
  "[",
  "]",
  "{",
  "}",
  '"',
  ",",
  '"error":',
  '"code":-1',
  "out of range",
  "-32601",
  "00",
  "ff",
  "<html>",
];
const { parameters, timeoutMs } = budget(1500);

/** found asks one question and looks at what comes of it. */
async function found({ ask, holds }: Question): Promise<"value" | "fault"> {
  const began = performance.now();
  try {
    holds(await ask(source));
    return "value";
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(error.op).toStartWith("bitcoin.");
    expect(["retry", "stop"]).toContain(error.fate);
    expect(error.message.length).toBeLessThan(2000);
    return "fault";
  } finally {
    // Nothing is waited for until a deadline ends it.
    expect(performance.now() - began).toBeLessThan(deadlineMs);
  }
}

test("the honest node is believed", async () => {
  for (const question of questions) expect(await found(question)).toBe("value");
});

test(
  "a node that answers nonsense gives values that can be true, or faults, and never a block that is another",
  async () => {
    const seen = { value: 0, fault: 0 };
    const samples = [answerTo({ id: 1, method: "getblockcount", params: [] })];
    const statuses = fc.constantFrom(200, 200, 200, 200, 400, 401, 403, 404, 429, 500, 503);
    // How an answer is spoiled is drawn before the answer is known: the seed of a sampling of its own.
    const spoiling = fc.record({ seed: fc.integer(), asText: fc.boolean(), status: statuses });
    await fc.assert(
      fc.asyncProperty(fc.nat(questions.length - 1), spoiling, async (i, { seed, asText, status }) => {
        spoil = (answer) => {
          const sample = answer ?? samples[0];
          const spoiled = asText ? mutatedText([JSON.stringify(sample)], words) : mutatedJson([sample]);
          return { text: fc.sample(spoiled, { numRuns: 1, seed })[0] ?? "", status };
        };
        const question = questions[i];
        if (question !== undefined) seen[await found(question)]++;
      }),
      parameters,
    );
    expect(Math.min(seen.value, seen.fault)).toBeGreaterThan(0);
  },
  timeoutMs,
);
