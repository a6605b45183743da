import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Daemon is a teller that runs in dummy mode, with nothing in the way of a measurement. */
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
  /** said waits until the log has these words. */
  said(words: string): Promise<void>;
  stop(): Promise<void>;
}

const patienceMs = 120_000;

/** The throttle never acts, and a Skycoin address may have any number of bindings. All else is the default. */
function configText(pool: string): string {
  return `btc_addresses = "${pool}"
[teller]
max_bound_addrs = 0
[sky_exchanger]
sky_btc_exchange_rate = "500"
[web]
throttle_max = 1000000
http_addr = "127.0.0.1:0"
[admin_panel]
host = "127.0.0.1:0"
[dummy]
sender = true
scanner = true
http_addr = "127.0.0.1:0"
`;
}

/** startDaemon runs the executable on the store in `dir`, which it makes if need be, and waits until it is healthy. */
export async function startDaemon(exe: string, dir: string, pool: string): Promise<Daemon> {
  mkdirSync(dir, { recursive: true });
  const config = join(dir, "bench.toml");
  const log = join(dir, "log");
  writeFileSync(config, configText(pool));
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
  try {
    const urls = await listening(child, log);
    const said = async (words: string) => {
      await logged(child, log, words);
    };
    const publicUrl = urls("public");
    while ((await fetch(`${publicUrl}/api/health`)).status !== 200) await Bun.sleep(1);
    const startMs = performance.now() - began;
    return {
      pid: child.pid,
      publicUrl,
      adminUrl: urls("admin"),
      dummyUrl: urls("dummy"),
      startMs,
      cpuSeconds: () => cpuSeconds(child.pid),
      rssAnonMb: () => rssAnonMb(child.pid),
      said,
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

/** Linux counts in hundredths of a second (proc(5), utime and stime). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function rssAnonMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return (Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6;
}
