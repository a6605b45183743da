import { expect, test } from "bun:test";
import { slidingWindow } from "./window.ts";

test("the client seen longest ago is the one that is forgotten", () => {
  const window = slidingWindow({ max: 1, durationMs: 1000, clients: 2, now: () => 0 });
  expect([window.take("a"), window.take("b")]).toEqual([0, 0]);
  expect(window.take("a")).toBe(1000);
  expect(window.take("c")).toBe(0);
  expect(window.take("a")).toBe(1000);
  expect(window.take("b")).toBe(0);
});

test("who keeps knocking while refused gets in when the window is over", () => {
  let time = 0;
  const window = slidingWindow({ max: 1, durationMs: 1000, clients: 10, now: () => time });
  expect(window.take("a")).toBe(0);
  for (time = 100; time < 1000; time += 100) expect(window.take("a")).toBe(1000 - time);
  expect(window.take("a")).toBe(0);
});

test("a limit of zero refuses all", () => {
  const window = slidingWindow({ max: 0, durationMs: 1000, clients: 10, now: () => 0 });
  expect(window.take("a")).toBe(1000);
  expect(window.remembered).toBe(0);
});
