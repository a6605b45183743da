import { expect, test } from "bun:test";
import fc from "fast-check";
import { accept } from "#internal/fault";
import {
  coinTypes,
  formatUnits,
  parseRate,
  parseUnits,
  type Rate,
  rateText,
  saleAmount,
  unitsOf,
} from "./mod.ts";

const values = fc.bigInt({ min: 0n, max: 2n ** 96n });
const rates = fc.record({
  num: fc.bigInt({ min: 1n, max: 10n ** 12n }),
  den: fc.bigInt({ min: 1n, max: 10n ** 12n }),
});

const places = fc.integer({ min: 0, max: 8 });
const coinDecimals = fc.constantFrom(...coinTypes.map(unitsOf));

/** checkSale compares with the exact product: both sides times the denominators, so that nothing is rounded here. */
function checkSale(value: bigint, coin: number, rate: Rate, decimals: number): void {
  const got = saleAmount(value, coin, rate, decimals);
  const unit = 10n ** BigInt(6 - Math.min(decimals, 6));
  const scale = rate.den * 10n ** BigInt(coin);
  const exact = value * rate.num * 1_000_000n;
  expect(got % unit).toBe(0n);
  expect(got >= 0n && got * scale <= exact).toBe(true);
  expect((got + unit) * scale > exact).toBe(true);
}

test("a sale never gives more than the exact product, and less by under one unit of its decimals", () => {
  fc.assert(fc.property(values, coinDecimals, rates, places, checkSale), {
    numRuns: 1000,
    interruptAfterTimeLimit: 10_000,
  });
});

test("so it is at the very edge of each unit", () => {
  const edges = fc.record({
    units: fc.bigInt({ min: 0n, max: 10n ** 9n }),
    beside: fc.constantFrom(-1n, 0n, 1n),
  });
  fc.assert(
    fc.property(edges, coinDecimals, rates, places, ({ units, beside }, coin, rate, decimals) => {
      // The least value that buys so many units, or its neighbour.
      const perUnit = 10n ** BigInt(Math.min(decimals, 6));
      const value = (units * rate.den * 10n ** BigInt(coin)) / (rate.num * perUnit) + beside;
      if (value >= 0n) checkSale(value, coin, rate, decimals);
    }),
    { numRuns: 1000, interruptAfterTimeLimit: 10_000 },
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
