import { expect, test } from "bun:test";
import { manualClock } from "#internal/clock";
import { reminder } from "./mod.ts";

const minute = 60_000;

test("a matter is said when it is new, and again every hour", async () => {
  const clock = manualClock();
  const said: number[] = [];
  const made = reminder(clock);
  for (let i = 0; i <= 150; i++) {
    made.stands("the balance is too small", () => said.push(i));
    await clock.advance(minute);
  }
  expect(said).toEqual([0, 60, 120]);
});

test("another matter is said at once and takes the first one's place", () => {
  const made = reminder(manualClock());
  const said: string[] = [];
  const stands = (text: string) => made.stands(text, () => said.push(text));
  stands("one");
  stands("one");
  stands("two");
  stands("two");
  stands("one");
  expect(said).toEqual(["one", "two", "one"]);
});

test("what is over is said at once when it comes back", () => {
  const made = reminder(manualClock());
  let said = 0;
  const stands = () => made.stands("one", () => said++);
  stands();
  made.over();
  stands();
  expect(said).toBe(2);
});

test("a wall clock that jumps neither repeats nor silences", async () => {
  const clock = manualClock();
  const made = reminder(clock);
  let said = 0;
  const stands = () => made.stands("one", () => said++);
  stands();
  clock.jump(5 * 60 * minute);
  stands();
  expect(said).toBe(1);
  clock.jump(-10 * 60 * minute);
  await clock.advance(60 * minute);
  stands();
  expect(said).toBe(2);
});
