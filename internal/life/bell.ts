import type { Clock } from "#internal/clock";

/** Bell wakes a sleeping loop early. Waking is an optimisation: a loop that is never woken still gets there. */
export interface Bell {
  /** ring wakes the sleeper, or keeps the next sleep from beginning. */
  ring(): void;
  /** wait sleeps until rung, until the period is over, or until the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** bell makes a bell for one sleeper. */
export function bell(clock: Clock): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(ms, signal) {
      if (!rung && !signal.aborted) {
        const early = new AbortController();
        const end = () => early.abort();
        wake = end;
        signal.addEventListener("abort", end, { once: true });
        await clock.sleep(ms, early.signal);
        signal.removeEventListener("abort", end);
        wake = undefined;
      }
      rung = false;
    },
  };
}
