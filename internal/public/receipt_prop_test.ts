import { expect, test } from "bun:test";
import fc from "fast-check";
import { manualClock } from "#internal/clock";
import { receipts } from "./receipt.ts";
import { btcAddresses, ethAddresses, goodAddresses } from "./testteller.ts";

const receipt = fc
  .record({ skyaddr: fc.constantFrom(...goodAddresses), coin: fc.constantFrom("BTC", "ETH"), i: fc.nat(1) })
  .map(({ skyaddr, coin, i }) => ({
    skyaddr,
    coin,
    address: (coin === "BTC" ? btcAddresses : ethAddresses)[i] ?? "",
  }));

const made = receipts(new Uint8Array(32).fill(1), manualClock());

test("what was issued is read back", () => {
  fc.assert(
    fc.property(receipt, (given) => {
      expect(made.read(given.skyaddr, made.issue(given))).toEqual(given);
    }),
    { numRuns: 50 },
  );
});

test("a text with one other character is not", () => {
  fc.assert(
    fc.property(receipt, fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (given, at, character) => {
      const text = made.issue(given);
      const i = at % text.length;
      const forged = text.slice(0, i) + character + text.slice(i + 1);
      fc.pre(forged !== text);
      const read = made.read(given.skyaddr, forged);
      // The last character of a base64url text has bits that mean nothing.
      if (read !== undefined) expect([i, read]).toEqual([text.length - 1, given]);
    }),
    { numRuns: 500 },
  );
});

test("any other text is not, and none throws", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 500 }), fc.string({ maxLength: 50 }), (text, skyaddr) => {
      expect(made.read(skyaddr, text)).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});
