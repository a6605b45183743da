import { accept, refuse, type Result } from "#internal/fault";
import { remainingHours } from "./validate.ts";

/** Candidate is an unspent output as the choice of inputs sees it; `hours` are at the head's time. */
export interface Candidate {
  readonly uxid: string;
  readonly coins: bigint;
  readonly hours: bigint;
  readonly blockSeq: number;
}

/** Target is what the inputs must bring: coins, and hours left after the fee. */
export interface Target {
  readonly coins: bigint;
  readonly hours: bigint;
  readonly burnFactor: bigint;
}

const compare = (a: bigint | number | string, b: bigint | number | string): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** largestFirst orders candidates: more coins, then fewer hours, then older, then by uxid. */
export function largestFirst(a: Candidate, b: Candidate): number {
  return (
    compare(b.coins, a.coins) ||
    compare(a.hours, b.hours) ||
    compare(a.blockSeq, b.blockSeq) ||
    compare(a.uxid, b.uxid)
  );
}

/**
 * chooseInputs takes as few unspent outputs as reach the target: the largest one that has hours,
 * then those without hours (they cost nothing), then the rest with hours. Refused with the
 * node's words when there is not enough. Source: `spec/skycoin.md` §10.1.
 */
export function chooseInputs<T extends Candidate>(
  unspent: readonly T[],
  target: Target,
): Result<readonly T[], string> {
  if (target.coins === 0n) return refuse("zero spend amount");
  if (unspent.length === 0) return refuse("no unspents to spend");
  const ordered = unspent.toSorted(largestFirst);
  const [first, ...rich] = ordered.filter((candidate) => candidate.hours > 0n);
  if (first === undefined) return refuse("Transaction has zero coinhour fee");
  const poor = ordered.filter((candidate) => candidate.hours === 0n);
  const chosen: T[] = [first];
  let coins = first.coins;
  let hours = first.hours;
  const enoughHours = (): boolean => remainingHours(hours, target.burnFactor) >= target.hours;
  const enough = (): boolean => coins >= target.coins && enoughHours();
  const take = (candidate: T): void => {
    chosen.push(candidate);
    coins += candidate.coins;
    hours += candidate.hours;
  };
  for (const candidate of enough() ? [] : poor) {
    // A node takes one even where only hours are missing, so coins are asked for afterwards.
    take(candidate);
    if (coins >= target.coins) break;
  }
  for (const candidate of rich) {
    if (enough()) break;
    take(candidate);
  }
  if (coins < target.coins) return refuse("balance is not sufficient");
  return enoughHours() ? accept(chosen) : refuse("hours are not sufficient");
}
