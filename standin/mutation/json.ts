import fc from "fast-check";

/** Values that readers of JSON trip over. */
const nasty: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  -0,
  1.5,
  0.1,
  1e21,
  -1e21,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 53 - 1,
  1e308,
  "",
  "0",
  "-1",
  "1e3",
  "NaN",
  "0x10",
  "00".repeat(32),
  "ff".repeat(32),
  "z".repeat(64),
  "\u0000",
  "\ud800",
  "a".repeat(5000),
  [],
  {},
  [[]],
  [null],
  { toString: 1 },
  Array.from({ length: 1000 }, () => 0),
];

/** Texts in the place of a number: what cannot be made by `JSON.stringify`. */
const numerals = [
  "18446744073709551616",
  "9223372036854775808",
  "-9223372036854775809",
  "1e999",
  "0.99999999999999999999",
  "1.0",
  "1e2",
  "123456789012345678901234567890",
  "-0",
];

interface Change {
  readonly kind: "replace" | "remove" | "repeat" | "rename" | "numeral" | "any";
  readonly at: number;
  readonly value: number;
  readonly any: unknown;
}

interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Place["holder"];
  return Object.entries(value).flatMap(([key, member]) => [{ holder, key }, ...placesIn(member)]);
}

/** A text that stands for a numeral until the JSON is written. */
const mark = (i: number) => `numeral-${i}-laremun`;

function put({ holder, key }: Place, value: unknown): void {
  if (Array.isArray(holder)) holder[Number(key)] = value;
  else Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function change(root: { value: unknown }, { kind, at, value, any }: Change): void {
  const places = placesIn(root);
  const place = places[at % places.length];
  if (place === undefined) return;
  const { holder, key } = place;
  const own = Array.isArray(holder) ? holder[Number(key)] : holder[key];
  if (kind === "replace") put(place, structuredClone(nasty[value % nasty.length]));
  else if (kind === "any") put(place, any);
  else if (kind === "numeral") put(place, mark(value % numerals.length));
  else if (kind === "remove" && Array.isArray(holder)) holder.splice(Number(key), 1);
  else if (kind === "remove") Reflect.deleteProperty(holder, key);
  else if (kind === "repeat" && Array.isArray(holder)) holder.push(structuredClone(own));
  else if (kind === "repeat") put({ holder, key: `${key}_` }, structuredClone(own));
  else if (!Array.isArray(holder)) put({ holder, key: "__proto__" }, structuredClone(own));
}

/**
 * mutatedJson spoils one of these values, member by member, and gives it as JSON text: members are gone, of
 * another type, too large, repeated, or named as no member should be.
 */
export function mutatedJson(samples: readonly unknown[]): fc.Arbitrary<string> {
  const one = fc.record({
    kind: fc.constantFrom<Change["kind"]>(
      "replace",
      "replace",
      "remove",
      "repeat",
      "rename",
      "numeral",
      "any",
    ),
    at: fc.nat(100_000),
    value: fc.nat(1000),
    any: fc.jsonValue({ maxDepth: 2 }),
  });
  return fc
    .record({ sample: fc.nat(samples.length - 1), changes: fc.array(one, { minLength: 1, maxLength: 4 }) })
    .map(({ sample, changes }) => {
      const root = { value: structuredClone(samples[sample]) };
      for (const next of changes) change(root, next);
      const text = JSON.stringify(root.value) ?? "";
      return text.replaceAll(/"numeral-(\d+)-laremun"/g, (_, i: string) => numerals[Number(i)] ?? "0");
    });
}
