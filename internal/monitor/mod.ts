/**
 * monitor: the listener for the operator (7711): the documented monitoring API, read only.
 *
 * Promise: bodies have the documented shape. Lists are bounded: `limit` (1000 unless told, 10,000
 * at most) and, for deposits, `after` (a `seq`) walk through longer ones. On loopback it asks for no
 * token but only answers to names of this machine; anywhere else it asks for one.
 */
import type { Context, Hono } from "hono";
import type { Clock } from "#internal/clock";
import { Broken, type Result } from "#internal/fault";
import {
  application,
  bearer,
  fail,
  type HttpEnv,
  isLoopback,
  json,
  loopbackOnly,
  notAllowed,
  notCrossSite,
  parseHostPort,
} from "#internal/httpd";
import type { Logger } from "#internal/log";
import type { Teller } from "#internal/teller";
import { integerParameter } from "./query.ts";

/** MonitorOptions are the `admin_panel` section of the config, and what the listener needs of the rest. */
export interface MonitorOptions {
  readonly teller: Teller;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Where it will listen, `host:port`: decides whether a token is asked for. */
  readonly address: string;
  /** Asked for on any address but loopback, where it must be given. */
  readonly token?: string | undefined;
}

const wrongMethod = "Method Not Allowed";
const shortestToken = 16;

/** needsToken tells whether an admin listener on this address asks for a token: everywhere but on loopback. */
export function needsToken(address: string): boolean {
  const parsed = parseHostPort(address);
  return !parsed.ok || !isLoopback(parsed.value.host);
}

/** monitorApp makes the application of the admin listener. Throws `Broken` where a token is needed and none, or a short one, is given. */
export function monitorApp({ teller, logger, clock, address, token }: MonitorOptions): Hono<HttpEnv> {
  const app = application({ logger, clock });
  if (needsToken(address)) {
    if (token === undefined || token.length < shortestToken) {
      throw new Broken(
        `monitor: ${address} is not loopback and there is no token of ${shortestToken} characters`,
      );
    }
    app.use("*", bearer(token));
  } else {
    app.use("*", loopbackOnly(), notCrossSite());
  }

  app.get("/api/deposit-addresses", (c) => {
    const limit = limitOf(c);
    return limit.ok ? json(c, teller.depositAddresses(limit.value)) : fail(c, 400, limit.refusal);
  });
  app.get("/api/deposits", (c) =>
    listed(c, (bounds) => {
      const status = c.req.query("status");
      const rows = teller.deposits(status === undefined || status === "" ? bounds : { ...bounds, status });
      return rows.ok ? json(c, { deposits: rows.value }) : fail(c, 400, "Invalid status");
    }),
  );
  app.get("/api/deposits/errored", (c) =>
    listed(c, (bounds) => json(c, { deposits: teller.erroredDeposits(bounds) })),
  );
  app.get("/api/accounting", (c) => json(c, teller.accounting()));
  for (const path of [
    "/api/deposit-addresses",
    "/api/deposits",
    "/api/deposits/errored",
    "/api/accounting",
  ]) {
    app.all(path, notAllowed("GET, HEAD", wrongMethod));
  }
  return app;
}

const defaultLimit = 1000;
const largestLimit = 10_000;

function limitOf(c: Context): Result<number, string> {
  return integerParameter(c, "limit", { default: defaultLimit, min: 1, max: largestLimit });
}

interface Bounds {
  readonly limit: number;
  readonly after?: number;
}

/** listed reads the bounds of a list, or refuses the request. */
function listed(c: Context, answer: (bounds: Bounds) => Response): Response {
  const limit = limitOf(c);
  if (!limit.ok) return fail(c, 400, limit.refusal);
  if (c.req.query("after") === undefined) return answer({ limit: limit.value });
  const after = integerParameter(c, "after", { default: 0, min: 0, max: Number.MAX_SAFE_INTEGER });
  return after.ok ? answer({ limit: limit.value, after: after.value }) : fail(c, 400, after.refusal);
}
