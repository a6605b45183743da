import { describe, expect, test } from "bun:test";
import { accept } from "#internal/fault";
import { formatUnits, parseUnits, unitsOf } from "./mod.ts";

test("units have the decimals of their coin", () => {
  expect([unitsOf("BTC"), unitsOf("ETH"), unitsOf("SKY")]).toEqual([8, 18, 6]);
});

describe("an amount as text", () => {
  const shown: readonly [amount: bigint, decimals: number, text: string][] = [
    [0n, 8, "0.00000000"],
    [153420000n, 8, "1.53420000"],
    [102943000n, 6, "102.943000"],
    [1n, 6, "0.000001"],
    [10n ** 18n, 18, "1.000000000000000000"],
    [1n, 18, "0.000000000000000001"],
    [123n, 0, "123"],
    [-1n, 6, "-0.000001"],
    [-1500000n, 6, "-1.500000"],
    [2n ** 80n, 18, "1208925.819614629174706176"],
  ];
  for (const [amount, decimals, text] of shown) {
    test(`${amount} with ${decimals} decimals is ${text}`, () => {
      expect(formatUnits(amount, decimals)).toBe(text);
    });
  }

  const read: readonly [text: string, decimals: number, amount: bigint][] = [
    ["0", 8, 0n],
    ["1.5", 8, 150000000n],
    ["1.500000000000", 8, 150000000n],
    ["007", 6, 7000000n],
    ["0.000001", 6, 1n],
    ["920.45678", 8, 92045678000n],
    ["12", 0, 12n],
    ["12.000", 0, 12n],
  ];
  for (const [text, decimals, amount] of read) {
    test(`${text} with ${decimals} decimals is read as ${amount}`, () => {
      expect(parseUnits(text, decimals)).toEqual(accept(amount));
    });
  }

  const wrong = ["", " 1", "1 ", "-1", "+1", "1e3", ".5", "5.", "1,5", "1.2.3", "0x1", "NaN", "9".repeat(41)];
  for (const text of wrong) {
    test(`${JSON.stringify(text)} is refused`, () => {
      expect(parseUnits(text, 8)).toMatchObject({ ok: false });
    });
  }

  test("a digit beyond the unit is refused, not rounded", () => {
    expect(parseUnits("1.000000001", 8)).toMatchObject({
      ok: false,
      refusal: "1.000000001 has more than 8 decimal places",
    });
    expect(parseUnits("1.1", 0)).toMatchObject({ ok: false });
  });
});
