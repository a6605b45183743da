import { describe, expect, test } from "bun:test";
import { planPayout, type Wish } from "./plan.ts";

const wish = (id: string, coins: bigint, address = id): Wish => ({ id, address, coins });
const room = { coins: 1000n, outputs: 10 };
const ids = (wishes: readonly Wish[]) => wishes.map(({ id }) => id);

describe("a plan", () => {
  test("pays equal deposits of one customer as one output, their sum", () => {
    const plan = planPayout([wish("d1", 5n, "ann"), wish("d2", 5n, "ann"), wish("d3", 5n, "bob")], room);
    expect(plan.outputs.map(({ address, coins }) => [address, BigInt(coins)])).toEqual([
      ["ann", 10n],
      ["bob", 5n],
    ]);
    expect(ids(plan.wishes)).toEqual(["d1", "d2", "d3"]);
  });

  test("passes over a deposit that is too large for the balance, and names it", () => {
    const plan = planPayout([wish("small", 10n), wish("large", 2000n), wish("late", 10n)], room);
    expect(ids(plan.wishes)).toEqual(["small", "late"]);
    expect(plan.tooLarge?.id).toBe("large");
  });

  test("lets nobody overtake a deposit that is overdue", () => {
    const due = [wish("small", 10n), wish("large", 2000n), wish("late", 10n)];
    const plan = planPayout(due, { ...room, overdue: "large" });
    expect(ids(plan.wishes)).toEqual(["small"]);
    expect(plan.tooLarge?.id).toBe("large");
  });

  test("pays a deposit that is overdue as soon as there is room for it, and those behind it", () => {
    const due = [wish("small", 10n), wish("large", 2000n), wish("late", 10n)];
    const plan = planPayout(due, { ...room, coins: 3000n, overdue: "large" });
    expect(ids(plan.wishes)).toEqual(["small", "large", "late"]);
    expect(plan.tooLarge).toBeUndefined();
  });

  test("never spends more than there is room for", () => {
    const plan = planPayout([wish("a", 600n), wish("b", 600n), wish("c", 400n)], room);
    expect(ids(plan.wishes)).toEqual(["a", "c"]);
    expect(plan.tooLarge?.id).toBe("b");
  });

  test("stops where the outputs are used up, but still adds to those that it has", () => {
    const due = [
      wish("a", 1n, "ann"),
      wish("b", 1n, "bob"),
      wish("c", 1n, "ann"),
      wish("d", 1n, "dan"),
      wish("e", 1n, "ann"),
    ];
    const plan = planPayout(due, { ...room, outputs: 2 });
    expect(ids(plan.wishes)).toEqual(["a", "b", "c"]);
    expect(plan.tooLarge).toBeUndefined();
  });
});
