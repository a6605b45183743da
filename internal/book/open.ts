import { openStore, type Store } from "#internal/db";
import { bookBuckets } from "./buckets.ts";
import type { Stamp } from "./rows.ts";
import { checkStamp } from "./stamp.ts";

/**
 * openBook opens or creates the store of a teller with this stamp. Throws a `Fault` (`stop`) for a
 * file that is not a store, is in use, or was made for another set-up.
 */
export async function openBook(path: string, stamp: Stamp): Promise<Store> {
  const store = openStore(path, bookBuckets);
  try {
    await checkStamp(store, stamp);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
