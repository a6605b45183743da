import type { Context } from "hono";
import { accept, refuse, type Result } from "#internal/fault";
import { bodyText, isForm } from "#internal/httpd";

/** Parameters are named texts; an absent one is empty, as in the original. */
export type Parameters = (name: string) => string;

/** parametersOf reads a request's parameters from a form body and from the query; the body's win. */
export async function parametersOf(c: Context): Promise<Result<Parameters, "too_large" | "broken_off">> {
  const query = new URLSearchParams(queryOf(c.req.url));
  if (c.req.method !== "POST" || !isForm(c)) return accept((name) => query.get(name) ?? "");
  const body = await bodyText(c);
  if (!body.ok) return refuse(body.refusal);
  const form = new URLSearchParams(body.value);
  return accept((name) => form.get(name) ?? query.get(name) ?? "");
}

/** queryOf gives what follows the first question mark. A request's URL has no fragment. */
function queryOf(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at + 1);
}

/** largestInt64 bounds the numbers that the original reads as 64-bit integers. */
export const largestInt64 = 2n ** 63n - 1n;

/** wholeNumber reads digits as a number from 0 to `largest`, or gives undefined. */
export function wholeNumber(text: string, largest: bigint): bigint | undefined {
  if (!/^\d{1,40}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= largest ? value : undefined;
}
