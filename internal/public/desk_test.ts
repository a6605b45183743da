import { expect, test } from "bun:test";
import { grouped, trimZeros } from "./desk.ts";
import { waitText } from "./page.ts";

test.each([
  ["500.000000", "500"],
  ["30.500000", "30.5"],
  ["0.000000", "0"],
  ["0.005", "0.005"],
  ["100", "100"],
  ["", ""],
])("%p is shown as %p", (text, want) => {
  expect(trimZeros(text)).toBe(want);
});

test.each([
  ["0.000000", "0"],
  ["999.999999", "999"],
  ["1000.000000", "1,000"],
  ["12500", "12,500"],
  ["1000000.500000", "1,000,000"],
])("%p SKY is shown as %p", (text, want) => {
  expect(grouped(text)).toBe(want);
});

test.each([
  [0, "a little"],
  [29, "a little"],
  [60, "about a minute"],
  [1260, "about 21 minutes"],
  [5399, "about 2 hours"],
  [3600 * 30, "about 30 hours"],
])("%d seconds are %s", (seconds, want) => {
  expect(waitText(seconds)).toBe(want);
});
