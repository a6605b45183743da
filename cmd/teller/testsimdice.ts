/** Dice is randomness on a seed. */
export interface Dice {
  /** below gives a whole number from 0 up to, and without, `n`. */
  below(n: number): number;
  /** one holds once in so many times. */
  one(n: number): boolean;
  /** pick gives one of a list, or undefined of an empty one. */
  pick<T>(list: readonly T[]): T | undefined;
}

/** dice makes dice that always fall in the same way for a seed. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (n: number) => next() % n;
  return { below, one: (n) => below(n) === 0, pick: (list) => list[below(Math.max(1, list.length))] };
}
