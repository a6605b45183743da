import { accept, refuse, type Result } from "#internal/fault";

/** formatUnits prints an amount with all its decimals, as the documented API does: 6 for SKY, 8 for BTC, 18 for ETH. */
export function formatUnits(amount: bigint, decimals: number): string {
  const sign = amount < 0n ? "-" : "";
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, "0");
  if (decimals === 0) return sign + digits;
  const point = digits.length - decimals;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const plain = /^(\d{1,40})(?:\.(\d{1,40}))?$/;

/**
 * parseUnits reads a plain decimal text ("1.5", no sign, no exponent) as a count of the
 * smallest unit. Digits beyond the unit are refused unless they are zeros: nothing is rounded.
 */
export function parseUnits(text: string, decimals: number): Result<bigint, string> {
  const match = plain.exec(text);
  if (match === null) return refuse(`${JSON.stringify(text.slice(0, 60))} is not a decimal number`);
  const whole = match[1] ?? "";
  const fraction = match[2] ?? "";
  if (/[1-9]/.test(fraction.slice(decimals))) {
    return refuse(`${text} has more than ${decimals} decimal places`);
  }
  return accept(BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, "0")));
}
