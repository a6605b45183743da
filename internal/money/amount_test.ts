import { describe, expect, test } from "bun:test";
import { amount, droplet, hours, parseRate, saleAmount, satoshi, unitsOf, wei } from "./mod.ts";

/** A row of the tables of `spec/teller.md` §6.9: the same amount for each number of decimals in the list. */
type Row = readonly [value: bigint, rate: string, decimals: readonly number[], droplets: bigint];

const ether = 10n ** 18n;

const btc: readonly Row[] = [
  [0n, "1", [0], 0n],
  [100000000n, "1", [0], 1000000n],
  [100000000n, "500", [0], 500000000n],
  [10000000000n, "500", [0], 50000000000n],
  [200000n, "500", [0], 1000000n],
  [100000000n, "1/2", [0], 0n],
  [100000000n, "1/2", [1, 2, 3], 500000n],
  [1234500000000n, "1/2", [0], 6172000000n],
  [1234500000000n, "1/2", [1, 2, 3], 6172500000n],
  [100000000n, "0.0001", [0, 1, 2, 3], 0n],
  [100000000n, "0.0001", [4], 100n],
  [12345678n, "512", [0], 63000000n],
  [12345678n, "512", [1, 2], 63200000n],
  [12345678n, "512", [3], 63209000n],
  [123456789n, "10000", [0], 12345000000n],
  [123456789n, "10000", [1], 12345600000n],
  [123456789n, "10000", [2], 12345670000n],
  [123456789n, "10000", [3], 12345678000n],
  // The original multiplies by 0.66666667, we by 2/3: up to three decimals both give this.
  [8765432190000n, "2/3", [0], 58436000000n],
  [8765432190000n, "2/3", [1], 58436200000n],
  [8765432190000n, "2/3", [2], 58436210000n],
  [8765432190000n, "2/3", [3], 58436214000n],
  [1250000n, "1250", [3], 15625000n],
  [100000000n, "1/3", [3], 333000n],
  [100000n, "500", [3], 500000n],
  [1n, "500", [3], 0n],
  // The original overflows here and says "calculated sky amount is negative"; a `bigint` does not.
  [9223372036854775807n, "1000000", [3], 92233720368547758070000n],
];

const eth: readonly Row[] = [
  [0n, "1", [0], 0n],
  [1000n, "0.001", [0], 0n],
  [ether, "1", [0], 1000000n],
  [ether, "500", [0], 500000000n],
  [100n * ether, "500", [0], 50000000000n],
  [2n * 10n ** 15n, "500", [0], 1000000n],
  [ether, "1/2", [0], 0n],
  [11345n * 10n ** 13n, "100", [0], 11000000n],
  [2245236n * 10n ** 14n, "200", [0], 44904000000n],
  [2245236n * 10n ** 14n, "200", [1], 44904700000n],
  [2245236n * 10n ** 14n, "200", [2], 44904720000n],
  [2245236n * 10n ** 14n, "1568", [0, 1, 2], 352053000000n],
  [2245236n * 10n ** 14n, "1568", [3], 352053004000n],
  [2245236n * 10n ** 14n, "0.15", [0], 33000000n],
  [2245236n * 10n ** 14n, "0.15", [1], 33600000n],
  [2245236n * 10n ** 14n, "0.15", [2], 33670000n],
  [2245236n * 10n ** 14n, "0.15", [3], 33678000n],
  [2245236n * 10n ** 14n, "2/3", [0], 149000000n],
  [2245236n * 10n ** 14n, "2/3", [1], 149600000n],
  [2245236n * 10n ** 14n, "2/3", [2], 149680000n],
  [2245236n * 10n ** 14n, "2/3", [3], 149682000n],
];

function rateOf(text: string) {
  const parsed = parseRate(text);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}

describe("a sale", () => {
  for (const [coin, rows] of [["BTC", btc] as const, ["ETH", eth] as const]) {
    for (const [value, rate, list, droplets] of rows) {
      for (const decimals of list) {
        test(`${value} of the smallest unit of ${coin} at ${rate}, ${decimals} decimals: ${droplets} droplets`, () => {
          expect(saleAmount(value, unitsOf(coin), rateOf(rate), decimals)).toBe(droplet(droplets));
        });
      }
    }
  }

  test("differs from the original where 8 places of a fraction are not enough, and then never pays more", () => {
    // 1000 BTC at 2/3: 0.66666667 would give 666.66667, two thirds are 666.666666…
    expect(saleAmount(100_000_000_000n, 8, rateOf("2/3"), 6)).toBe(droplet(666_666_666n));
  });

  test("never has more decimals than a droplet", () => {
    expect(saleAmount(1n, 8, rateOf("1000"), 40)).toBe(droplet(10n));
  });

  test("of less than nothing, or to less than no decimals, is refused", () => {
    expect(() => saleAmount(-1n, 8, rateOf("1"), 0)).toThrow("must be greater than or equal to 0");
    expect(() => saleAmount(1n, 8, rateOf("1"), -1)).toThrow("maxDecimals can't be negative");
  });
});

test("no amount is negative", () => {
  for (const unit of [satoshi, wei, droplet, hours, amount]) {
    expect(() => unit(-1n)).toThrow(RangeError);
    expect(unit(0n)).toBe(unit(0n));
  }
});
