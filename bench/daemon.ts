import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { skycoinAddress } from "./addresses.ts";
import { cpuSeconds, rssAnonMb, writtenBytes } from "./process.ts";
import { seeded } from "./random.ts";

/** Daemon is a teller that runs with nothing in the way of a measurement. */
export interface Daemon {
  readonly pid: number;
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly dummyUrl: string;
  /** Milliseconds from the start of the process to the first answer of /api/health. */
  readonly startMs: number;
  /** cpuSeconds is the processor time that all threads of the process have used. */
  cpuSeconds(): number;
  /** rssAnonMb is the memory that belongs to the process alone, in megabytes (10^6 bytes). */
  rssAnonMb(): number;
  /** writtenBytes counts what the process has written to files: the store and the log. */
  writtenBytes(): number;
  /** open waits until the pool is loaded and an address can be bound; it binds one to find out. */
  open(): Promise<void>;
  stop(): Promise<void>;
}

/** DaemonOptions say which store a daemon runs on. */
export interface DaemonOptions {
  readonly exe: string;
  readonly dir: string;
  readonly pool: string;
  /** The Skycoin node that it pays through, `host:port`, and its wallet file. Without it: the dummy. */
  readonly sky?: { readonly node: string; readonly wallet: string } | undefined;
}

const patienceMs = 120_000;

/** The throttle never acts, and a Skycoin address may have any number of bindings. All else is the default. */
function configText({ pool, sky }: DaemonOptions): string {
  const wallet = sky === undefined ? "" : `wallet = "${sky.wallet}"\n`;
  const node = sky === undefined ? "" : `[sky_rpc]\naddress = "${sky.node}"\n`;
  return `btc_addresses = "${pool}"
${node}[teller]
max_bound_addrs = 0
[sky_exchanger]
sky_btc_exchange_rate = "500"
${wallet}[web]
throttle_max = 1000000
http_addr = "127.0.0.1:0"
[admin_panel]
host = "127.0.0.1:0"
[dummy]
sender = ${sky === undefined}
scanner = true
http_addr = "127.0.0.1:0"
`;
}

/** startDaemon runs the executable on the store in `dir`, which it makes if need be, and waits until it is healthy. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { exe, dir } = options;
  mkdirSync(dir, { recursive: true });
  const config = join(dir, "bench.toml");
  const log = join(dir, "log");
  writeFileSync(config, configText(options));
  const out = openSync(log, "w");
  const began = performance.now();
  const child = Bun.spawn([exe, "-c", config, "-d", dir], {
    cwd: dir,
    env: { HOME: dir, TMPDIR: process.env["TMPDIR"] ?? "/tmp", PATH: "/usr/bin:/bin" },
    stdin: "ignore",
    stdout: out,
    stderr: out,
  });
  closeSync(out);
  const { pid } = child;
  try {
    const urls = await listening(child, log);
    const publicUrl = urls("public");
    while ((await fetch(`${publicUrl}/api/health`)).status !== 200) await Bun.sleep(1);
    return {
      ...{ pid, publicUrl, adminUrl: urls("admin"), dummyUrl: urls("dummy") },
      startMs: performance.now() - began,
      cpuSeconds: () => cpuSeconds(pid),
      rssAnonMb: () => rssAnonMb(pid),
      writtenBytes: () => writtenBytes(pid),
      async open() {
        await logged(child, log, "scanner started");
        await bindOne(publicUrl);
      },
      async stop() {
        child.kill("SIGTERM");
        await child.exited;
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

/** A customer whom no load has. */
const first = skycoinAddress(seeded(0xf125));

/** bindOne binds one address: refused with 503 as long as the chain was not looked at since the start. */
async function bindOne(url: string): Promise<void> {
  const limit = performance.now() + patienceMs;
  for (;;) {
    const answer = await fetch(`${url}/api/bind`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ skyaddr: first, coin_type: "BTC" }),
    });
    const text = await answer.text();
    if (answer.ok) return;
    if (answer.status !== 503 || performance.now() > limit)
      throw new Error(`bench: no address is bound: ${answer.status} ${text}`);
    await Bun.sleep(5);
  }
}

/** The daemon chooses its ports itself and says in its log which ones; the dummy's opens last. */
async function listening(child: Bun.Subprocess, log: string): Promise<(listener: string) => string> {
  const text = await logged(child, log, "listener=dummy");
  return (listener) => {
    const address = new RegExp(`listener=${listener} address="?([0-9.:]+)`).exec(text)?.[1];
    if (address === undefined) throw new Error(`bench: no listener ${listener} in\n${text}`);
    return `http://${address}`;
  };
}

async function logged(child: Bun.Subprocess, log: string, words: string): Promise<string> {
  const limit = performance.now() + patienceMs;
  for (;;) {
    const text = readFileSync(log, "utf8");
    if (text.includes(words)) return text;
    if (child.exitCode !== null || performance.now() > limit)
      throw new Error(`bench: teller did not say "${words}":\n${text.slice(-4000)}`);
    await Bun.sleep(2);
  }
}
