import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBook } from "#internal/book";
import { type Clock, systemClock } from "#internal/clock";
import type { Store } from "#internal/db";
import { noCrash, type Part, supervise, type Supervisor } from "#internal/life";
import { recordingLog, type RecordingLog } from "#internal/log";
import { type Assembled, build } from "./assemble.ts";
import { loadSettings, type Settings } from "./settings.ts";

const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const pool = join(import.meta.dir, "..", "..", "example_btc_addresses.json");

/** dummyConfig is a configuration of dummy mode on free ports, with a pool file beside it. */
export function dummyConfig(dir: string): string {
  return `
logfile = ""
btc_addresses = "${join(dir, "pool.json")}"
[btc_scanner]
scan_period = "50ms"
[sky_exchanger]
sky_btc_exchange_rate = "500"
tx_confirmation_check_wait = "50ms"
[web]
http_addr = "127.0.0.1:0"
throttle_max = 100000
[admin_panel]
host = "127.0.0.1:0"
[dummy]
scanner = true
sender = true
http_addr = "127.0.0.1:0"
`;
}

/** Desk is a daemon in this process, in dummy mode. */
export interface Desk {
  readonly dir: string;
  readonly log: RecordingLog;
  readonly store: Store;
  readonly settings: Settings;
  readonly assembled: Assembled;
  readonly running: Supervisor;
  /** get asks one of the listeners and gives the answer's text; throws unless it is 200. */
  get(listener: "public" | "admin" | "dummy", path: string): Promise<string>;
  post(path: string, body: unknown): Promise<Response>;
  stop(): Promise<void>;
}

/** newDir makes a folder with a configuration and a pool for desks. */
export function newDir(): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(scratch, "teller-desk-"));
  copyFileSync(pool, join(dir, "pool.json"));
  writeFileSync(join(dir, "config.toml"), dummyConfig(dir));
  return { dir, remove: () => rmSync(dir, { recursive: true }) };
}

function urlOf(parts: readonly Part[], name: string): string {
  const part = parts.find((one) => one.name === `http.${name}`);
  if (part === undefined || !("url" in part)) throw new Error(`no listener ${name}`);
  return String(part.url);
}

/** OpenOptions put something between the daemon and its store or its time. */
export interface OpenOptions {
  readonly wrap?: (store: Store) => Store;
  readonly clock?: Clock;
}

/** openDesk starts a daemon on the store in this folder, as `teller -c config.toml -d DIR` does. */
export async function openDesk(dir: string, options: OpenOptions = {}): Promise<Desk> {
  const { wrap = (store: Store) => store, clock = systemClock } = options;
  const settings = loadSettings({ config: join(dir, "config.toml"), dir, crashAt: undefined }, {});
  const log = recordingLog();
  const store = await openBook(settings.dbPath, {
    schema: 1,
    btc_network: settings.config.btcRpc.network,
    dummy_scanner: true,
    dummy_sender: true,
  });
  const house = { store: wrap(store), clock, log: log.logger, crash: noCrash };
  const assembled = await build(settings, house, "test");
  const running = supervise(assembled.parts, systemClock);
  const url = (name: string, path: string) => urlOf(assembled.parts, name) + path;
  return {
    ...{ dir, log, store, settings, assembled, running },
    async get(listener, path) {
      const answer = await fetch(url(listener, path));
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text}`);
      return text;
    },
    post: (path, body) =>
      fetch(url("public", path), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    async stop() {
      running.stop();
      if (!(await running.ended(10_000))) throw new Error("the desk did not stop");
      await store.close();
    },
  };
}

/** until waits until this holds, or fails after ten seconds. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited too long until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
