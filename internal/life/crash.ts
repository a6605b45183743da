/**
 * The places between two steps of the money path where a crash would hurt most, in the order
 * in which a deposit meets them. `teller --crash-points` prints this list and a test kills the
 * executable at each.
 */
export const crashPointNames = [
  "bind.committed",
  "scan.fetched",
  "scan.committed",
  "decide.due",
  "decide.committed",
  "payout.built",
  "payout.signed",
  "payout.sent",
  "payout.replaced",
  "payout.seen",
  "payout.settled",
] as const;

/** CrashPoint names one such place. */
export type CrashPoint = (typeof crashPointNames)[number];

/** CrashPoints is called at every such place. In production it does nothing. */
export type CrashPoints = (point: CrashPoint) => void;

/** noCrash is what production passes. */
export const noCrash: CrashPoints = () => {};

/** crashAt kills the process with SIGKILL the first time it comes to this point, as a power cut would. */
export function crashAt(point: CrashPoint): CrashPoints {
  return (reached) => {
    if (reached === point) process.kill(process.pid, "SIGKILL");
  };
}
