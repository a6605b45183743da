import { Fault } from "#internal/fault";

/** commitOf gives lmdb's own reason for a failed commit, or undefined for an error that is something else. */
function commitOf(error: unknown): Promise<unknown> | undefined {
  return error instanceof Error && "commitError" in error && error.commitError instanceof Promise
    ? error.commitError
    : undefined;
}

/**
 * commitFailure tells a failed commit from every other error, and gives the `Fault` (`stop`) that it is. lmdb says it to
 * everybody who wrote, and once more by a promise of its own that nobody can hold: whoever meets that one first
 * must know it for what it is.
 */
export function commitFailure(error: unknown): Fault | undefined {
  const reason = commitOf(error);
  if (reason === undefined) return undefined;
  // Told by the error itself; unheard it would count as an error of nobody.
  reason.catch(() => {});
  return new Fault("db.write", "stop", "a commit could not be written to disk", { cause: error });
}
