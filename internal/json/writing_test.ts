import { expect, test } from "bun:test";
import { stringify } from "./mod.ts";

test("writing changes nothing of the value", () => {
  const inner = Object.freeze({ n: 2n ** 80n, list: Object.freeze([1n, Object.freeze({ deep: -1n })]) });
  const value = Object.freeze({ inner, text: "x", nothing: null });
  expect(stringify(value)).toBe(
    '{"inner":{"n":1208925819614629174706176,"list":[1,{"deep":-1}]},"text":"x","nothing":null}',
  );
  expect(value.inner).toBe(inner);
  expect(inner.n).toBe(2n ** 80n);
});

test("members keep their order, and those without a text are left out", () => {
  const value = { z: 1n, a: "2", gone: undefined, also: () => 1n, m: [undefined, 3n] };
  expect(stringify(value)).toBe('{"z":1,"a":"2","m":[null,3]}');
});

test("what writes itself is asked to, even beside a big integer", () => {
  class Hidden {
    readonly secret = 5n;
    toJSON() {
      return "***";
    }
  }
  expect(stringify({ hidden: new Hidden(), at: new Date(0), n: 1n })).toBe(
    '{"hidden":"***","at":"1970-01-01T00:00:00.000Z","n":1}',
  );
});

test("a member named __proto__ is a member like any other", () => {
  const value: unknown = JSON.parse('{"__proto__": 1, "a": 2}');
  Object.defineProperty(value, "__proto__", { value: 2n ** 64n, enumerable: true });
  expect(stringify(value)).toBe('{"__proto__":18446744073709551616,"a":2}');
});

test("the digits are the same on both sides of what a double can hold", () => {
  for (const edge of [2n ** 53n, -(2n ** 53n)]) {
    for (let n = edge - 3n; n <= edge + 3n; n++) expect(stringify([n])).toBe(`[${n}]`);
  }
});
