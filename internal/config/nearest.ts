/** distance counts the smallest number of letters to add, drop, change or swap with a neighbour (optimal string alignment). */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (above[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (above[j - 1] ?? 0) + same,
        swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}

const lastPart = (key: string): string => key.slice(key.lastIndexOf(".") + 1);
const longestKey = 100;
/** Less than two wrong letters, more than one. */
const wrongSection = 1.5;

/**
 * nearest gives the known key that was most likely meant. A right name in the wrong section counts
 * as between one and two wrong letters, because a key below the wrong `[section]` is the usual slip.
 */
export function nearest(key: string, known: readonly string[]): string {
  const wanted = key.toLowerCase().slice(0, longestKey);
  let best = "";
  let bestScore = Number.POSITIVE_INFINITY;
  for (const name of known) {
    const misplaced = lastPart(name) === lastPart(wanted) ? wrongSection : Number.POSITIVE_INFINITY;
    const score = Math.min(distance(wanted, name), misplaced);
    if (score < bestScore) {
      best = name;
      bestScore = score;
    }
  }
  return best;
}
