import { expect, test } from "bun:test";
import fc from "fast-check";
import { distance, nearest } from "./nearest.ts";
import { keys } from "./schema.ts";

test("the distance of two words", () => {
  expect(distance("kitten", "sitting")).toBe(3);
  expect(distance("", "abc")).toBe(3);
  expect(distance("abc", "")).toBe(3);
  expect(distance("wbe", "web")).toBe(1);
  expect(distance("web", "web")).toBe(0);
});

const slips: readonly (readonly [string, string])[] = [
  ["btc_scanner.scan_perod", "btc_scanner.scan_period"],
  ["btc_scaner.enabled", "btc_scanner.enabled"],
  ["web.logfile", "logfile"],
  ["http_adr", "web.http_addr"],
  ["throttle_max", "web.throttle_max"],
  ["sky_exchanger.max_bound_addrs", "teller.max_bound_addrs"],
  ["DEBUG", "debug"],
  ["web.htpp_addr", "web.http_addr"],
];

for (const [key, meant] of slips) {
  test(`${key} was meant as ${meant}`, () => {
    expect(nearest(key, keys)).toBe(meant);
  });
}

test("no other key is closer to a slip of the pen than the one that is named", () => {
  const slip = fc.record({
    key: fc.constantFrom(...keys),
    at: fc.nat(40),
    letter: fc.constantFrom(..."abcxyz_"),
  });
  fc.assert(
    fc.property(slip, ({ key, at, letter }) => {
      const place = at % key.length;
      const typed = `${key.slice(0, place)}${letter}${key.slice(place + 1)}`;
      expect(distance(typed, nearest(typed, keys))).toBeLessThanOrEqual(1);
    }),
  );
});
