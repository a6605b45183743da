import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatDuration, parseDuration } from "./duration.ts";

const good: readonly (readonly [string, number])[] = [
  ["20s", 20_000],
  ["1m30s", 90_000],
  ["250ms", 250],
  ["1.5h", 5_400_000],
  [".5s", 500],
  ["5.s", 5_000],
  ["0.1s", 100],
  ["1h1h", 7_200_000],
  ["1500us", 1],
  ["1500\u00b5s", 1],
  ["1500\u03bcs", 1],
  ["999999ns", 0],
  ["0", 0],
  ["0s", 0],
];

for (const [text, ms] of good) {
  test(`${text} is ${ms} milliseconds`, () => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms });
  });
}

const bad = [
  "",
  "20",
  "20x",
  "s",
  ".s",
  "1m30",
  "-5s",
  "+5s",
  " 5s",
  "5s ",
  "5 s",
  "1,5s",
  "1e3s",
  "5S",
  "1d",
  "٣s",
  "1".repeat(70),
];

for (const text of bad) {
  test(`${JSON.stringify(text)} is no duration`, () => {
    expect(parseDuration(text)).toEqual({ ok: false, refusal: "is not a duration" });
  });
}

test("a formatted duration is read back as the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, value: ms });
    }),
  );
});

test("a duration is written with its largest units", () => {
  expect([0, 250, 20_000, 60_000, 90_000, 86_400_000, 3_600_001].map(formatDuration)).toEqual([
    "0s",
    "250ms",
    "20s",
    "1m",
    "1m30s",
    "24h",
    "1h1ms",
  ]);
});
