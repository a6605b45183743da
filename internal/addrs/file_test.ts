import { describe, expect, test } from "bun:test";
import { refuse } from "#internal/fault";
import { parsePool } from "./mod.ts";

/** Forms and texts: `spec/teller.md` §3.1, §3.2. */
const read = (name: string, text: string) => {
  const parsed = parsePool(name, text, "BTC");
  return parsed.ok ? parsed.value.map(({ address, place }) => `${place}: ${address}`) : parsed.refusal;
};

describe("a text file", () => {
  const files: readonly [name: string, text: string, lines: readonly string[]][] = [
    ["a line an address", "1a\n1b\n", ["line 1: 1a", "line 2: 1b"]],
    ["no newline at the end", "1a\n1b", ["line 1: 1a", "line 2: 1b"]],
    ["empty lines and comments", "# mine\n\n1a\n   \n  # more\n1b\n#1c\n", ["line 3: 1a", "line 6: 1b"]],
    ["lines that end in CR LF", "1a\r\n# x\r\n\r\n1b\r\n", ["line 1: 1a", "line 4: 1b"]],
    ["lines with blanks around", "  1a\t\n\t1b  \n", ["line 1: 1a", "line 2: 1b"]],
    ["a byte order mark", "\uFEFF1a\n", ["line 1: 1a"]],
  ];
  for (const [name, text, lines] of files) {
    test(`with ${name}`, () => {
      expect(read("pool.txt", text)).toEqual([...lines]);
    });
  }

  test("is text whatever its name is, unless that ends in .json", () => {
    expect(read("pool", '{"btc_addresses":["1a"]}')).toEqual(['line 1: {"btc_addresses":["1a"]}']);
    expect(read("pool.JSON", "1a")).toEqual(["line 1: 1a"]);
  });
});

describe("a JSON file", () => {
  test("has the coin's list; other members do not count", () => {
    expect(read("pool.json", '{"x": 1, "btc_addresses": ["1a", " 1b "], "eth_addresses": ["0x"]}')).toEqual([
      "btc_addresses[0]: 1a",
      "btc_addresses[1]: 1b",
    ]);
    const eth = parsePool("e.json", '{"eth_addresses": ["0xa"]}', "ETH");
    expect(eth).toMatchObject({ ok: true, value: [{ address: "0xa" }] });
  });

  const wrong = ["", "{", "nonsense", '{"btc_addresses": ["1a"]} trailing', "1a\n1b\n"];
  for (const text of wrong) {
    test(`that is no JSON (${JSON.stringify(text)}) is refused`, () => {
      expect(read("pool.json", text)).toStartWith("Decode loaded address json failed: ");
    });
  }

  const shapes = [
    "null",
    "[]",
    '["1a"]',
    "5",
    "{}",
    '{"btc_addresses": "1a"}',
    '{"btc_addresses": null}',
    '{"BTC_ADDRESSES": ["1a"]}',
  ];
  for (const text of shapes) {
    test(`without the coin's list (${text}) is refused with the form that is wanted`, () => {
      expect(read("pool.json", text)).toBe(
        'Decode loaded address json failed: expected {"btc_addresses": ["…"]}',
      );
    });
  }

  test("with something else than texts in its list is refused and names the place", () => {
    expect(read("pool.json", '{"btc_addresses": ["1a", 5]}')).toBe(
      "Decode loaded address json failed: btc_addresses[1] is not a text",
    );
  });
});

describe("either file", () => {
  for (const [coin, name, text] of [
    ["BTC", "p.txt", ""],
    ["BTC", "p.txt", "# nothing\n\n"],
    ["BTC", "p.json", '{"btc_addresses": []}'],
    ["ETH", "p.json", '{"eth_addresses": []}'],
    ["SKY", "p.txt", "\r\n"],
  ] as const) {
    test(`without an address (${coin} ${JSON.stringify(text)}) is refused`, () => {
      expect(parsePool(name, text, coin)).toEqual(refuse(`No ${coin} addresses`));
    });
  }

  test("with an address twice is refused and names both places", () => {
    expect(read("p.txt", "1a\n1b\n\n1a \n")).toBe("Duplicate deposit address `1a` (line 1 and line 4)");
    expect(read("p.json", '{"btc_addresses": ["1a", "1a"]}')).toBe(
      "Duplicate deposit address `1a` (btc_addresses[0] and btc_addresses[1])",
    );
  });

  test("is not quoted at length, however long its lines are", () => {
    const long = "1".repeat(100_000);
    expect(String(read("p.txt", `${long}\n${long}`)).length).toBeLessThan(200);
  });
});
