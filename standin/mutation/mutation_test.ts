import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { budget, mutatedBytes, mutatedJson, mutatedText } from "./mod.ts";

const runs = 300;

/** drawn gives so many values of a seed. */
const drawn = <T>(arbitrary: fc.Arbitrary<T>, seed = 1) => fc.sample(arbitrary, { numRuns: runs, seed });

describe("spoiled text", () => {
  const text = mutatedText(["hello world", "[section]\nkey = 1\n"], ["=", "[["]);
  test("is the same for the same seed, and differs mostly from the sample", () => {
    expect(drawn(text)).toEqual(drawn(text));
    expect(new Set(drawn(text)).size).toBeGreaterThan(runs / 4);
  });
  test("has the words that were asked for", () => {
    expect(drawn(text).some((one) => one.includes("[["))).toBe(true);
  });
});

test("spoiled bytes are shorter, longer and as long as the sample", () => {
  const lengths = drawn(mutatedBytes([new Uint8Array(100)])).map((bytes) => bytes.length);
  for (const wanted of [(n: number) => n < 100, (n: number) => n === 100, (n: number) => n > 100]) {
    expect(lengths.some(wanted)).toBe(true);
  }
});

test("spoiled JSON is JSON, lacks members, has others, and numbers that no double holds", () => {
  const texts = drawn(mutatedJson([{ a: 1, b: [1, 2, { c: "text" }] }]));
  for (const text of texts) if (text !== "") expect(() => JSON.parse(text)).not.toThrow();
  expect(texts.some((text) => !text.includes('"a"'))).toBe(true);
  expect(texts.some((text) => text.includes("18446744073709551616"))).toBe(true);
  expect(texts.some((text) => text.includes("__proto__"))).toBe(true);
});

test("the usual budget ends within some seconds", () => {
  const { parameters } = budget(1000);
  if (process.env["FUZZ_MS"] === undefined) {
    expect(parameters.numRuns).toBe(1000);
    expect(parameters.interruptAfterTimeLimit).toBeLessThanOrEqual(5000);
  }
  expect(parameters.markInterruptAsFailure).toBe(false);
});
