/** Dice are random choices that a seed repeats. */
export interface Dice {
  /** below gives a whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** chance is true so often, from 0 never to 1 always. */
  chance(share: number): boolean;
}

/** dice makes choices from a seed: the mulberry32 generator. Good enough for tests, for nothing else. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { below: (limit) => Math.floor(next() * limit), chance: (share) => next() < share };
}
