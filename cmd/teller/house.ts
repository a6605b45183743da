import type { Clock } from "#internal/clock";
import type { Store } from "#internal/db";
import type { CrashPoints } from "#internal/life";
import type { Logger } from "#internal/log";

/** House is what every part of the daemon shares. */
export interface House {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly crash: CrashPoints;
}
