import { expect, test } from "bun:test";
import { nextPause } from "./backoff.ts";

const middle = 0.5;

test.each([
  { name: "answers come", every: 5000, failures: 0, retryAfter: 0, want: 5000 },
  { name: "one failure doubles the pause", every: 5000, failures: 1, retryAfter: 0, want: 10_000 },
  { name: "many failures stop at a minute", every: 5000, failures: 1000, retryAfter: 0, want: 60_000 },
  {
    name: "a slow page is never made faster by failures",
    every: 60_000,
    failures: 3,
    retryAfter: 0,
    want: 60_000,
  },
  { name: "the server's wish counts", every: 5000, failures: 1, retryAfter: 120, want: 120_000 },
  { name: "the server's wish shortens nothing", every: 5000, failures: 2, retryAfter: 1, want: 20_000 },
])("$name", ({ every, failures, retryAfter, want }) => {
  expect(nextPause(every, failures, retryAfter, middle)).toBe(want);
});

test("pages spread a tenth to each side", () => {
  expect([nextPause(1000, 0, 0, 0), nextPause(1000, 0, 0, 1)]).toEqual([900, 1100]);
});
