import { describe, expect, test } from "bun:test";
import { integer, parse, stringify } from "./mod.ts";

describe("reading", () => {
  const cases: readonly [text: string, value: unknown][] = [
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["9007199254740993", 9007199254740993n],
    ["-9007199254740993", -9007199254740993n],
    ["123456789012345678901234567890", 123456789012345678901234567890n],
    ["1000000000000000", 1_000_000_000_000_000],
    ["0", 0],
    [" \n\t-9007199254740993 ", -9007199254740993n],
    ["[9007199254740993,\n9007199254740995]", [9007199254740993n, 9007199254740995n]],
    ['{"a"\t:\r\n  -9007199254740993}', { a: -9007199254740993n }],
    ['["a9007199254740993", 1]', ["a9007199254740993", 1]],
    ["0.1", 0.1],
    ["-1.5e-7", -1.5e-7],
    ["0.1234567890123456", 0.1234567890123456],
    ["1234567890123456.5", 1234567890123456.5],
    ['"9007199254740993"', "9007199254740993"],
    ['["1234567890123456789", 1234567890123456789]', ["1234567890123456789", 1234567890123456789n]],
    [
      '{"a": [1, {"value": 18446744073709551615}], "f": 1.25}',
      { a: [1, { value: 18446744073709551615n }], f: 1.25 },
    ],
    ['{"18446744073709551615": true}', { "18446744073709551615": true }],
    ["[null, true, false, 12345678901234567890]", [null, true, false, 12345678901234567890n]],
  ];
  for (const [text, value] of cases) {
    test(`${text} keeps its digits`, () => {
      expect(parse(text)).toEqual(value);
    });
  }

  test("text that is no JSON throws, with or without long numbers", () => {
    for (const text of ["", "{", "12345678901234567890,", "01", "1n"]) expect(() => parse(text)).toThrow();
  });
});

describe("writing", () => {
  test("a bigint is a bare integer, as deep as it lies", () => {
    expect(stringify({ value: 18446744073709551615n, list: [1n, -2n], s: "3" })).toBe(
      '{"value":18446744073709551615,"list":[1,-2],"s":"3"}',
    );
    expect(stringify(10n ** 40n)).toBe(`1${"0".repeat(40)}`);
  });

  test("can be indented for people", () => {
    expect(stringify({ a: 1n }, 2)).toBe('{\n  "a": 1\n}');
  });
});

describe("an integer", () => {
  test("is taken from a number or a bigint", () => {
    expect(integer(5, "n")).toBe(5n);
    expect(integer(-5n, "n")).toBe(-5n);
    expect(integer(parse("9007199254740993"), "n")).toBe(9007199254740993n);
  });

  const wrong: readonly [value: unknown, text: string][] = [
    ["5", "value: expected an integer, got text"],
    [0.5, "value: expected an integer, got 0.5"],
    // A double that has already lost digits is no integer that anybody wrote.
    [2 ** 53, "value: expected an integer, got 9007199254740992"],
    [parse("1e400"), "value: expected an integer, got Infinity"],
    [parse("9007199254740993.0"), "value: expected an integer, got 9007199254740992"],
    [Number.NaN, "value: expected an integer, got NaN"],
    [null, "value: expected an integer, got null"],
    [undefined, "value: expected an integer, got undefined"],
    [true, "value: expected an integer, got true"],
  ];
  for (const [value, text] of wrong) {
    test(`is not ${typeof value} ${String(value)}`, () => {
      expect(() => integer(value, "value")).toThrow(new TypeError(text));
    });
  }
});
