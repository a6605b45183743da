import { expect, test } from "bun:test";
import { type Candidate, chooseInputs, largestFirst } from "./choose.ts";

const candidate = (uxid: string, coins: bigint, hours: bigint, blockSeq: number): Candidate => ({
  uxid,
  coins,
  hours,
  blockSeq,
});

test("candidates are in order of coins, then of fewest hours, then of age, then of uxid", () => {
  const ordered = [
    candidate("f", 9n, 9n, 9),
    candidate("e", 5n, 1n, 9),
    candidate("d", 5n, 2n, 3),
    candidate("a", 5n, 2n, 4),
    candidate("b", 5n, 2n, 4),
    candidate("c", 1n, 0n, 0),
  ];
  for (const shuffled of [ordered.toReversed(), ordered.toSorted((a, b) => a.blockSeq - b.blockSeq)]) {
    expect(shuffled.toSorted(largestFirst)).toEqual(ordered);
  }
});

test("outputs without hours are taken before others that cost more to spend", () => {
  const rich = candidate("a", 10n, 100n, 1);
  const richer = candidate("b", 9n, 100n, 1);
  const poor = candidate("c", 5n, 0n, 1);
  const chosen = chooseInputs([poor, richer, rich], { coins: 14n, hours: 0n, burnFactor: 10n });
  expect(chosen).toEqual({ ok: true, value: [rich, poor] });
});

test("the list that was given stays as it was", () => {
  const list = [candidate("a", 1n, 1n, 1), candidate("b", 2n, 1n, 1)];
  chooseInputs(list, { coins: 3n, hours: 0n, burnFactor: 10n });
  expect(list.map((each) => each.uxid)).toEqual(["a", "b"]);
});
