/**
 * watchdog: one look at everything by its age, whatever the cause: a deposit that is credited and not done
 * after an hour, a cursor that stands still while the tip moves, an empty pool, anything that waits for a person.
 *
 * Promise: what is stuck is told with `notice=WATCH`, again every hour, and health is not ok.
 */
import { type DepositInfo, oldestUndone, totalsOf } from "#internal/book";
import { type Clock, unixSeconds } from "#internal/clock";
import type { Store } from "#internal/db";
import { type Part, reminder, type Reminder } from "#internal/life";
import type { Logger } from "#internal/log";

/** WatchdogDeps is what the watchdog looks at. */
export interface WatchdogDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** Each scanner's own words, by coin. */
  readonly scanners: Readonly<Record<string, () => { height: number; tip: number }>>;
  /** So long without a new block is told, in milliseconds; undefined on chains where nobody else makes blocks. */
  readonly quietMs?: number | undefined;
}

/** Watchdog is the loop that looks. */
export interface Watchdog {
  readonly part: Part;
  /** troubles are what is stuck now; empty when all is well. */
  troubles(): readonly string[];
  /** look looks now; the loop does so every minute. */
  look(): void;
}

const periodMs = 60_000;
const depositSeconds = 3600;
const cursorMs = 3_600_000;

interface Seen {
  readonly height: number;
  /** Monotonic time since when the cursor stands there while the tip is above it. */
  readonly since: number;
}

/** Trouble is one thing that is stuck. */
interface Trouble {
  /** As long as this stays the same it is the same trouble, which is told once an hour. */
  readonly about: string;
  readonly text: string;
}

/**
 * lateness tells which deposits are too old. Their ages are differences of wall times, so they are measured with
 * the time that the wall clock would show had nobody set it since the start, or with its own if that is less: a
 * clock that is set forward makes nothing late. One that is set back makes nothing young for ever: what is
 * seen here for so long is late whatever its age.
 */
function lateness(clock: Clock): (seen: readonly DepositInfo[]) => (info: DepositInfo) => boolean {
  const startedAt = unixSeconds(clock) - clock.mono() / 1000;
  let since = new Map<string, number>();
  return (seen) => {
    const mono = clock.mono();
    since = new Map(seen.map(({ deposit_id: id }) => [id, since.get(id) ?? mono]));
    const now = Math.min(unixSeconds(clock), startedAt + mono / 1000);
    return ({ deposit_id: id, credited_at: at }) =>
      now - at >= depositSeconds || mono - (since.get(id) ?? mono) >= depositSeconds * 1000;
  };
}

/** emptyPool tells that nobody can be given an address of this coin. */
function emptyPool(coin: string, free: Readonly<Record<string, number>>): Trouble[] {
  if (free[coin] !== 0) return [];
  const text = `the ${coin} pool is empty: nobody can be given a deposit address`;
  return [{ about: text, text }];
}

/** watchdog makes the loop. */
export function watchdog(deps: WatchdogDeps): Watchdog {
  const { store, clock, log } = deps;
  const told = new Map<string, Reminder>();
  const cursors = new Map<string, Seen>();
  const tips = new Map<string, Seen>();
  const isLate = lateness(clock);
  let troubles: readonly string[] = [];

  const stuckCursor = (coin: string, state: { height: number; tip: number }): Trouble[] => {
    const now = clock.mono();
    const before = cursors.get(coin);
    const stands = before !== undefined && before.height === state.height && state.tip > state.height;
    cursors.set(coin, stands ? before : { height: state.height, since: now });
    if (!stands || now - before.since < cursorMs) return [];
    const place = `the ${coin} scan stands at ${state.height}`;
    return [{ about: place, text: `${place} while the tip is ${state.tip}` }];
  };

  const quietTip = (coin: string, { tip }: { tip: number }): Trouble[] => {
    const now = clock.mono();
    const before = tips.get(coin);
    const same = before !== undefined && before.height === tip;
    tips.set(coin, same ? before : { height: tip, since: now });
    if (!same || deps.quietMs === undefined || now - before.since < deps.quietMs) return [];
    const text = `the ${coin} node has had no new block above ${tip} for long: is it cut off?`;
    return [{ about: text, text }];
  };

  const look = () => {
    const { oldest, attention, free } = store.read((reader) => ({
      ...totalsOf(reader),
      oldest: oldestUndone(reader),
    }));
    const late = oldest.filter(isLate(oldest));
    const waiting = `${attention} deposits wait for a person: see /api/deposits/errored`;
    const found: readonly Trouble[] = [
      ...late.map(({ deposit_id: id, status }) => ({
        about: `deposit ${id}`,
        text: `deposit ${id} is ${status} since more than an hour`,
      })),
      ...Object.entries(deps.scanners).flatMap(([coin, state]) => [
        ...stuckCursor(coin, state()),
        ...quietTip(coin, state()),
        ...emptyPool(coin, free),
      ]),
      ...(attention > 0 ? [{ about: waiting, text: waiting }] : []),
    ];
    tell(found);
    troubles = found.map(({ text }) => text);
  };

  const tell = (found: readonly Trouble[]) => {
    const standing = new Set(found.map(({ about }) => about));
    for (const about of told.keys()) if (!standing.has(about)) told.delete(about);
    for (const { about, text } of found) {
      const own = told.get(about) ?? reminder(clock);
      told.set(about, own);
      own.stands(about, () => log.watch(text));
    }
  };

  const run = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      look();
      await clock.sleep(periodMs, signal);
    }
  };
  return { part: { name: "watchdog", run }, troubles: () => troubles, look };
}
