import { describe, expect, test } from "bun:test";
import { goBool, goDuration, goJson, goTime, goUint, readBody, words } from "./go.ts";

describe("what the node's language prints", () => {
  test("JSON has four spaces, bare integers of any size, and no bare angle brackets", () => {
    const value = { n: 2n ** 64n - 1n, text: "<a&b>\u2028", list: [], none: {} };
    expect(goJson(value)).toBe(
      '{\n    "n": 18446744073709551615,\n    "text": "\\u003ca\\u0026b\\u003e\\u2028",\n    "list": [],\n    "none": {}\n}',
    );
  });

  test("times have no trailing zeros", () => {
    const times = [0, 580, 7].map((ms) => goTime(1_795_196_001_000 + ms));
    expect(times).toEqual(["2026-11-20T17:33:21Z", "2026-11-20T17:33:21.58Z", "2026-11-20T17:33:21.007Z"]);
  });

  test("durations leave out what is zero in front, and nothing behind", () => {
    const table = { 0: "0s", 5: "5ms", 8_017: "8.017s", 60_000: "1m0s", 3_661_500: "1h1m1.5s" };
    for (const [ms, text] of Object.entries(table)) expect(goDuration(Number(ms))).toBe(text);
    expect(goDuration(95_251_877_000)).toBe("26458h51m17s");
  });
});

describe("what it reads", () => {
  test("switches and integers", () => {
    expect(["1", "t", "TRUE", "", "0", "False", "yes"].map(goBool)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      undefined,
    ]);
    expect(["0", "12", "-1", "1.5", "", "99999999999999999999"].map(goUint)).toEqual([
      0,
      12,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("lists, each word once", () => {
    expect(words("a, b\tc,,a\n")).toEqual(["a", "b", "c"]);
  });

  const bodies: readonly (readonly [text: string, says: unknown])[] = [
    ['{"raw":"x"} and more', { ok: true, value: { raw: "x" } }],
    ['{"raw":"}\\"{"}x', { ok: true, value: { raw: '}"{' } }],
    ['{"raw":null,"other":[1]}', { ok: true }],
    ['{"raw":"x"', { ok: false, refusal: "unexpected EOF" }],
    ['"text"', { ok: false, refusal: "json: cannot unmarshal string into Go value of type api.Name" }],
    [
      '{"raw":true}',
      { ok: false, refusal: "json: cannot unmarshal bool into Go struct field Name.raw of type string" },
    ],
  ];
  for (const [text, says] of bodies) {
    test(`the body ${text}`, () => {
      expect(readBody(text, "Name", { raw: "string" })).toMatchObject(Object(says));
    });
  }
});
