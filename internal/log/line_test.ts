import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Event, line } from "./line.ts";

const event: Event = {
  time: 1_700_000_000_123,
  level: "info",
  logger: "scanner.btc",
  msg: "block",
  fields: {},
};

const cases: readonly { readonly name: string; readonly event: Partial<Event>; readonly want: string }[] = [
  {
    name: "the time is RFC 3339 in UTC",
    event: {},
    want: "time=2023-11-14T22:13:20.123Z level=INFO logger=scanner.btc msg=block",
  },
  { name: "a warning is WARN", event: { level: "warn" }, want: "level=WARN logger=" },
  { name: "an error is ERROR", event: { level: "error" }, want: "level=ERROR logger=" },
  { name: "debug is DEBUG", event: { level: "debug" }, want: "level=DEBUG logger=" },
  { name: "text with blanks is quoted", event: { msg: "two words" }, want: 'msg="two words"' },
  { name: "empty text is quoted", event: { fields: { a: "" } }, want: 'a=""' },
  {
    name: "a newline is escaped",
    event: { fields: { a: "x\nlevel=ERROR\r" } },
    want: 'a="x\\nlevel=ERROR\\r"',
  },
  { name: "a message with braces stays as it is", event: { msg: "{a}" }, want: "msg={a}" },
  {
    name: "a level word in the message is left alone",
    event: { msg: "a level=info b" },
    want: 'msg="a level=info b"',
  },
  {
    name: "an amount keeps all its digits",
    event: { fields: { wei: 123456789012345678901234567890n } },
    want: "wei=123456789012345678901234567890",
  },
  { name: "fields keep their order", event: { fields: { b: 1, a: true } }, want: "b=1 a=true" },
  {
    name: "an undefined field is left out",
    event: { fields: { a: undefined, b: 1 } },
    want: "msg=block b=1\n",
  },
  {
    name: "a field cannot pose as the level",
    event: { fields: { level: "ERROR" } },
    want: "msg=block field.level=ERROR",
  },
];

for (const { name, event: part, want } of cases) {
  test(name, () => {
    expect(line({ ...event, ...part })).toContain(want);
  });
}

test("a value that is no scalar shows no more than it wants to", () => {
  const secret = { value: "hunter2", toJSON: () => "[secret]", toString: () => "[secret]" };
  // @ts-expect-error the types allow scalars alone
  const text = line({ ...event, fields: { password: secret } });
  expect(text).toContain("password=[secret]\n");
  expect(text).not.toContain("hunter2");
});

test("whatever the values are, an event is one line and its level stands at its place", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary" }),
      fc.string(),
      (msg, value, key) => {
        const text = line({ ...event, level: "error", msg, fields: { [key]: value } });
        expect(text.indexOf("\n")).toBe(text.length - 1);
        expect(text.split(" ")[1]).toBe("level=ERROR");
      },
    ),
  );
});
