import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bookBuckets } from "#internal/book";
import { openStore, type Reader } from "#internal/db";
import * as json from "#internal/json";
import { executable } from "./executable_build.ts";

/** DaemonOptions are the parts of a configuration that tests change. */
export interface DaemonOptions {
  readonly dir: string;
  /** TOML for the whole file, without the `[web]`, `[admin_panel]` and `[dummy]` addresses. */
  readonly config: string;
  /** Another copy of the executable. */
  readonly exe?: string;
}

/** Exit is how a daemon ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Daemon is the compiled executable under test. */
export interface Daemon {
  readonly dir: string;
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly dummyUrl: string;
  /** output is what it has printed so far, both streams. */
  output(): string;
  /** exited resolves when it has ended. */
  readonly exited: Promise<Exit>;
  /** kill ends it with SIGKILL, as a power cut would, and waits for its end. */
  kill(): Promise<Exit>;
  /** stop ends it with SIGTERM and waits for its end. */
  stop(): Promise<Exit>;
}

let built: string | undefined;

/** binary gives the executable under test; it is built once a run. */
export function binary(): string {
  built ??= executable();
  return built;
}

/** freePort asks the system for a port that nobody listens on now. */
export function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}

const startMs = 15_000;

async function collect(stream: ReadableStream<Uint8Array>, into: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) into(decoder.decode(chunk, { stream: true }));
}

/** withDummy gives the dummy listener its port, in the section that the configuration has, or in one of its own. */
function withDummy(config: string, port: number): string {
  const line = `http_addr = "127.0.0.1:${port}"\n`;
  return config.includes("[dummy]\n")
    ? config.replace("[dummy]\n", `[dummy]\n${line}`)
    : `${config}[dummy]\n${line}`;
}

/** startDaemon starts the executable and waits until it answers, or until it has ended. */
export async function startDaemon(options: DaemonOptions, ...flags: string[]): Promise<Daemon> {
  const { dir } = options;
  mkdirSync(join(dir, "app"), { recursive: true });
  const [web, admin, dummy] = [freePort(), freePort(), freePort()];
  const listeners = `
[web]
http_addr = "127.0.0.1:${web}"
throttle_max = 1000000
[admin_panel]
host = "127.0.0.1:${admin}"
`;
  const path = join(dir, "config.toml");
  writeFileSync(path, withDummy(options.config, dummy) + listeners);
  const child = Bun.spawn([options.exe ?? binary(), "-c", path, "-d", join(dir, "app"), ...flags], {
    cwd: dir,
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
  });
  let printed = "";
  const add = (text: string) => {
    printed += text;
  };
  const streams = Promise.all([collect(child.stdout, add), collect(child.stderr, add)]);
  const exited = child.exited.then(async () => {
    await streams;
    return { code: child.exitCode, signal: child.signalCode === null ? null : String(child.signalCode) };
  });
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  const daemon: Daemon = {
    dir,
    publicUrl: `http://127.0.0.1:${web}`,
    adminUrl: `http://127.0.0.1:${admin}`,
    dummyUrl: `http://127.0.0.1:${dummy}`,
    output: () => printed,
    exited,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
  await Promise.race([exited, until("the daemon answers", () => answers(daemon), startMs)]);
  if (process.env["TELLER_SHOW"] !== undefined)
    void exited.then((exit) => console.error(exit, printed.slice(-4000)));
  return daemon;
}

async function answers(daemon: Daemon): Promise<boolean> {
  try {
    return (await fetch(`${daemon.publicUrl}/api/health`)).ok;
  } catch {
    return false;
  }
}

/** until waits for something to become true, and fails with its name after so long. */
export async function until(
  what: string,
  test: () => boolean | Promise<boolean>,
  ms = 30_000,
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await test())) {
    if (performance.now() > end) throw new Error(`after ${ms} ms still not: ${what}`);
    await Bun.sleep(25);
  }
}

/** get reads JSON from a listener, with every digit. */
export async function get<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return json.parse(text) as T;
}

/** askToBind asks once, and gives the status and the text of the answer. */
export async function askToBind(daemon: Daemon, sky: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${daemon.publicUrl}/api/bind`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ skyaddr: sky, coin_type: "BTC" }),
  });
  return { status: answer.status, text: (await answer.text()).trim() };
}

/** bindAddress binds a BTC address for a Skycoin address, as soon as binding has opened after a start. */
export async function bindAddress(daemon: Daemon, sky: string): Promise<string> {
  let last = { status: 0, text: "" };
  await until(`an address is bound for ${sky}`, async () => {
    last = await askToBind(daemon, sky);
    return !/; try again (?:soon|later)$/.test(last.text);
  });
  if (last.status !== 200) throw new Error(`bind: ${last.status} ${last.text}`);
  return (JSON.parse(last.text) as { deposit_address: string }).deposit_address;
}

/** ShownDeposit is a deposit as the admin listener shows it. */
export interface ShownDeposit {
  readonly seq: number;
  readonly status: string;
  readonly deposit_id: string;
  readonly sky_address: string;
  readonly deposit_address: string;
  readonly txid: string;
  readonly sky_sent: number;
  readonly deposit_value: number;
  readonly error: string;
  readonly marks: readonly string[];
}

/** depositsOf lists all deposits of a daemon. */
export async function depositsOf(daemon: Daemon): Promise<readonly ShownDeposit[]> {
  const { deposits } = await get<{ deposits: ShownDeposit[] }>(`${daemon.adminUrl}/api/deposits?limit=10000`);
  return deposits;
}

/** Health is the part of the health answer that tests look at. */
export interface Health {
  readonly status: string;
  readonly exchange: { readonly sender_error: string; readonly held_count: number };
  readonly scanners: { readonly BTC: { height: number; tip: number; error: string; error_since: number } };
}

/** healthOf reads the health of a daemon. */
export const healthOf = (daemon: Daemon) => get<Health>(`${daemon.publicUrl}/api/health`);

/** readStore opens the store of a daemon that has ended, and reads from it. */
export async function readStore<T>(dir: string, fn: (reader: Reader) => T): Promise<T> {
  const store = openStore(join(dir, "app", "teller.db"), bookBuckets);
  try {
    return store.read(fn);
  } finally {
    await store.close();
  }
}
