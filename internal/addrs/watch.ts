import { type ScriptSet, scriptSet } from "#internal/bitcoin";
import { addressOfScript, watchedScripts } from "#internal/book";
import type { Clock } from "#internal/clock";
import type { Store } from "#internal/db";
import type { CoinType } from "#internal/money";

/** Pool is one coin's watched addresses: a compact set in memory, the store as the last word. */
export interface Pool {
  readonly coin: CoinType;
  readonly set: ScriptSet;
}

const page = 5000;

/**
 * loadWatch loads every script of the pool, bound or not, page by page with a breath between, so that
 * a large pool holds up nobody. Ends early, incomplete, only when the signal aborts.
 */
export async function loadWatch(
  store: Store,
  coin: CoinType,
  breath: { clock: Clock; signal: AbortSignal },
): Promise<ScriptSet> {
  const resolve = (script: Uint8Array) =>
    store.read((reader) => addressOfScript(reader, coin, Buffer.from(script).toString("hex")));
  const set = scriptSet({ resolve });
  let start = "";
  while (!breath.signal.aborted) {
    const scripts = store.read((reader) => watchedScripts(reader, coin, start, page));
    watchNew(set, scripts);
    const last = scripts.at(-1);
    if (last === undefined || scripts.length < page) break;
    start = `${last}0`;
    await breath.clock.sleep(0, breath.signal);
  }
  return set;
}

/** watchNew adds scripts (hex) to the set. */
export function watchNew(set: ScriptSet, scripts: readonly string[]): void {
  for (const script of scripts) set.add(Buffer.from(script, "hex"));
}
