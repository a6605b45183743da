const longestMs = 60_000;

/**
 * nextPause gives how long to wait before asking again: the page's own period while answers come, twice
 * as long after each failure, at least what the server asked for, with a tenth more or less so that
 * pages which failed together do not come back together.
 */
export function nextPause(everyMs: number, failures: number, retryAfterSec: number, dice: number): number {
  const backedOff = Math.min(longestMs, everyMs * 2 ** Math.min(failures, 10));
  const wanted = Math.max(failures === 0 ? everyMs : backedOff, retryAfterSec * 1000);
  return Math.round(wanted * (0.9 + 0.2 * dice));
}
