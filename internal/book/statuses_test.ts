import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Broken } from "#internal/fault";
import { save } from "./deposits.ts";
import { moves, type StoredStatus, storedStatuses } from "./mod.ts";
import { paying, type TestBook, testBook } from "./testbook.ts";

let book: TestBook;
beforeEach(async () => {
  book = await testBook();
});
afterEach(() => book.close());

/** The table of `design.md` §4 with the backward edges of `money-path.md` §4, and the operator's. */
const allowed: readonly [from: StoredStatus, to: StoredStatus][] = [
  ["waiting_decide", "waiting_send"],
  ["waiting_decide", "waiting_passthrough"],
  ["waiting_decide", "done"],
  ["waiting_passthrough", "waiting_passthrough_order_complete"],
  ["waiting_passthrough", "done"],
  ["waiting_passthrough_order_complete", "waiting_send"],
  ["waiting_passthrough_order_complete", "done"],
  ["waiting_send", "waiting_confirm"],
  ["waiting_send", "done"],
  ["waiting_confirm", "done"],
  ["waiting_confirm", "waiting_send"],
  ["done", "waiting_confirm"],
];

test("the table has these edges and no others", () => {
  const edges = storedStatuses.flatMap((from) => moves[from].map((to) => [from, to]));
  expect(edges.map(String).sort()).toEqual(allowed.map(String).sort());
});

describe("a move", () => {
  for (const from of storedStatuses) {
    for (const to of storedStatuses.filter((status) => status !== from)) {
      const may = allowed.some(([a, b]) => a === from && b === to);
      test(`from ${from} to ${to} is ${may ? "made" : "a bug, and changes nothing"}`, async () => {
        await book.mine([paying(await book.bindTo("alice"), "t1")]);
        const row = { ...book.info("t1:0"), status: from };
        // Put there by force: no transition leads to every status.
        await book.store.write((tx) => save(tx, undefined, row));
        const moved = book.store.write((tx) => save(tx, row, { ...row, status: to }));
        if (may) await moved;
        else {
          expect(await moved.catch((error: unknown) => error)).toEqual(
            new Broken(`book: t1:0 may not move from ${from} to ${to}`),
          );
        }
        expect(book.info("t1:0").status).toBe(may ? to : from);
      });
    }
  }
});
