import { accept, refuse, type Result } from "#internal/fault";
import { droplet, type Droplet } from "./units.ts";

/** Rate is SKY per coin as an exact fraction; both parts are greater than zero. */
export type Rate = { readonly num: bigint; readonly den: bigint };

const decimalText = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const fractionText = /^([+-]?\d+)\/([+-]?\d+)$/;
const longestText = 100;
const largestExponent = 40;
const dropletDecimals = 6;

function parseDecimal(text: string): Result<Rate, string> {
  const cannot = `can't convert ${text} to decimal`;
  const match = decimalText.exec(text);
  if (match === null) return refuse(explain(text, cannot));
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = match;
  if (whole + fraction === "") return refuse(cannot);
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > largestExponent) return refuse(`${cannot}: fractional part too long`);
  const digits = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  const scale = exponent - fraction.length;
  return accept(
    scale >= 0
      ? { num: digits * 10n ** BigInt(scale), den: 1n }
      : { num: digits, den: 10n ** BigInt(-scale) },
  );
}

/** The original's words for the two ways in which a decimal most often goes wrong (`spec/teller.md` §6.8). */
function explain(text: string, cannot: string): string {
  if (text.split(".").length > 2) return `${cannot}: too many .s`;
  if (/[eE]/.test(text)) return `${cannot}: exponent is not numeric`;
  return cannot;
}

/**
 * parseRate reads a rate: an integer, a decimal ("0.5", "1e3") or a fraction of integers ("2/3").
 * A fraction stays exact. Refused with the texts of `spec/teller.md` §6.8.
 */
export function parseRate(text: string): Result<Rate, string> {
  if (text.length > longestText)
    return refuse(`can't convert a text of ${text.length} characters to decimal`);
  const fraction = fractionText.exec(text);
  const parsed =
    fraction === null ? parseDecimal(text) : parseFraction(text, fraction[1] ?? "", fraction[2] ?? "");
  if (!parsed.ok) return parsed;
  const { num, den } = parsed.value;
  return num > 0n === den > 0n && num !== 0n ? parsed : refuse("rate must be greater than zero");
}

function parseFraction(text: string, num: string, den: string): Result<Rate, string> {
  const rate = { num: BigInt(num), den: BigInt(den) };
  if (rate.den === 0n) return refuse(`can't convert ${text} to decimal`);
  return accept(rate.den < 0n ? { num: -rate.num, den: -rate.den } : rate);
}

/** rateText prints a rate so that `parseRate` gives the same fraction back. */
export function rateText(rate: Rate): string {
  return rate.den === 1n ? rate.num.toString() : `${rate.num}/${rate.den}`;
}

/**
 * saleAmount gives the droplets owed for `value` smallest units of a coin that has
 * `coinDecimals` decimal places, cut to `maxDecimals` decimal places of SKY.
 * What is left over is dropped, never rounded up. Source: `spec/teller.md` §6.9.
 */
export function saleAmount(value: bigint, coinDecimals: number, rate: Rate, maxDecimals: number): Droplet {
  if (value < 0n) throw new RangeError("money: a deposit must be greater than or equal to 0");
  if (maxDecimals < 0) throw new RangeError("money: maxDecimals can't be negative");
  const places = Math.min(maxDecimals, dropletDecimals);
  const cut = (value * rate.num * 10n ** BigInt(places)) / (rate.den * 10n ** BigInt(coinDecimals));
  return droplet(cut * 10n ** BigInt(dropletDecimals - places));
}
