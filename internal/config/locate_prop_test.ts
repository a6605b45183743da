import { expect, test } from "bun:test";
import fc from "fast-check";
import { parse } from "smol-toml";
import { locate } from "./locate.ts";
import { type Key, keys } from "./schema.ts";

/** Lines that hold keys only to the eye. */
const noise = fc.constantFrom("", "   ", "# debug = true", "\t# [web]", '# """', "# it's");

/** Values whose inside looks like keys. */
const value = fc.constantFrom(
  "1",
  "true",
  '"text"',
  "'debug = 1'",
  '"a # b = \\" [web] "',
  "[1, 2, [3]]",
  "[\n  'a = 1', # debug = true\n\n  { http_addr = 1 },\n]",
  '"""\ndebug = true\n[web]\n  \\"""x = 1"""',
  "'''\n[dummy]\n\"key\" = 1''''",
  "1979-05-27 07:32:00Z",
  "-1_000.5e-1",
);

interface Entry {
  readonly key: Key;
  readonly value: string;
  readonly style: "header" | "dotted" | "inline" | "quoted";
  readonly before: readonly string[];
  readonly pad: string;
}

const entry = fc.record({
  key: fc.constantFrom(...keys),
  value,
  style: fc.constantFrom<Entry["style"]>("header", "dotted", "inline", "quoted"),
  before: fc.array(noise, { maxLength: 3 }),
  pad: fc.constantFrom("", "  ", "\t"),
});

/** Writes a key below a header of its own, with the key in the second line. */
function written({ key, value, style, pad }: Entry, number: number): string {
  const path = key.split(".");
  const last = path.at(-1) ?? "";
  const above = path.slice(0, -1);
  if (style === "quoted") {
    return `[${["t", number, ...above.map((part) => `"${part}"`)].join(".")}]\n${pad}'${last}'${pad}=${value}`;
  }
  if (style === "dotted") return `[t.${number}]\n${pad}${path.join(" . ")} = ${value}`;
  if (style === "inline" && above.length > 0) {
    return `[t.${number}]\n${pad}${above.join(".")} = { first = 1,${pad}${last} = ${value} }`;
  }
  return `${pad}[ ${["t", number, ...above].join(" . ")} ]\n${pad}${last} = ${value} # comment`;
}

function member(table: unknown, path: readonly string[]): unknown {
  const step = (at: unknown, part: string) =>
    typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined;
  return path.reduce(step, table);
}

test("every key of the schema is found wherever it stands, with the text of its value", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 30 }),
      fc.constantFrom("\n", "\r\n"),
      (entries, newline) => {
        const lines: string[] = [];
        const expected = entries.map((one, number) => {
          lines.push(...one.before);
          const line = lines.length + 2;
          lines.push(...written(one, number).split("\n"));
          return {
            path: ["t", String(number), ...one.key.split(".")],
            line,
            raw: one.value.replaceAll("\n", newline),
          };
        });
        const text = lines.join(newline);
        const document = parse(text);
        const places = locate(text);
        for (const { path, line, raw } of expected) {
          expect(places.at(path)).toMatchObject({ line, raw });
          expect(member(document, path)).toEqual(parse(`x = ${raw}`)["x"]);
          seen.add(path.slice(2).join("."));
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(seen.size).toBe(keys.length);
});

/** Statements with a `@` where a name goes that no other statement has. */
const statement = fc.constantFrom(
  "@ = 1\n",
  "b@.c . 'd' = [1, [2], {e = 3}] # =\n",
  "[t@]\n",
  "[t@.u.v]\nx.y = 0\n",
  "@ = {a = 1, b.c = {d = '}', e = [{f = 1}]}, 'g h' = \"]\"}\n",
  "[[l@]]\nx = 1\n[[l@]]\ny = 2\n[l@.z]\nw = 3\n",
  '"q.\\"@" = """\n"a = 1\\\n""""\n',
  "@ = ''\n  # [no]\n\n",
  "@ = '''\n''' # \"\n",
);

function pathsOf(value: unknown, above: readonly string[]): (readonly string[])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Date) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    [...above, key],
    ...pathsOf(inner, [...above, key]),
  ]);
}

test("every key that a parser finds has a place", () => {
  fc.assert(
    fc.property(fc.array(statement, { maxLength: 30 }), (statements) => {
      const text = statements.map((one, number) => one.replaceAll("@", `k${number}`)).join("");
      const places = locate(text);
      for (const path of pathsOf(parse(text), []))
        expect({ path, place: places.at(path) }).not.toMatchObject({ place: undefined });
    }),
    { numRuns: 500 },
  );
});

test("any text gives an answer", () => {
  const piece = fc.constantFrom(
    ..."=.[]{}\"'#\\\n\r\t ,",
    "a",
    "1",
    '"""',
    "'''",
    "x = 1\n",
    "[a.b]\n",
    "{c = ",
    "é",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
      expect(locate(pieces.join("")).at(["nowhere"])).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
});
