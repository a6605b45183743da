import type { Context, MiddlewareHandler } from "hono";
import type { Clock } from "#internal/clock";
import type { HttpEnv } from "./types.ts";
import { slidingWindow } from "./window.ts";

/** ThrottleOptions are `web.throttle_max` and `web.throttle_duration`. */
export interface ThrottleOptions {
  /** Requests a client may make on one route in any `durationMs`; 0 refuses all (`spec/teller.md` §8.2). */
  readonly max: number;
  /** In milliseconds; 0 switches the throttle off. */
  readonly durationMs: number;
}

/** Clients remembered; beyond that the one seen longest ago is forgotten. */
const rememberedClients = 50_000;
const longestEcho = 200;
/** The text of a refusal; the original ends it without a line break (`spec/teller.md` §8.2). */
export const throttledText = "You have reached maximum request limit.";

/**
 * throttle gives a middleware that refuses with 429 beyond the limit. Routes that share one
 * middleware share its counts. `refusal` writes the answer's body where plain text would not do.
 */
export function throttle(
  { max, durationMs }: ThrottleOptions,
  clock: Clock,
): (refusal?: (c: Context<HttpEnv>) => Response | Promise<Response>) => MiddlewareHandler<HttpEnv> {
  const window = slidingWindow({ max, durationMs, clients: rememberedClients, now: () => clock.mono() });
  const duration = goDuration(durationMs);
  return (refusal = (c) => c.text(throttledText, 429)) =>
    async (c, next) => {
      if (durationMs <= 0) return next();
      const wait = window.take(c.get("client"));
      let answer: Response | undefined;
      if (wait > 0) answer = await refusal(c);
      else await next();
      const { headers } = answer ?? c.res;
      const remote = c.env?.remote;
      headers.set("X-Rate-Limit-Limit", String(max));
      headers.set("X-Rate-Limit-Duration", duration);
      headers.set(
        "X-Rate-Limit-Request-Forwarded-For",
        (c.req.header("x-forwarded-for") ?? "").slice(0, longestEcho),
      );
      headers.set(
        "X-Rate-Limit-Request-Remote-Addr",
        remote === undefined ? "" : `${hostText(remote.address)}:${remote.port}`,
      );
      if (wait > 0) headers.set("Retry-After", String(Math.max(1, Math.ceil(wait / 1000))));
      return answer;
    };
}

function hostText(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** goDuration prints milliseconds as Go does, as the original's header shows them: `1m0s`, `1.5s`, `250ms`. */
export function goDuration(ms: number): string {
  if (ms < 1000) return ms === 0 ? "0s" : `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = Math.round(ms % 60_000) / 1000;
  const whole = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "";
  return `${whole}${seconds}s`;
}
