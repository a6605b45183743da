/**
 * public: the listener for customers (7071): the documented API and the page.
 *
 * Promise: routes only; every rule about money is in `teller`. No client input gives a 5xx,
 * except the documented 503s. Nobody learns a deposit address but who got it from a bind.
 */
import type { Hono } from "hono";
import type { Clock } from "#internal/clock";
import {
  type Assets,
  application,
  cors,
  type HttpEnv,
  serveAssets,
  shellOf,
  staticFiles,
  throttle,
  type ThrottleOptions,
} from "#internal/httpd";
import type { Logger } from "#internal/log";
import type { Teller } from "#internal/teller";
import { addApi } from "./api.ts";
import { receipts } from "./receipt.ts";
import { addPages } from "./web.ts";

/** PublicOptions are the `web` section of the config, and what the listener needs of the rest. */
export interface PublicOptions {
  readonly teller: Teller;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The web files (`loadAssets`). */
  readonly assets: Assets;
  /**
   * A secret of at least 16 bytes that signs the links to deposit addresses. With another key after a
   * restart the old links still show the progress, but not the address.
   */
  readonly linkKey: Uint8Array;
  readonly throttle: ThrottleOptions;
  readonly behindProxy: boolean;
  readonly corsAllowed: readonly string[];
  /** A folder served at `/` in place of our page; undefined for our page. */
  readonly staticDir?: string | undefined;
}

/** publicApp makes the application of the public listener. */
export function publicApp(options: PublicOptions): Hono<HttpEnv> {
  const { teller, clock, logger, assets, behindProxy } = options;
  const app = application({ logger, clock, behindProxy });
  // A form counts as its API call does, or it would be a way around the limit.
  const throttleBind = throttle(options.throttle, clock);
  const throttleStatus = throttle(options.throttle, clock);
  app.use("/api/*", cors(options.corsAllowed));
  addApi(app, { teller, throttleBind: throttleBind(), throttleStatus: throttleStatus() });
  const folder = options.staticDir === undefined ? undefined : staticFiles(options.staticDir);
  if (folder !== undefined) app.all("/", folder);
  addPages(app, {
    teller,
    clock,
    behindProxy,
    throttleBind,
    throttleStatus,
    shell: shellOf(assets),
    receipts: receipts(options.linkKey, clock),
  });
  const files = serveAssets(assets);
  app.get("*", async (c) => {
    const own = files(c);
    return own.status === 404 && folder !== undefined ? folder(c) : own;
  });
  return app;
}
