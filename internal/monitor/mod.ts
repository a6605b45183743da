/**
 * monitor: the listener for the operator (7711): the documented monitoring API, which only reads, and
 * the operator's commands.
 *
 * Promise: bodies have the documented shape. Lists are bounded: `limit` (1000 unless told, 10,000
 * at most) and, for deposits, `after` (a `seq`) walk through longer ones; a `Link` header names the
 * next page. On loopback it asks for no
 * token but only answers to names of this machine; anywhere else it asks for one.
 */
import type { Context, Hono } from "hono";
import type { Clock } from "#internal/clock";
import { accept, Broken, refuse, type Result } from "#internal/fault";
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
import type { Operator } from "#internal/operator";
import type { DepositRow, Teller } from "#internal/teller";
import { commandPath, takeCommand } from "./command.ts";
import { integerParameter } from "./query.ts";

export { type Command, commandPath } from "./command.ts";

/** MonitorOptions are the `admin_panel` section of the config, and what the listener needs of the rest. */
export interface MonitorOptions {
  readonly teller: Teller;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Where it will listen, `host:port`: decides whether a token is asked for. */
  readonly address: string;
  /** Asked for on any address but loopback, where it must be given. */
  readonly token?: string | undefined;
  /** Who carries out the operator's commands; without it there are none. */
  readonly operator?: Operator | undefined;
}

const wrongMethod = "Method Not Allowed";
const shortestToken = 16;

/** needsToken tells whether an admin listener on this address asks for a token: everywhere but on loopback. */
export function needsToken(address: string): boolean {
  const parsed = parseHostPort(address);
  return !parsed.ok || !isLoopback(parsed.value.host);
}

/** monitorApp makes the application of the admin listener. Throws `Broken` where a token is needed and none, or a short one, is given. */
export function monitorApp({
  teller,
  logger,
  clock,
  address,
  token,
  operator,
}: MonitorOptions): Hono<HttpEnv> {
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
      const status = c.req.query("status") ?? "";
      const rows = teller.deposits(status === "" ? bounds : { ...bounds, status });
      return rows.ok ? rows : refuse("Invalid status");
    }),
  );
  app.get("/api/deposits/errored", (c) => listed(c, (bounds) => accept(teller.erroredDeposits(bounds))));
  app.get("/api/accounting", (c) => json(c, teller.accounting()));
  if (operator !== undefined) app.post(commandPath, (c) => takeCommand(c, { operator, clock }));
  app.all(commandPath, notAllowed("POST", wrongMethod));
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
  readonly after: number;
}

/** listed reads the bounds of a list and answers with it, or refuses. A full page names the next one (RFC 8288). */
function listed(c: Context, rowsOf: (bounds: Bounds) => Result<readonly DepositRow[], string>): Response {
  const limit = limitOf(c);
  if (!limit.ok) return fail(c, 400, limit.refusal);
  const after = integerParameter(c, "after", { default: 0, min: 0, max: Number.MAX_SAFE_INTEGER });
  if (!after.ok) return fail(c, 400, after.refusal);
  const rows = rowsOf({ limit: limit.value, after: after.value });
  if (!rows.ok) return fail(c, 400, rows.refusal);
  const last = rows.value.at(-1);
  if (last !== undefined && rows.value.length === limit.value) {
    const query = new URL(c.req.url).searchParams;
    query.set("after", String(last.seq));
    c.header("Link", `<${c.req.path}?${query}>; rel="next"`);
  }
  return json(c, { deposits: rows.value });
}
