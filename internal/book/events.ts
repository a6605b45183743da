import type { Reader, Tx } from "#internal/db";
import { eventRows } from "./buckets.ts";
import type { Event, EventType } from "./rows.ts";
import { take } from "./totals.ts";

/** Fact is what happened to whom; `detail` may be left out. */
type Fact = readonly [type: EventType, subject: string, detail?: string];

/** record appends a numbered fact to the log of what happened. */
export function record(tx: Tx, at: number, ...[type, subject, detail = ""]: Fact): void {
  tx.put(eventRows, take(tx, "next_event"), { at, type, subject, detail });
}

/** events gives at most `limit` events after number `after`, in order, with their numbers. */
export function events(reader: Reader, after: number, limit: number): { n: number; event: Event }[] {
  return reader
    .rows(eventRows, { start: after + 1, limit })
    .map(({ key, value }) => ({ n: key, event: value }));
}
