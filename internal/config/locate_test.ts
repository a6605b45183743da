import { expect, test } from "bun:test";
import { locate } from "./locate.ts";

const text = [
  "\uFEFF# debug = true", // 1
  "debug = true # web.http_addr = 1", // 2
  "", // 3
  'logfile = """', // 4
  "dbfile = 1", // 5
  '[web] \\""" x = 1 \\"', // 6: still the text
  'not_yet""""', // 7: the text ends in a quote
  "pidfile = '''it's", // 8
  "[teller]'''", // 9
  "  [ web ]  # a comment", // 10
  "\thttp_addr\t=\t'0.0.0.0:1'", // 11
  "cors_allowed = [ # a list", // 12
  '  "a = 1", # "b', // 13
  "  '[dummy]', { x = 1 },", // 14
  "]", // 15
  'admin . "x.y" . z = 1979-05-27 07:32:00 # dotted', // 16
  "", // 17
  "[sky_exchanger.exchange_client]", // 18
  "key = 1_000.5e1", // 19
  "[dummy]", // 20
  "inner = { sender = true, deep.er = {", // 21
  "   a = 'b', c = [[1], [2]] }, last = 1 }", // 22
  '"http_addr" = 2', // 23
  '"tab\\tkey" = 3', // 24
  "[[many]]", // 25
  "one = 1", // 26
  "[[many]]", // 27
  "two = 2", // 28
].join("\n");

const rows: readonly (readonly [readonly string[], number, number, string | undefined])[] = [
  [["debug"], 2, 1, "true"],
  [["logfile"], 4, 1, text.slice(text.indexOf('"""'), text.indexOf('""""') + 4)],
  [["pidfile"], 8, 1, "'''it's\n[teller]'''"],
  [["web"], 10, 3, undefined],
  [["web", "http_addr"], 11, 2, "'0.0.0.0:1'"],
  [["web", "cors_allowed"], 12, 1, text.slice(text.indexOf("[ # a list"), text.indexOf("]\nadmin") + 1)],
  [["web", "admin"], 16, 1, undefined],
  [["web", "admin", "x.y", "z"], 16, 1, "1979-05-27 07:32:00"],
  [["sky_exchanger"], 18, 1, undefined],
  [["sky_exchanger", "exchange_client"], 18, 1, undefined],
  [["sky_exchanger", "exchange_client", "key"], 19, 1, "1_000.5e1"],
  [["dummy"], 20, 1, undefined],
  [["dummy", "inner", "sender"], 21, 11, "true"],
  [["dummy", "inner", "deep", "er", "a"], 22, 4, "'b'"],
  [["dummy", "inner", "deep", "er", "c"], 22, 13, "[[1], [2]]"],
  [["dummy", "inner", "last"], 22, 31, "1"],
  [["dummy", "http_addr"], 23, 1, "2"],
  [["dummy", "tab\tkey"], 24, 1, "3"],
  [["many"], 25, 1, undefined],
  [["many", "one"], 26, 1, "1"],
  [["many", "two"], 28, 1, "2"],
];

for (const [path, line, column, raw] of rows) {
  test(`${path.join(" > ")} is found in line ${line}`, () => {
    expect(locate(text).at(path)).toEqual({ line, column, raw });
  });
}

const absent = [
  ["dbfile"],
  ["x"],
  ["teller"],
  ["web", "x"],
  ["web", "cors_allowed", "x"],
  ["web", "http_addr", "x"],
];

for (const path of absent) {
  test(`${path.join(" > ")}, which is only in texts and comments, is not found`, () => {
    expect(locate(text).at(path)).toBeUndefined();
  });
}

test("lines are counted alike when they end in CR LF", () => {
  const places = locate(text.replaceAll("\n", "\r\n"));
  for (const [path, line, column] of rows) expect(places.at(path)).toMatchObject({ line, column });
});
