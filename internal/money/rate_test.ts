import { describe, expect, test } from "bun:test";
import { accept, refuse } from "#internal/fault";
import { parseRate, rateText } from "./mod.ts";

/** Source of texts and refusals: `spec/teller.md` §6.8. */
describe("a rate", () => {
  const good: readonly [text: string, num: bigint, den: bigint][] = [
    ["1", 1n, 1n],
    ["500", 500n, 1n],
    ["+5", 5n, 1n],
    ["0.1", 1n, 10n],
    [".5", 5n, 10n],
    ["5.", 5n, 1n],
    ["1e3", 1000n, 1n],
    ["1E-2", 1n, 100n],
    ["2.5e1", 25n, 1n],
    ["1/10", 1n, 10n],
    ["1/2", 1n, 2n],
    // The original rounds a fraction to 8 places (0.66666667); here it stays exact.
    ["2/3", 2n, 3n],
    ["-2/-3", 2n, 3n],
    ["0.0001", 1n, 10_000n],
    ["123456789012345678901234567890", 123456789012345678901234567890n, 1n],
  ];
  for (const [text, num, den] of good) {
    test(`${text} is exactly ${num}/${den}`, () => {
      expect(parseRate(text)).toEqual(accept({ num, den }));
    });
  }

  const cannot = [
    ...["bad", "1/0", "12k", "1b", "100k", "0.1b", "", "1/2/3", "1.5/3", " 1", "1 ", " 1/2", "0x10", "1_0"],
    ...[".", "+", "-", "--1", "1/", "/2", "½", "１"],
  ];
  for (const text of cannot) {
    test(`${JSON.stringify(text)} is no number`, () => {
      expect(parseRate(text)).toEqual(refuse(`can't convert ${text} to decimal`));
    });
  }

  const explained: readonly [text: string, why: string][] = [
    ["invalidrate", "exponent is not numeric"],
    ["1e", "exponent is not numeric"],
    ["1e1.5", "exponent is not numeric"],
    ["1.2.3", "too many .s"],
    ["1e1000000000000", "fractional part too long"],
    ["1e-1000000000000", "fractional part too long"],
    ["1e41", "fractional part too long"],
  ];
  for (const [text, why] of explained) {
    test(`${text}: ${why}`, () => {
      expect(parseRate(text)).toEqual(refuse(`can't convert ${text} to decimal: ${why}`));
    });
  }

  for (const text of ["0", "-1", "-1/2", "1/-2", "0/5", "0.0", "-0.1", "0e5", "-0"]) {
    test(`${text} is not greater than zero`, () => {
      expect(parseRate(text)).toEqual(refuse("rate must be greater than zero"));
    });
  }

  test("a text of any length costs little and is not repeated", () => {
    expect(parseRate("9".repeat(1_000_000))).toEqual(
      refuse("can't convert a text of 1000000 characters to decimal"),
    );
  });

  test("is printed as a whole number or as the fraction that it is", () => {
    expect(rateText({ num: 500n, den: 1n })).toBe("500");
    expect(rateText({ num: 5n, den: 10n })).toBe("5/10");
  });
});
