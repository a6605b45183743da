/**
 * clock: the only door to time. Intervals use `mono`, stored times use `now`; nothing
 * about money compares wall times (`money-path` rule 21).
 */

/** Clock is handed to whoever needs time, so that a test can own it. */
export interface Clock {
  /** now is the wall time in milliseconds since 1970. It may jump. */
  now(): number;
  /** mono is a time in milliseconds that only goes forward, from an arbitrary start. */
  mono(): number;
  /** sleep waits so many milliseconds, or less when the signal aborts. It never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Timers above this fire at once (a 32-bit count of milliseconds), so longer sleeps are cut. */
const longestTimer = 2 ** 31 - 1;

/** systemClock is the machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  mono: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(Math.max(ms, 0), longestTimer));
      signal?.addEventListener("abort", done, { once: true });
    }),
};

/** unixSeconds is the wall time in whole seconds, as stored and shown. */
export function unixSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}

/** ManualClock moves only when told to; sleepers wake when their time has come. */
export interface ManualClock extends Clock {
  /** advance moves both times and wakes every sleeper that is due, in order. */
  advance(ms: number): Promise<void>;
  /** skip moves both times and wakes nobody. */
  skip(ms: number): void;
  /** jump moves the wall time alone, as a wrong clock does. */
  jump(ms: number): void;
  /** nextSleep resolves when somebody goes to sleep after this call: a loop that sleeps has nothing more to do. */
  nextSleep(): Promise<void>;
}

/** manualClock makes a clock for tests and simulations. */
export function manualClock(start = 1_700_000_000_000): ManualClock {
  let wall = start;
  let mono = 0;
  const sleepers: { at: number; wake: () => void }[] = [];
  let watchers: (() => void)[] = [];
  return {
    nextSleep: () =>
      new Promise((resolve) => {
        watchers = [...watchers, resolve];
      }),
    now: () => wall,
    mono: () => mono,
    jump(ms) {
      wall += ms;
    },
    skip(ms) {
      wall += ms;
      mono += ms;
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = { at: mono + Math.max(ms, 0), wake: resolve };
        sleepers.push(sleeper);
        for (const tell of watchers.splice(0)) tell();
        signal?.addEventListener("abort", () => resolve(), { once: true });
      }),
    async advance(ms) {
      const end = mono + ms;
      for (;;) {
        sleepers.sort((a, b) => a.at - b.at);
        const next = sleepers[0];
        if (next === undefined || next.at > end) break;
        sleepers.shift();
        wall += next.at - mono;
        mono = next.at;
        next.wake();
        // The woken code runs, and may sleep again, before later sleepers are looked at.
        await new Promise((resolve) => setImmediate(resolve));
      }
      wall += end - mono;
      mono = end;
    },
  };
}
