import { expect } from "bun:test";
import { type Event, events } from "#internal/book";
import type { Result } from "#internal/fault";
import type { World } from "./testworld.ts";

/** said is who gives the commands of the tests, and why. */
export const said = { who: "ann", why: "the old host burned" };

/** signal never aborts. */
export const signal = new AbortController().signal;

/** lastEvent gives the newest event of a store. */
export function lastEvent(w: World): Event | undefined {
  return w.store.read((reader) => events(reader, 0, 1000)).at(-1)?.event;
}

/** lastLine gives the newest line of the log. */
export const lastLine = (w: World): string => w.log.lines.at(-1) ?? "";

/** refused carries out a command that must be refused: with these words, and with nothing changed. */
export async function refused(
  w: World,
  command: () => Promise<Result<string, string>>,
  words: string,
): Promise<void> {
  const before = w.everything();
  const answer = await command();
  expect(answer).toMatchObject({ ok: false });
  expect(answer.ok ? "" : answer.refusal).toContain(words);
  expect(w.everything()).toBe(before);
}

/** told checks that log and events have who, why and what. */
export function told(w: World, event: { type: string; subject: string }): void {
  expect(lastEvent(w)).toMatchObject(event);
  expect(lastEvent(w)?.detail).toContain("ann: the old host burned");
  expect(lastLine(w)).toContain("notice=WATCH");
  expect(lastLine(w)).toContain('by=ann why="the old host burned"');
}
