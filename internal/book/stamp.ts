import { Fault } from "#internal/fault";
import type { Store } from "#internal/db";
import { stamps } from "./buckets.ts";
import type { Stamp } from "./rows.ts";

const key = "stamp";

/** checkStamp stamps a new store, or throws a `Fault` (`stop`) that names what differs. */
export async function checkStamp(store: Store, stamp: Stamp): Promise<void> {
  const found = await store.write((tx) => {
    const there = tx.get(stamps, key);
    if (there === undefined) tx.put(stamps, key, stamp);
    return there ?? stamp;
  });
  const differing = (Object.keys(stamp) as (keyof Stamp)[]).filter((field) => found[field] !== stamp[field]);
  if (differing.length === 0) return;
  const list = differing.map((field) => `${field} is ${found[field]} in the store and ${stamp[field]} now`);
  throw new Fault(
    "book.stamp",
    "stop",
    `${store.path} was made for another set-up: ${list.join("; ")}. Use another -d directory or dbfile`,
  );
}
