import type { Context, MiddlewareHandler } from "hono";
import { isLoopback } from "./address.ts";
import { fail } from "./answer.ts";
import type { HttpEnv } from "./types.ts";

const corsMethods = "GET, POST, HEAD";
const corsHeaders = "Origin, Accept, Content-Type";

/**
 * originMatcher reads `web.cors_allowed`: an entry is an origin (`https://wallet.example`), or
 * `host:port` of either scheme as documented, and may hold one `*`. An empty list allows none.
 */
export function originMatcher(allowed: readonly string[]): (origin: string) => boolean {
  const tests = allowed.map((entry) => {
    const lower = entry.trim().toLowerCase().replace(/\/+$/, "");
    const [start = "", end] = lower.split("*");
    return (origin: string) => {
      const text = lower.includes("://") ? origin : origin.replace(/^https?:\/\//, "");
      if (end === undefined) return text === start;
      return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
    };
  });
  return (origin) => tests.some((test) => test(origin.toLowerCase()));
}

/** cors lets pages of the allowed origins read the answers, and answers preflights (`spec/teller.md` §8.1). */
export function cors(allowed: readonly string[]): MiddlewareHandler<HttpEnv> {
  const allows = originMatcher(allowed);
  return async (c, next) => {
    const origin = c.req.header("origin");
    const permitted = origin !== undefined && allows(origin);
    const asked = c.req.header("access-control-request-method");
    const preflight = c.req.method === "OPTIONS" && asked !== undefined;
    if (!preflight) await next();
    const answer = preflight ? c.body(null, 200) : c.res;
    answer.headers.append("Vary", "Origin");
    if (permitted) {
      answer.headers.set("Access-Control-Allow-Origin", origin);
      if (preflight && corsMethods.split(", ").includes(asked.toUpperCase())) {
        answer.headers.set("Access-Control-Allow-Methods", corsMethods);
        answer.headers.set("Access-Control-Allow-Headers", corsHeaders);
      }
    }
    return preflight ? answer : undefined;
  };
}

/**
 * sameOrigin refuses a form that a page of another origin sends. A browser tells by
 * Sec-Fetch-Site, or by Origin where the page came without TLS; a client that sends neither is
 * no browser and has nobody's cookies or address to abuse.
 */
export function sameOrigin(behindProxy: boolean): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const site = c.req.header("sec-fetch-site");
    const origin = c.req.header("origin");
    const own =
      site !== undefined
        ? site === "same-origin" || site === "none"
        : origin === undefined || hostOf(origin) === requestHost(c, behindProxy);
    return own ? next() : fail(c, 403, "Cross-origin request refused");
  };
}

/**
 * loopbackOnly guards a listener on loopback against pages that reach it through a name of their
 * own (DNS rebinding): only names and addresses of this machine are let in.
 */
export function loopbackOnly(): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const host = requestHost(c, false).replace(/:\d*$/, "");
    return isLoopback(host) ? next() : fail(c, 403, "Bad Host");
  };
}

/** notCrossSite refuses what a page of another site makes a browser ask for. */
export function notCrossSite(): MiddlewareHandler<HttpEnv> {
  return async (c, next) =>
    c.req.header("sec-fetch-site") === "cross-site" ? fail(c, 403, "Cross-origin request refused") : next();
}

function requestHost(c: Context, behindProxy: boolean): string {
  const forwarded = behindProxy ? c.req.header("x-forwarded-host")?.split(",").at(-1)?.trim() : undefined;
  return (forwarded || c.req.header("host") || new URL(c.req.url).host).toLowerCase();
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/(.+)$/.exec(origin.toLowerCase())?.[1];
}
