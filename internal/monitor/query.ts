import type { Context } from "hono";
import { accept, refuse, type Result } from "#internal/fault";

/** integerParameter reads a whole number from the query; an absent or empty one is the default. */
export function integerParameter(
  c: Context,
  name: string,
  range: { readonly default: number; readonly min: number; readonly max: number },
): Result<number, string> {
  const text = c.req.query(name) ?? "";
  if (text === "") return accept(range.default);
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  const fits = value >= range.min && value <= range.max;
  return fits ? accept(value) : refuse(`Invalid ${name}: a whole number from ${range.min} to ${range.max}`);
}
