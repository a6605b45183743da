import { accept, type Result, refuse } from "#internal/fault";

const nanoseconds: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const part = /(\d{0,20})(?:\.(\d{0,20}))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;
const longestText = 60;

/**
 * parseDuration reads a duration in Go's syntax ("20s", "1m30s", "1.5h", "250ms") and gives whole
 * milliseconds; what is below a millisecond is dropped. A sign is refused, as is a number without
 * a unit. Source: `spec/teller.md` §2.1.
 */
export function parseDuration(text: string): Result<number, string> {
  if (text === "0") return accept(0);
  const wrong = refuse("is not a duration");
  if (text === "" || text.length > longestText) return wrong;
  let total = 0n;
  part.lastIndex = 0;
  while (part.lastIndex < text.length) {
    const [, whole = "", fraction = "", unit = ""] = part.exec(text) ?? [];
    const scale = nanoseconds[unit];
    if (scale === undefined || whole + fraction === "") return wrong;
    total += (BigInt(whole + fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  return accept(Number(total / 1_000_000n));
}

const units = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** formatDuration writes milliseconds so that `parseDuration` reads them back: 90,000 gives "1m30s". */
export function formatDuration(ms: number): string {
  let left = ms;
  let text = "";
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    if (count > 0) text += `${count}${unit}`;
    left -= count * size;
  }
  return text === "" ? "0s" : text;
}
