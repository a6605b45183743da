import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boundAddresses } from "#internal/book";
import { audit } from "../internal/book/testaudit.ts";
import { bookBuckets } from "#internal/book";
import { openStore } from "#internal/db";
import { binary, type Exit, freePort, until } from "./daemon.ts";

/** The executable in dummy mode, under limits that a shell sets for it. */

/** Post is a place where the executable runs, one life after the other. */
export interface Post {
  readonly dir: string;
  readonly app: string;
  readonly store: string;
  /** launch starts it; `shell` is said to the shell that becomes it: `ulimit -n 100`. */
  launch(shell?: string): Life;
  /** start launches it and waits, so many milliseconds at most, until it answers or has ended. */
  start(shell?: string, ms?: number): Promise<Life>;
  /** log is what all lives have printed. */
  log(): string;
  /** problems of the store, of which these bindings must be known. */
  problems(bound: readonly Bound[]): Promise<string[]>;
  remove(): void;
}

/** Bound is a deposit address that was given to a Skycoin address. */
export interface Bound {
  readonly sky: string;
  readonly address: string;
}

/** Life is one run of the executable. */
export interface Life {
  readonly pid: number;
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly dummyUrl: string;
  readonly exited: Promise<Exit>;
  ended(): boolean;
  signal(name: NodeJS.Signals): void;
  /** stop asks it to end, and gives how it ended and after how long. */
  stop(): Promise<Exit & { readonly ms: number }>;
}

const usualConfig = `btc_addresses = "pool.txt"
[teller]
max_bound_addrs = 0
[sky_exchanger]
sky_btc_exchange_rate = "500"
[btc_rpc]
network = "simnet"
`;
const startMs = 20_000;

/** openPost prepares a place with this pool. */
export function openPost(pool: readonly string[], config = usualConfig): Post {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "teller-limits-")));
  const app = join(dir, "app");
  mkdirSync(app);
  writeFileSync(join(dir, "pool.txt"), pool.join("\n"));
  const store = join(app, "teller.db");
  return {
    ...{ dir, app, store },
    launch: (shell = "") => launch(dir, config, shell),
    async start(shell = "", ms = startMs) {
      const life = launch(dir, config, shell);
      await until("the executable answers", async () => life.ended() || (await healthy(life.publicUrl)), ms);
      return life;
    },
    log: () => readFileSync(join(dir, "teller.log"), "utf8"),
    async problems(bound) {
      const opened = openStore(store, bookBuckets);
      try {
        const unknown = opened.read((reader) =>
          bound.filter(({ address, sky }) => boundAddresses(reader, "BTC", address) !== sky),
        );
        return [...unknown.map(({ address }) => `${address} is forgotten`), ...audit(opened)];
      } finally {
        await opened.close();
      }
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function launch(dir: string, config: string, shell: string): Life {
  const [web, admin, dummy] = [freePort(), freePort(), freePort()];
  const path = join(dir, "config.toml");
  const dummies = config.includes("[dummy]") ? "" : `[dummy]\nscanner = true\nsender = true\n`;
  const at = (port: number) => `"127.0.0.1:${port}"`;
  writeFileSync(
    path,
    `${config}${dummies === "" ? "" : `${dummies}http_addr = ${at(dummy)}\n`}[web]
http_addr = ${at(web)}
throttle_max = 1000000
[admin_panel]
host = ${at(admin)}
`,
  );
  const output = openSync(join(dir, "teller.log"), "a");
  const line = `${shell === "" ? "" : `${shell} && `}exec "$0" "$@"`;
  const child = Bun.spawn(["/bin/sh", "-c", line, binary(), "-c", path, "-d", join(dir, "app")], {
    cwd: dir,
    stdin: "ignore",
    stdout: output,
    stderr: output,
  });
  closeSync(output);
  const exited = child.exited.then(() => ({
    code: child.exitCode,
    signal: child.signalCode === null ? null : String(child.signalCode),
  }));
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const publicUrl = `http://127.0.0.1:${web}`;
  const urls = { publicUrl, adminUrl: `http://127.0.0.1:${admin}`, dummyUrl: `http://127.0.0.1:${dummy}` };
  return {
    ...urls,
    ...{ pid: child.pid, exited, ended },
    signal: (name) => child.kill(name),
    async stop() {
      const began = performance.now();
      child.kill("SIGTERM");
      return { ...(await exited), ms: performance.now() - began };
    },
  };
}

/** healthy tells whether health answers within a second. */
export async function healthy(publicUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${publicUrl}/api/health`, { signal: AbortSignal.timeout(1000) })).ok;
  } catch {
    return false;
  }
}

/** bindAt binds an address; undefined when the answer was a refusal or none at all. */
export async function bindAt(life: Life, sky: string): Promise<Bound | undefined> {
  try {
    const answer = await fetch(`${life.publicUrl}/api/bind`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ skyaddr: sky, coin_type: "BTC" }),
      signal: AbortSignal.timeout(5000),
    });
    const text = await answer.text();
    if (!answer.ok) return undefined;
    return { sky, address: (JSON.parse(text) as { deposit_address: string }).deposit_address };
  } catch {
    return undefined;
  }
}

/** bindable waits until a new store gives out addresses, and gives the first one. */
export async function bindable(life: Life, sky: string): Promise<Bound> {
  let bound: Bound | undefined;
  await until("addresses are given out", async () => {
    bound = await bindAt(life, sky);
    return bound !== undefined;
  });
  if (bound === undefined) throw new Error("no address");
  return bound;
}

/** openFiles counts the descriptors of a process. */
export const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
