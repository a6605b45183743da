import { expect, test } from "bun:test";
import { inspect } from "node:util";
import { stringify } from "#internal/json";
import { Secret } from "./secret.ts";

const secret = new Secret("hunter2");

const prints: readonly (readonly [string, (value: unknown) => string])[] = [
  ["a template", (value) => `${value}`],
  ["String", String],
  ["a sum of texts", (value) => `${[value]}${[value].join()}`],
  ["JSON", (value) => JSON.stringify({ value })],
  ["JSON with all digits", (value) => stringify({ value })],
  ["Bun's inspect", (value) => Bun.inspect({ value }, { depth: 9 })],
  ["node's inspect", (value) => inspect({ value }, { depth: 9 })],
  [
    "node's inspect without custom printers",
    (value) => inspect(value, { customInspect: false, showHidden: true }),
  ],
  ["a copy of its members", (value) => JSON.stringify(Object.assign({}, value))],
  ["the message of an error", (value) => new Error(`no ${value}`, { cause: value }).message],
];

for (const [name, print] of prints) {
  test(`a secret does not show in ${name}`, () => {
    expect(print(secret)).not.toContain("hunter2");
  });
}

test("a secret is shown as [secret] and revealed on request", () => {
  expect(`${secret}`).toBe("[secret]");
  expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
  expect(secret.reveal()).toBe("hunter2");
});
