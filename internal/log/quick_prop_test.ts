import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatted, line } from "./line.ts";
import type { Fields } from "./types.ts";

const texts = fc.oneof(
  fc.string({ unit: "grapheme-ascii" }),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "null",
    "undefined",
    "true",
    "false",
    "True",
    "a b",
    'a"b',
    "a=b",
    "a\\b",
    "",
    " ",
    "\u007f",
    "\u0080",
  ),
);
const values = fc.oneof(texts, fc.double(), fc.integer(), fc.bigInt(), fc.boolean(), fc.constant(undefined));
const keys = fc.oneof(
  fc.constantFrom("time", "level", "logger", "msg", "deposit", "ms", "a b", ""),
  fc.string(),
);

test("the quick way writes what the formatter writes", () => {
  fc.assert(
    fc.property(
      fc.record({
        time: fc.integer({ min: 0, max: 4_000_000_000_000 }),
        level: fc.constantFrom("debug" as const, "info" as const, "warn" as const, "error" as const),
        logger: texts,
        msg: texts,
        fields: fc.dictionary(keys, values, { noNullPrototype: true }) as fc.Arbitrary<Fields>,
      }),
      (event) => {
        expect(line(event)).toBe(formatted(event));
      },
    ),
    { numRuns: 5_000 },
  );
});
