import { accept, refuse, type Result } from "#internal/fault";
import type { CoinType } from "#internal/money";

/** PoolLine is one address of a pool file and where it stands: a line, or an index in the JSON list. */
export interface PoolLine {
  readonly address: string;
  readonly place: string;
}

/** Longer than any address; what is longer is shown by its beginning. */
const longestShown = 120;

/** shown gives what a file has in the place of an address, for a message: a line can be as long as the file. */
export function shown(address: string): string {
  return address.length > longestShown ? `${address.slice(0, longestShown)}…` : address;
}

/** The documented member of a JSON pool file. */
function memberOf(coin: CoinType): string {
  return `${coin.toLowerCase()}_addresses`;
}

function parseJson(text: string, coin: CoinType): Result<PoolLine[], string> {
  const member = memberOf(coin);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(
      `Decode loaded address json failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const list =
    typeof value === "object" && value !== null ? (value as Record<string, unknown>)[member] : undefined;
  if (!Array.isArray(list)) return refuse(`Decode loaded address json failed: expected {"${member}": ["…"]}`);
  const wrong = list.findIndex((item) => typeof item !== "string");
  if (wrong >= 0) return refuse(`Decode loaded address json failed: ${member}[${wrong}] is not a text`);
  return accept(list.map((item: string, i) => ({ address: item.trim(), place: `${member}[${i}]` })));
}

function parseText(text: string): PoolLine[] {
  return text
    .split("\n")
    .map((line, i) => ({ address: line.trim(), place: `line ${i + 1}` }))
    .filter(({ address }) => address !== "" && !address.startsWith("#"));
}

/**
 * parsePool reads a pool file: JSON when its name ends in `.json`, else a line an address, blank lines
 * and lines that begin with `#` left out. Refused when empty, or when an address stands in it twice.
 */
export function parsePool(name: string, text: string, coin: CoinType): Result<PoolLine[], string> {
  const parsed = name.endsWith(".json") ? parseJson(text, coin) : accept(parseText(text));
  if (!parsed.ok) return parsed;
  if (parsed.value.length === 0) return refuse(`No ${coin} addresses`);
  const places = new Map<string, string>();
  for (const { address, place } of parsed.value) {
    const before = places.get(address);
    if (before !== undefined)
      return refuse(`Duplicate deposit address \`${shown(address)}\` (${before} and ${place})`);
    places.set(address, place);
  }
  return parsed;
}
