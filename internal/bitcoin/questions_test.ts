import { expect, test } from "bun:test";
import fc from "fast-check";
import { Questions, scriptSet } from "./scriptset.ts";

const script = fc.uint8Array({ minLength: 1, maxLength: 40 });

test("many scripts at once are answered as one by one", () => {
  const questions = new Questions();
  fc.assert(
    fc.property(fc.array(script), fc.array(script), (watched, others) => {
      const set = scriptSet({ resolve: () => undefined });
      for (const one of watched) set.add(one);
      const asked = [...watched, ...others, ...watched];
      questions.clear();
      for (const [tag, one] of asked.entries()) questions.add(one, 0, one.length, tag);
      const expected = asked.flatMap((one, tag) => (set.maybeHas(one) ? [tag] : []));
      expect(set.taggedIn(questions)).toEqual(expected);
      expect(expected.length).toBeGreaterThanOrEqual(2 * watched.length);
    }),
    { numRuns: 200 },
  );
});

test("there is room for as many questions as a block can have", () => {
  const set = scriptSet({ resolve: () => undefined });
  const questions = new Questions();
  const count = 130_000;
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) {
    view.setUint32(2, i);
    if (i % 1000 === 999) set.add(bytes.subarray(1, 7));
    questions.add(bytes, 1, 7, i);
  }
  expect(set.taggedIn(questions)).toEqual(Array.from({ length: count / 1000 }, (_, i) => 1000 * i + 999));
  questions.clear();
  expect(set.taggedIn(questions)).toEqual([]);
});

test("of a million foreign scripts none is taken for a member", () => {
  const set = scriptSet({ resolve: () => undefined });
  const questions = new Questions();
  const bytes = new Uint8Array(22);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 100_000; i++) {
    view.setUint32(4, i);
    set.add(bytes);
  }
  for (let i = 100_000; i < 1_100_000; i++) {
    view.setUint32(4, i);
    questions.add(bytes, 0, 22, i);
  }
  expect(set.taggedIn(questions)).toEqual([]);
});
