import type { Config } from "#internal/config";
import { dummyApp, type DummyScanner, type DummySender } from "#internal/dummy";
import { type Listener, listen, loadAssets } from "#internal/httpd";
import type { Operator } from "#internal/operator";
import { monitorApp, needsToken } from "#internal/monitor";
import { publicApp } from "#internal/public";
import type { Teller } from "#internal/teller";
import type { House } from "./house.ts";
import { keepSecret } from "./secrets.ts";

/** Doors are what the listeners lead to. */
export interface Doors {
  readonly teller: Teller;
  readonly operator: Operator;
  readonly scanner: DummyScanner | undefined;
  readonly sender: DummySender | undefined;
  readonly appDir: string;
}

async function publicListener(config: Config, house: House, doors: Doors): Promise<Listener[]> {
  const { web } = config;
  if (web.httpAddr === undefined) return [];
  const logger = house.log.child("teller.http");
  const app = publicApp({
    teller: doors.teller,
    logger,
    clock: house.clock,
    assets: await loadAssets(),
    // Its text and not what it spells: text that is no hex would be an empty key, with which anybody could sign.
    linkKey: Buffer.from(keepSecret(doors.appDir, "link_key").text),
    throttle: { max: web.throttleMax, durationMs: web.throttleDurationMs },
    behindProxy: web.behindProxy,
    corsAllowed: web.corsAllowed,
    staticDir: web.staticDir,
  });
  return [listen({ name: "public", address: web.httpAddr.text, app, clock: house.clock, logger })];
}

function tokenFor(config: Config, house: House, appDir: string): string | undefined {
  const { host, token } = config.adminPanel;
  if (!needsToken(host.text)) return undefined;
  if (token !== undefined) return token.reveal();
  const kept = keepSecret(appDir, "admin_token");
  house.log.warn("the admin listener asks for the token in this file", { path: kept.path });
  return kept.text;
}

function adminListener(config: Config, house: House, doors: Doors): Listener {
  const logger = house.log.child("teller.monitor");
  const address = config.adminPanel.host.text;
  const token = tokenFor(config, house, doors.appDir);
  const app = monitorApp({
    teller: doors.teller,
    logger,
    clock: house.clock,
    address,
    token,
    operator: doors.operator,
  });
  return listen({ name: "admin", address, app, clock: house.clock, logger });
}

function dummyListener(config: Config, house: House, doors: Doors): Listener[] {
  const { httpAddr } = config.dummy;
  const { scanner, sender } = doors;
  if (httpAddr === undefined || (scanner === undefined && sender === undefined)) return [];
  const logger = house.log.child("teller.dummy");
  const app = dummyApp({ scanner, sender, logger, clock: house.clock, address: httpAddr.text });
  return [listen({ name: "dummy", address: httpAddr.text, app, clock: house.clock, logger })];
}

/** openListeners opens every listener that the configuration names. Throws a `Fault` (`stop`) that names address and reason; those that were open are closed again. */
export async function openListeners(
  config: Config,
  house: House,
  doors: Doors,
): Promise<readonly Listener[]> {
  const open: Listener[] = [];
  try {
    open.push(...(await publicListener(config, house, doors)));
    open.push(adminListener(config, house, doors));
    open.push(...dummyListener(config, house, doors));
    return open;
  } catch (error) {
    for (const listener of open) await listener.stop(0);
    throw error;
  }
}
