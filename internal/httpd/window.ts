/** Window counts requests over a sliding window of time. */
export interface Window {
  /** take lets one request of a client through and gives 0, or gives the milliseconds after which it may come again. */
  take(client: string): number;
  /** remembered is the number of clients in memory. */
  readonly remembered: number;
}

/** WindowOptions are the limits of a window. */
export interface WindowOptions {
  /** Requests let through in any `durationMs`; 0 refuses all. */
  readonly max: number;
  readonly durationMs: number;
  /** How many clients are remembered; beyond that the one seen longest ago is forgotten. */
  readonly clients: number;
  /** A time in milliseconds that only goes forward. */
  readonly now: () => number;
}

/**
 * Times kept a client. Up to this many requests each has its own time and the window is exact;
 * above it neighbours share one, the youngest's: still never more than `max` in any window, and a
 * client may be refused at most max/64 requests early. So memory stays bounded whatever `max` is.
 */
const slots = 64;

interface Log {
  /** One time a group, oldest first. */
  readonly times: number[];
  /** Requests in the youngest group; every older one is full. */
  youngest: number;
}

/** slidingWindow remembers who came when, and forgets what is older than the window. */
export function slidingWindow({ max, durationMs, clients, now }: WindowOptions): Window {
  const logs = new Map<string, Log>();
  const group = Math.max(1, Math.ceil(max / slots));

  /** Two a request: the map can only shrink faster than it grows. */
  const forgetOld = (end: number) => {
    for (let i = 0; i < 2; i++) {
      const [oldest] = logs;
      if (oldest === undefined || (oldest[1].times.at(-1) ?? end) > end) return;
      logs.delete(oldest[0]);
    }
  };

  return {
    get remembered() {
      return logs.size;
    },
    take(client) {
      if (max <= 0) return durationMs;
      const time = now();
      forgetOld(time - durationMs);
      const log = logs.get(client) ?? { times: [], youngest: 0 };
      logs.delete(client);
      logs.set(client, log);
      if (logs.size > clients) logs.delete(logs.keys().next().value ?? client);
      while (log.times.length > 0 && (log.times[0] ?? 0) <= time - durationMs) log.times.shift();
      const counted = log.times.length === 0 ? 0 : (log.times.length - 1) * group + log.youngest;
      if (counted >= max) return (log.times[0] ?? time) + durationMs - time;
      if (log.times.length > 0 && log.youngest < group) {
        log.times[log.times.length - 1] = time;
        log.youngest++;
      } else {
        log.times.push(time);
        log.youngest = 1;
      }
      return 0;
    },
  };
}
