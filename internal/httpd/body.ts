import type { Context } from "hono";
import { accept, refuse, type Result } from "#internal/fault";

/** maxRequestBytes is the longest body that an endpoint reads (`design.md` §7). */
export const maxRequestBytes = 16 * 1024;

/** BodyRefusal tells why a body was not read: it is too long, or the client went away in the middle of it. */
export type BodyRefusal = "too_large" | "broken_off";

/** bodyText reads a request's body as UTF-8; bytes that are none become U+FFFD. It never holds more than the limit. */
export async function bodyText(c: Context, limit = maxRequestBytes): Promise<Result<string, BodyRefusal>> {
  const { body } = c.req.raw;
  if (body === null) return accept("");
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      length += chunk.byteLength;
      if (length > limit) return refuse("too_large");
      chunks.push(chunk);
    }
  } catch {
    return refuse("broken_off");
  }
  return accept(new TextDecoder().decode(Buffer.concat(chunks)));
}

/** isForm tells whether a body is a form of the kind that a browser sends by default. */
export function isForm(c: Context): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(c.req.header("content-type") ?? "");
}

/** isJson tells whether a body says that it is JSON. */
export function isJson(c: Context): boolean {
  return /^application\/json\s*(?:;|$)/i.test(c.req.header("content-type") ?? "");
}
