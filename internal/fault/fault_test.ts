import { describe, expect, test } from "bun:test";
import { accept, Broken, Fault, fateOf, invariant, messageOf, refuse, unreachable } from "./mod.ts";

describe("a fault", () => {
  test("says where, what may be done, and why", () => {
    const cause = new Error("refused");
    const fault = new Fault("bitcoin.getblock", "ask", "no answer", { cause, details: { height: 5 } });
    expect(fault).toMatchObject({ op: "bitcoin.getblock", fate: "ask", message: "no answer", cause });
    expect(fault.details).toEqual({ height: 5 });
    expect(fateOf(fault)).toBe("ask");
  });

  test("without a cause or details has none", () => {
    const fault = new Fault("db.open", "retry", "later");
    expect("cause" in fault).toBe(false);
    expect(fault.details).toEqual({});
  });

  for (const thrown of [new Error("x"), new Broken("x"), "x", undefined, null, { fate: "retry" }]) {
    test(`${String(thrown)} is none, so it is for a person`, () => {
      expect(fateOf(thrown)).toBe("stop");
    });
  }
});

test("a message is one line, whatever was thrown", () => {
  expect(messageOf(new Error("a\n  b\nc"))).toBe("a b c");
  expect(messageOf("plain")).toBe("plain");
  expect(messageOf(undefined)).toBe("undefined");
});

test("an invariant that holds is silent, and one that does not is Broken", () => {
  expect(() => invariant(true, "holds")).not.toThrow();
  expect(() => invariant(false, "book: torn")).toThrow(new Broken("book: torn"));
  expect(() => unreachable("x" as never)).toThrow(Broken);
});

test("a result is accepted with a value or refused with a reason", () => {
  expect(accept(1)).toEqual({ ok: true, value: 1 });
  expect(refuse("no")).toEqual({ ok: false, refusal: "no" });
});
