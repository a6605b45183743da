import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { budget, mutatedBytes } from "#mutation";
import type { Watch } from "#internal/coin";
import { doubleHash, hashBytes, hashText } from "./merkle.ts";
import { blockScanner } from "./scan.ts";
import { readParts } from "./transaction.ts";
import { BadBlock, type Span, Walker } from "./walk.ts";

const folder = join(import.meta.dir, "testdata");
/** Real blocks: with witnesses and without, of one transaction and of many. */
const blocks = readdirSync(folder)
  .filter((name) => name.endsWith(".hex"))
  .map((name) => Buffer.from(readFileSync(join(folder, name), "utf8").trim(), "hex"));
const all: Watch = { size: 1, addressOf: (script) => Buffer.from(script).toString("hex") };
const headerBytes = 80;
const mostMs = 1000;

function hashOf(raw: Uint8Array): string {
  const out = new Uint8Array(hashBytes);
  doubleHash(raw.subarray(0, headerBytes), new Uint8Array(hashBytes), out);
  return hashText(out);
}

const honest = new Map(
  blocks.map((raw) => {
    const ref = { height: 1, hash: hashOf(raw) };
    return [ref.hash, blockScanner()(raw, ref, all)];
  }),
);
const scan = blockScanner();
const { parameters, timeoutMs } = budget(2000);
const small = blocks.filter((raw) => raw.length < 20_000);

test(
  "a spoiled block is refused, or what is found in it is what is in the real one",
  () => {
    const seen = { refused: 0, read: 0 };
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: mutatedBytes(small) }, mutatedBytes(blocks)), (raw) => {
        const hash = hashOf(raw);
        const began = performance.now();
        try {
          const block = scan(raw, { height: 1, hash }, all);
          seen.read++;
          const real = honest.get(hash);
          // Another header, which no node would take, with the same transactions.
          if (real !== undefined) expect(block).toEqual(real);
          else expect(Array.from(honest.values(), ({ outputs }) => outputs)).toContainEqual(block.outputs);
        } catch (error) {
          if (!(error instanceof BadBlock)) throw error;
          seen.refused++;
        }
        expect(performance.now() - began).toBeLessThan(mostMs);
      }),
      parameters,
    );
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(0);
  },
  timeoutMs,
);

/** Every transaction of the small blocks. */
const transactions = small.flatMap((raw) => {
  const walker = new Walker(raw, headerBytes);
  return Array.from({ length: walker.length() }, () => {
    const span: Span = { start: 0, body: 0, bodyEnd: 0, end: 0, segwit: false, coinbase: false };
    walker.transaction(span, () => {});
    return raw.subarray(span.start, span.end);
  });
});

test(
  "spoiled bytes of a transaction are stepped over or refused, never past their end, and what is stepped over can be read",
  () => {
    expect(transactions.length).toBeGreaterThan(10);
    const seen = { refused: 0, read: 0 };
    fc.assert(
      fc.property(mutatedBytes(transactions), (raw) => {
        const walker = new Walker(raw, 0);
        const span: Span = { start: 0, body: 0, bodyEnd: 0, end: 0, segwit: false, coinbase: false };
        const found: [number, number][] = [];
        const began = performance.now();
        try {
          walker.transaction(span, (start, end) => found.push([start, end]));
          expect(span.end).toBeLessThanOrEqual(raw.length);
          const { outputs, inputs } = readParts(raw, span.body, span.coinbase);
          seen.read++;
          expect(outputs.length).toBeGreaterThanOrEqual(found.length);
          expect(inputs.length > 0).toBe(!span.coinbase);
        } catch (error) {
          if (!(error instanceof BadBlock)) throw error;
          seen.refused++;
        }
        expect(performance.now() - began).toBeLessThan(mostMs);
      }),
      parameters,
    );
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(0);
  },
  timeoutMs,
);
