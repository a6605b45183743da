/**
 * fault: what an error means for the caller's next step.
 *
 * Promise: every error that crosses a package border is a `Fault` with a fate, or a
 * `Broken` (a bug of ours, which stops the process). Expected refusals are no errors:
 * they are `Result` values.
 */

/**
 * Fate tells what may be done after a failed call:
 * - `retry`: nothing happened; the same call may be made again;
 * - `stop`: it will never work as it stands; a person must change something;
 * - `ask`: unknown whether it happened; a look-up must settle it before acting again.
 */
export type Fate = "retry" | "stop" | "ask";

/** FaultDetails are facts for the log line: never a secret. */
export type FaultDetails = Readonly<Record<string, string | number | bigint | boolean>>;

/** Fault is the one error that crosses package borders. `op` names place and action: `bitcoin.getblock`. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly op: string;
  readonly fate: Fate;
  readonly details: FaultDetails;

  constructor(
    op: string,
    fate: Fate,
    message: string,
    more: { cause?: unknown; details?: FaultDetails } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.op = op;
    this.fate = fate;
    this.details = more.details ?? {};
  }
}

/** Broken says that an invariant of ours does not hold. Nobody may catch it and go on: the process ends. */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** invariant throws `Broken` unless the condition holds. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Broken(message);
}

/** unreachable marks the branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new Broken(`unreachable: ${String(value)}`);
}

/** Result is the answer of a call that may be refused for an expected reason. */
export type Result<T, R> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: R };

/** accept wraps a value as an accepted result. */
export function accept<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** refuse wraps a reason as a refused result. */
export function refuse<R>(refusal: R): { readonly ok: false; readonly refusal: R } {
  return { ok: false, refusal };
}

/** fateOf gives the fate of any thrown value; what is not a `Fault` is a `stop`. */
export function fateOf(error: unknown): Fate {
  return error instanceof Fault ? error.fate : "stop";
}

/** messageOf gives one line of text for any thrown value. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ");
}
