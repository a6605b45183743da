import { Hono, type MiddlewareHandler } from "hono";
import type { Clock } from "#internal/clock";
import { Broken, Fault, fateOf, messageOf } from "#internal/fault";
import type { Logger } from "#internal/log";
import { fail, notFound } from "./answer.ts";
import { maxRequestBytes } from "./body.ts";
import { clientOf } from "./client.ts";
import { securityHeaders } from "./headers.ts";
import { inFlight } from "./inflight.ts";
import type { HttpEnv } from "./types.ts";

/** ApplicationOptions are what every application has beneath its routes. */
export interface ApplicationOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Read the client's address from X-Forwarded-For (`web.behind_proxy`). */
  readonly behindProxy?: boolean;
  /** Requests answered at a time; 512 unless told. */
  readonly maxInFlight?: number;
  /** Requests of one client answered at a time; 64 unless told. */
  readonly maxInFlightPerClient?: number;
}

/**
 * application makes an empty application with what all share: security headers on every answer,
 * the client's address, a limit of requests in flight, a limit on bodies, an access log at debug,
 * and plain texts for 404 and 500. An error is logged and its text never sent.
 */
export function application(options: ApplicationOptions): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  app.use("*", hardened(options));
  app.use("*", async (c, next) => {
    const announced = Number(c.req.header("content-length") ?? 0);
    return announced > maxRequestBytes ? fail(c, 413, "Request body too large") : next();
  });
  app.notFound(notFound);
  app.onError((error, c) => {
    if (error instanceof Broken) c.env?.broken?.(error);
    options.logger.error("request failed", {
      method: c.req.method,
      path: c.req.path,
      error: messageOf(error),
      fate: fateOf(error),
      op: error instanceof Fault ? error.op : undefined,
    });
    return fail(c, 500, "Internal Server Error");
  });
  return app;
}

function hardened(options: ApplicationOptions): MiddlewareHandler<HttpEnv> {
  const { logger, clock, behindProxy = false, maxInFlight = 512, maxInFlightPerClient = 64 } = options;
  const current = inFlight(maxInFlight, maxInFlightPerClient);
  return async (c, next) => {
    const start = clock.mono();
    const client = clientOf(c.env?.remote, c.req.header("x-forwarded-for"), behindProxy);
    c.set("client", client);
    let refused: Response | undefined;
    if (current.enter(client)) {
      try {
        await next();
      } finally {
        current.leave(client);
      }
    } else {
      refused = fail(c, 503, "Too many requests at once");
      refused.headers.set("Retry-After", "1");
    }
    const answer = refused ?? c.res;
    for (const [name, value] of securityHeaders) answer.headers.set(name, value);
    const ms = Math.round((clock.mono() - start) * 10) / 10;
    // No query: it holds customers' addresses.
    logger.debug("request", { method: c.req.method, path: c.req.path, status: answer.status, ms, client });
    return refused;
  };
}
