/**
 * dummy: the listener that drives dummy mode (4121): deposits into a chain in memory, and the
 * payouts of a wallet in memory (`spec/teller.md` §8.7).
 *
 * Promise: checks and texts are the documented ones. On loopback only names of this machine are
 * answered, because its deposits come by GET and any web page could send one.
 */
import type { Hono } from "hono";
import type { Clock } from "#internal/clock";
import {
  application,
  type HttpEnv,
  isLoopback,
  loopbackOnly,
  notCrossSite,
  parseHostPort,
} from "#internal/httpd";
import type { Logger } from "#internal/log";
import { addScanner, type DummyScanner } from "./scanner.ts";
import { addSender, type DummySender } from "./sender.ts";

export type { DummyDeposit, DummyScanner } from "./scanner.ts";
export type { DummyBroadcast, DummySender } from "./sender.ts";

/** DummyOptions are what the listener needs; a part that is absent is not in dummy mode and has no routes. */
export interface DummyOptions {
  readonly scanner?: DummyScanner | undefined;
  readonly sender?: DummySender | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Where it will listen, `host:port`. */
  readonly address: string;
}

/** dummyApp makes the application of the dummy listener. */
export function dummyApp({ scanner, sender, logger, clock, address }: DummyOptions): Hono<HttpEnv> {
  const app = application({ logger, clock });
  const parsed = parseHostPort(address);
  if (parsed.ok && isLoopback(parsed.value.host)) app.use("*", loopbackOnly());
  app.use("*", notCrossSite());
  if (scanner !== undefined) addScanner(app, scanner);
  if (sender !== undefined) addSender(app, sender);
  return app;
}
