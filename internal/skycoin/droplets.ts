import { accept, refuse, type Result } from "#internal/fault";
import { droplet, formatUnits, type Droplet } from "#internal/money";

/** dropletDecimals is the number of decimal places of a SKY amount. */
export const dropletDecimals = 6;

/** Amounts beyond this cannot be written as text by a node, nor read. */
const largest = 2n ** 63n - 1n;
const decimalText = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;
const longestText = 100;
const failed = "Droplet string conversion failed";

/**
 * parseDroplets reads a SKY amount as a node reads it: sign and exponent allowed, at most 6
 * decimal places, zeros behind them dropped. Refused with the node's words
 * (`spec/skycoin.md` §5). `formatDroplets` writes the strict form.
 */
export function parseDroplets(text: string): Result<Droplet, string> {
  const match = text.length > longestText ? null : decimalText.exec(text);
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match ?? [];
  if (match === null || whole + fraction === "")
    return refuse(`can't convert ${text.slice(0, longestText)} to decimal`);
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return accept(droplet(0n));
  if (sign === "-") return refuse(`${failed}: Negative balance`);
  const places = Number(exponent) - fraction.length + dropletDecimals;
  if (places >= 0) return bounded(digits * 10n ** BigInt(places));
  const unit = 10n ** BigInt(-places);
  return digits % unit === 0n ? bounded(digits / unit) : refuse(`${failed}: Too many decimal places`);
}

function bounded(n: bigint): Result<Droplet, string> {
  return n > largest ? refuse(`${failed}: Value is too large`) : accept(droplet(n));
}

/** formatDroplets writes an amount with exactly 6 decimals; refused above 2^63-1, where a node fails as well. */
export function formatDroplets(amount: Droplet): Result<string, string> {
  return amount > largest
    ? refuse(`${failed}: Value is too large`)
    : accept(formatUnits(amount, dropletDecimals));
}

/** precisionUnit is the smallest amount with so many decimal places (0 to 6): outputs are multiples of it. */
export function precisionUnit(decimals: number): bigint {
  return 10n ** BigInt(Math.max(0, dropletDecimals - decimals));
}
