/** A public application on a fake Teller, for tests that call it without a port. */
import type { Hono } from "hono";
import { type ManualClock, manualClock } from "#internal/clock";
import { type Assets, type HttpEnv, loadAssets } from "#internal/httpd";
import { silent } from "#internal/log";
import { type PublicOptions, publicApp } from "./mod.ts";
import { type FakeTeller, fakeTeller } from "./testteller.ts";

let assets: Promise<Assets> | undefined;

export interface Desk {
  readonly app: Hono<HttpEnv>;
  readonly teller: FakeTeller;
  readonly clock: ManualClock;
}

export async function openDesk(options: Partial<PublicOptions> = {}): Promise<Desk> {
  const clock = manualClock();
  const teller = fakeTeller(clock);
  assets ??= loadAssets();
  const app = publicApp({
    teller,
    clock,
    logger: silent,
    assets: await assets,
    linkKey: new Uint8Array(32).fill(7),
    throttle: { max: 10_000, durationMs: 60_000 },
    behindProxy: false,
    corsAllowed: [],
    ...options,
  });
  return { app, teller, clock };
}
