/** Random gives whole numbers below `limit`; the same seed gives the same row. */
export type Random = (limit: number) => number;

/** seeded makes a `Random` (sfc32, a chaotic generator with a counter): other seeds give rows that have nothing in common. */
export function seeded(seed: number): Random {
  let [a, b, c, count] = [0x9e3779b9, 0x243f6a88, seed | 0, 1];
  const next = () => {
    const sum = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  return (limit) => Math.floor((next() / 2 ** 32) * limit);
}

/** bytes gives so many random bytes. */
export function bytes(random: Random, length: number): Uint8Array {
  const made = new Uint8Array(length);
  for (let i = 0; i < length; i++) made[i] = random(256);
  return made;
}
