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

/** Log is what is remembered of one client, in a chain from the one seen longest ago to the one seen last. */
interface Log {
  readonly client: string;
  /** One time a group, oldest first. */
  readonly times: number[];
  /** Requests in the youngest group; every older one is full. */
  youngest: number;
  older: Log | undefined;
  newer: Log | undefined;
}

/**
 * Logs remembers clients in the order in which they were last seen. The order is a chain and not the
 * map's own: to find the first of a map that has lost many costs as much as all it has lost.
 */
interface Logs {
  readonly size: number;
  /** oldest is the log of the client that was seen longest ago. */
  oldest(): Log | undefined;
  /** seen gives the log of a client, a new one if need be, and makes it the last in the order. */
  seen(client: string): Log;
  forget(log: Log): void;
}

function newLogs(): Logs {
  const byClient = new Map<string, Log>();
  let first: Log | undefined;
  let last: Log | undefined;
  const unchain = (log: Log) => {
    if (log.older === undefined) first = log.newer;
    else log.older.newer = log.newer;
    if (log.newer === undefined) last = log.older;
    else log.newer.older = log.older;
  };
  return {
    get size() {
      return byClient.size;
    },
    oldest: () => first,
    seen(client) {
      const known = byClient.get(client);
      if (known !== undefined) unchain(known);
      const log = known ?? { client, times: [], youngest: 0, older: undefined, newer: undefined };
      if (known === undefined) byClient.set(client, log);
      log.older = last;
      log.newer = undefined;
      if (last === undefined) first = log;
      else last.newer = log;
      last = log;
      return log;
    },
    forget(log) {
      unchain(log);
      byClient.delete(log.client);
    },
  };
}

/** slidingWindow remembers who came when, and forgets what is older than the window. */
export function slidingWindow({ max, durationMs, clients, now }: WindowOptions): Window {
  const logs = newLogs();
  const group = Math.max(1, Math.ceil(max / slots));

  /** Two a request: there can only be fewer of them than there were. */
  const forgetOld = (end: number) => {
    for (let i = 0; i < 2; i++) {
      const oldest = logs.oldest();
      if (oldest === undefined || (oldest.times.at(-1) ?? end) > end) return;
      logs.forget(oldest);
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
      const log = logs.seen(client);
      const oldest = logs.oldest();
      if (logs.size > clients && oldest !== undefined) logs.forget(oldest);
      const { times } = log;
      const over = times.findIndex((t) => t > time - durationMs);
      if (over !== 0) times.splice(0, over < 0 ? times.length : over);
      const counted = times.length === 0 ? 0 : (times.length - 1) * group + log.youngest;
      if (counted >= max) return (times[0] ?? time) + durationMs - time;
      if (times.length > 0 && log.youngest < group) {
        times[times.length - 1] = time;
        log.youngest++;
      } else {
        times.push(time);
        log.youngest = 1;
      }
      return 0;
    },
  };
}
