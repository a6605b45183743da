import type { Clock } from "#internal/clock";

/** Patience remembers since when this process has seen the oldest deposit that the balance is too small for. */
export interface Patience {
  /** overdue gives the deposit that nobody younger overtakes any more: it was seen to be too large an hour ago. */
  overdue(): string | undefined;
  /** saw notes which deposit a plan found too large first; with undefined there is none any more. */
  saw(tooLarge: string | undefined): void;
}

/** After so long nobody younger overtakes a deposit that is too large for the balance. */
const patienceMs = 3_600_000;

/** patience remembers one deposit: younger ones wait behind the oldest. What was before the start is no waiting. */
export function patience(clock: Clock): Patience {
  let oldest: { readonly id: string; readonly at: number } | undefined;
  return {
    overdue: () => (oldest !== undefined && clock.mono() - oldest.at >= patienceMs ? oldest.id : undefined),
    saw(tooLarge) {
      if (oldest?.id === tooLarge) return;
      oldest = tooLarge === undefined ? undefined : { id: tooLarge, at: clock.mono() };
    },
  };
}
