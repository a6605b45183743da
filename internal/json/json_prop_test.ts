import { expect, test } from "bun:test";
import fc from "fast-check";
import { integer, parse, stringify } from "./mod.ts";

const integers = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.bigInt({ min: -9n, max: 9n }),
);

test("any integer keeps every digit on its way out and in", () => {
  fc.assert(
    fc.property(integers, (n) => {
      const text = stringify(n);
      expect(text).toBe(n.toString());
      expect(integer(parse(text), "n")).toBe(n);
    }),
    { numRuns: 1000 },
  );
});

/** What is read back for a value: an integer that a double can hold comes as a number. */
function asRead(value: unknown): unknown {
  if (typeof value === "bigint") {
    const small = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
    return small ? Number(value) : value;
  }
  if (Array.isArray(value)) return value.map(asRead);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asRead(inner)]));
  }
  // JSON has one zero.
  return Object.is(value, -0) ? 0 : value;
}

test("any value with big integers, floats and texts of digits comes back as it was", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 16, maxLength: 30 });
  const leaf = fc.oneof(
    integers,
    fc.double({ noNaN: true, noDefaultInfinity: true, maxExcluded: true, min: -1e15, max: 1e15 }),
    fc.string(),
    digits,
    fc.boolean(),
    fc.constant(null),
  );
  const key = fc.oneof(
    fc.string().filter((text) => text !== "__proto__"),
    digits,
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("tree")),
      fc.dictionary(key, tie("tree"), { noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      expect(parse(stringify(value))).toEqual(asRead(value));
    }),
    { numRuns: 1000 },
  );
});
