import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { stringify } from "#internal/json";
import { gzipText } from "./gzip.ts";

const indent = 4;

/** json answers with exact integers, indented as the original's answers are (`spec/teller.md` §8). */
export function json(c: Context, value: unknown, status: ContentfulStatusCode = 200): Response {
  return send(c, stringify(value, indent), { status, type: "application/json" });
}

/** fail answers with an error as documented: the message and a line break, in plain text. */
export function fail(c: Context, status: ContentfulStatusCode, message: string): Response {
  return c.text(`${message}\n`, status);
}

/** notFound is the answer for a path that nobody knows. */
export function notFound(c: Context): Response {
  return fail(c, 404, "404 page not found");
}

/** notAllowed gives a handler that refuses a method and names those that are allowed. */
export function notAllowed(allow: string, message: string): (c: Context) => Response {
  return (c) => {
    c.header("Allow", allow);
    return fail(c, 405, message);
  };
}

/** page answers with HTML that a browser asks again for at each visit; unchanged, it costs no body. */
export function page(c: Context, html: string, status: ContentfulStatusCode = 200): Response {
  const etag = `W/"${Bun.hash(html).toString(36)}"`;
  c.header("Cache-Control", "private, no-cache");
  if (status === 200) {
    c.header("ETag", etag);
    if (matches(c.req.header("if-none-match"), etag)) return c.body(null, 304);
  }
  return send(c, html, { status, type: "text/html; charset=utf-8" });
}

/** matches compares an If-None-Match header with an entity tag, weakly (RFC 9110 §13.1.2). */
export function matches(header: string | undefined, etag: string): boolean {
  const bare = (tag: string) => tag.trim().replace(/^W\//, "");
  return (header ?? "").split(",").some((tag) => tag.trim() === "*" || bare(tag) === bare(etag));
}

function send(
  c: Context,
  text: string,
  { status, type }: { status: ContentfulStatusCode; type: string },
): Response {
  c.header("Content-Type", type);
  c.header("Vary", "Accept-Encoding");
  const packed = gzipText(c, text);
  if (packed === undefined) return c.body(text, status);
  c.header("Content-Encoding", "gzip");
  return c.body(packed, status);
}
