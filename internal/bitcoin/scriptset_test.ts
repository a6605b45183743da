import { expect, test } from "bun:test";
import fc from "fast-check";
import { witnessProgram } from "./forms.ts";
import { scriptSet } from "./mod.ts";
import { randomBytes, randomScript, seeded } from "./testblocks.ts";

/** numbered gives a script that differs from another in a few bytes only, as a hostile or a dull pool would. */
function numbered(i: number): Uint8Array {
  const program = new Uint8Array(20);
  new DataView(program.buffer).setUint32(16, i);
  return witnessProgram(0, program);
}

test("two hundred thousand nearly equal scripts are all found, and as many others are not", () => {
  const asked: Uint8Array[] = [];
  const set = scriptSet({
    resolve: (script) => {
      asked.push(script);
      return "address";
    },
  });
  const count = 200_000;
  for (let i = 0; i < count; i++) expect(set.add(numbered(i))).toBe(true);
  expect(set.size).toBe(count);
  let missing = 0;
  for (let i = 0; i < count; i++) if (!set.maybeHas(numbered(i))) missing++;
  expect(missing).toBe(0);
  for (let i = count; i < 2 * count; i++) expect(set.addressOf(numbered(i))).toBeUndefined();
  expect(asked.length).toBe(0);
  expect(set.addressOf(numbered(7))).toBe("address");
  expect(asked).toEqual([numbered(7)]);
});

test("a script twice is one entry", () => {
  const set = scriptSet({ resolve: () => undefined });
  expect(set.add(numbered(1))).toBe(true);
  expect(set.add(numbered(1))).toBe(false);
  expect(set.size).toBe(1);
});

test("the look-up has the last word", () => {
  const set = scriptSet({ resolve: () => undefined, expected: 5000 });
  set.add(numbered(1));
  expect(set.maybeHas(numbered(1))).toBe(true);
  expect(set.addressOf(numbered(1))).toBeUndefined();
});

test("it is told from any other set by nothing but its memory", () => {
  const script = fc.nat(5000).map((seed) => randomScript(seeded(seed)));
  fc.assert(
    fc.property(
      fc.array(script, { maxLength: 2500 }),
      fc.array(script, { maxLength: 200 }),
      (added, asked) => {
        const set = scriptSet({ resolve: (bytes) => Buffer.from(bytes).toString("hex") });
        const model = new Set<string>();
        for (const bytes of added) {
          const text = Buffer.from(bytes).toString("hex");
          expect(set.add(bytes)).toBe(!model.has(text));
          model.add(text);
        }
        expect(set.size).toBe(model.size);
        for (const bytes of [...asked, ...added]) {
          const text = Buffer.from(bytes).toString("hex");
          expect(set.addressOf(bytes)).toBe(model.has(text) ? text : undefined);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("a script is found in the middle of other bytes", () => {
  const random = seeded(1);
  const set = scriptSet({ resolve: () => undefined });
  const script = witnessProgram(1, randomBytes(random, 32));
  set.add(script);
  for (let before = 0; before < 9; before++) {
    const bytes = Uint8Array.of(...randomBytes(random, before), ...script, ...randomBytes(random, 5));
    expect(set.maybeHas(bytes, before, before + script.length)).toBe(true);
    expect(set.maybeHas(bytes, before, before + script.length - 1)).toBe(false);
    expect(set.maybeHas(bytes, before + 1, before + 1 + script.length)).toBe(false);
  }
});
