import { expect, test } from "bun:test";
import fc from "fast-check";
import { accept } from "#internal/fault";
import { coinTypes, formatUnits, parseRate, parseUnits, rateText, saleAmount, unitsOf } from "./mod.ts";

const values = fc.bigInt({ min: 0n, max: 2n ** 96n });
const rates = fc.record({
  num: fc.bigInt({ min: 1n, max: 10n ** 12n }),
  den: fc.bigInt({ min: 1n, max: 10n ** 12n }),
});

test("a sale never gives more than the exact product, and less by under one unit of its decimals", () => {
  const coins = fc.constantFrom(...coinTypes.map(unitsOf));
  fc.assert(
    fc.property(
      values,
      coins,
      rates,
      fc.integer({ min: 0, max: 8 }),
      (value, coinDecimals, rate, decimals) => {
        const got = saleAmount(value, coinDecimals, rate, decimals);
        const places = Math.min(decimals, 6);
        const unit = 10n ** BigInt(6 - places);
        // Both sides times the denominators: no division, so nothing is rounded here.
        const scale = rate.den * 10n ** BigInt(coinDecimals);
        const exact = value * rate.num * 1_000_000n;
        expect(got % unit).toBe(0n);
        expect(got >= 0n && got * scale <= exact).toBe(true);
        expect((got + unit) * scale > exact).toBe(true);
      },
    ),
    { numRuns: 2000, interruptAfterTimeLimit: 10_000 },
  );
});

test("more money never buys less, and two deposits never buy more than their sum", () => {
  fc.assert(
    fc.property(values, values, rates, fc.integer({ min: 0, max: 6 }), (one, other, rate, decimals) => {
      const sale = (value: bigint): bigint => saleAmount(value, 8, rate, decimals);
      expect(sale(one + other) >= sale(one) + sale(other)).toBe(true);
    }),
    { interruptAfterTimeLimit: 10_000 },
  );
});

test("a rate that is printed is read as the same fraction", () => {
  fc.assert(
    fc.property(rates, (rate) => {
      expect(parseRate(rateText(rate))).toEqual(accept(rate));
    }),
  );
});

test("an amount that is printed is read as the same amount", () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 18 }), (value, decimals) => {
      expect(parseUnits(formatUnits(value, decimals), decimals)).toEqual(accept(value));
    }),
  );
});

test("any text is read as a rate above zero or refused", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789.+-/eE k".split("")), maxLength: 12 });
  fc.assert(
    fc.property(fc.oneof(fc.string(), digits), (text) => {
      const parsed = parseRate(text);
      if (parsed.ok) expect(parsed.value.num > 0n && parsed.value.den > 0n).toBe(true);
      else expect(parsed.refusal).not.toBe("");
    }),
    { numRuns: 2000 },
  );
});
