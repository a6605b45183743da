import type { Context } from "hono";
import { accept, refuse, type Result } from "#internal/fault";

/** maxRequestBytes is the longest body that an endpoint reads (`design.md` §7). */
export const maxRequestBytes = 16 * 1024;

/** BodyRefusal tells why a body was not read: it is too long, or the client went away in the middle of it. */
export type BodyRefusal = "too_large" | "broken_off";

/** bodyText reads a request's body as UTF-8; bytes that are none become U+FFFD. It never holds more than the limit. */
export async function bodyText(c: Context, limit = maxRequestBytes): Promise<Result<string, BodyRefusal>> {
  const announced = Number(c.req.header("content-length") ?? Number.NaN);
  try {
    const bytes = announced <= limit ? await c.req.raw.arrayBuffer() : await bytesUpTo(c.req.raw.body, limit);
    if (bytes === undefined || bytes.byteLength > limit) return refuse("too_large");
    return accept(new TextDecoder().decode(bytes));
  } catch {
    return refuse("broken_off");
  }
}

/** A body that does not announce its length has to be counted while it comes; a stream for each one that does costs too much. */
async function bytesUpTo(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.byteLength;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** isForm tells whether a body is a form of the kind that a browser sends by default. */
export function isForm(c: Context): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(c.req.header("content-type") ?? "");
}

/** isJson tells whether a body says that it is JSON. */
export function isJson(c: Context): boolean {
  return /^application\/json\s*(?:;|$)/i.test(c.req.header("content-type") ?? "");
}
