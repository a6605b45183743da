import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { fail } from "./answer.ts";
import type { HttpEnv } from "./types.ts";

/** bearer lets in who sends this token (RFC 6750). Hashes are compared, so that time tells neither content nor length. */
export function bearer(token: string): MiddlewareHandler<HttpEnv> {
  const wanted = digest(token);
  return async (c, next) => {
    const [, sent] = /^bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "") ?? [];
    if (sent !== undefined && timingSafeEqual(digest(sent), wanted)) return next();
    c.header("WWW-Authenticate", 'Bearer realm="teller"');
    return fail(c, 401, "Unauthorized");
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
