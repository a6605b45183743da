import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { droplet } from "#internal/money";
import { parseAddress } from "#internal/skycoin";
import { type Happening, messagesOf, readLog, recorderEnv } from "../standin/recorder/mod.ts";
import { firstKeyOf, type Skynode, startSkynode } from "../standin/skynode/mod.ts";
import { customerAddress, poolAddresses, walletFile } from "./chains.ts";
import { binary, type Exit, freePort, until } from "./daemon.ts";

/**
 * The world of the power cuts: the executable sells on a dummy Bitcoin chain and pays on a Skycoin stand-in,
 * and a recorder below it writes down what it writes, syncs and sends.
 */

/** Fact is something that left the machine, and that its store may never forget. */
export type Fact = { readonly left: number } & (
  | { readonly kind: "bind"; readonly address: string; readonly sky: string }
  | { readonly kind: "payout"; readonly raw: string }
  | { readonly kind: "deposit"; readonly id: string; readonly status: string }
);

/** Bound is a deposit address that a customer was given. */
interface Bound {
  readonly sky: string;
  readonly address: string;
}

/** Life is one run of the executable. */
export interface Life {
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly dummyUrl: string;
  readonly exited: Promise<Exit>;
  kill(): Promise<Exit>;
  stop(): Promise<Exit>;
}

/** PowercutWorld is both chains, and the store between them. */
export interface PowercutWorld {
  readonly dir: string;
  /** The store, by its path without links. */
  readonly store: string;
  readonly sky: Skynode;
  readonly bound: readonly Bound[];
  /** live starts the executable; recorded unless told otherwise. */
  live(recorded?: boolean): Promise<Life>;
  /** load lets customers bind and pay for so long, and looks at the deposits all the while. */
  load(life: Life, ms: number): Promise<void>;
  /** recorded reads the log of all lives. */
  recorded(): Happening[];
  /** received gives the droplets that a Skycoin address has on the ledger. */
  received(address: string): bigint;
  close(): Promise<void>;
}

const pool = 800;
const clients = 3;
const pollMs = 120;
const pauseMs = 20;
const startMs = 20_000;
const satoshi = 2_000_000n;

function configOf(skyPort: number): string {
  return `btc_addresses = "pool.txt"
[teller]
max_bound_addrs = 0
[sky_rpc]
address = "127.0.0.1:${skyPort}"
[btc_rpc]
network = "simnet"
[btc_scanner]
scan_period = "100ms"
[sky_exchanger]
sky_btc_exchange_rate = "500"
wallet = "hot.wlt"
tx_confirmation_check_wait = "100ms"
`;
}

function listenersOf(web: number, admin: number, dummy: number): string {
  return `[web]
http_addr = "127.0.0.1:${web}"
throttle_max = 1000000
[admin_panel]
host = "127.0.0.1:${admin}"
[dummy]
scanner = true
http_addr = "127.0.0.1:${dummy}"
`;
}

/** openWorld starts the Skycoin chain with a wallet that is filled, and prepares the rest. */
export function openWorld(library: string): PowercutWorld {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "teller-powercut-")));
  mkdirSync(join(dir, "app"));
  const sky = startSkynode({ blockSeconds: 0.1, foreignSeconds: 3600 });
  const to = firstKeyOf("hot").address;
  const filled = sky.spend({ from: "genesis", to, coins: droplet(10n ** 12n), hours: 1_000_000n });
  if (!filled.ok) throw new Error(filled.refusal);
  sky.block();
  writeFileSync(join(dir, "hot.wlt"), walletFile());
  writeFileSync(join(dir, "pool.txt"), poolAddresses(pool).join("\n"));
  const log = join(dir, "record");
  writeFileSync(log, "");
  const store = join(dir, "app", "teller.db");
  const bound: Bound[] = [];
  return {
    ...{ dir, store, sky, bound },
    live: (recorded = true) => live(dir, sky.port, recorded ? recorderEnv(library, store, log) : {}),
    load: (life, ms) => load(life, ms, bound),
    recorded: () => readLog(readFileSync(log)),
    received(address) {
      const parsed = parseAddress(address);
      if (!parsed.ok) throw new Error(parsed.refusal);
      return sky.world.chain.unspent([parsed.value]).reduce((sum, output) => sum + output.coins, 0n);
    },
    async close() {
      await sky.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function live(dir: string, skyPort: number, env: Record<string, string>): Promise<Life> {
  const [web, admin, dummy] = [freePort(), freePort(), freePort()];
  writeFileSync(join(dir, "config.toml"), configOf(skyPort) + listenersOf(web, admin, dummy));
  const output = openSync(join(dir, "teller.log"), "a");
  const child = Bun.spawn([binary(), "-c", join(dir, "config.toml"), "-d", join(dir, "app")], {
    cwd: dir,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: output,
    stderr: output,
  });
  closeSync(output);
  const exited = child.exited.then(() => ({
    code: child.exitCode,
    signal: child.signalCode === null ? null : String(child.signalCode),
  }));
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  const publicUrl = `http://127.0.0.1:${web}`;
  const urls = { publicUrl, adminUrl: `http://127.0.0.1:${admin}`, dummyUrl: `http://127.0.0.1:${dummy}` };
  await until("the executable answers", () => answers(publicUrl, child), startMs);
  return { ...urls, exited, kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
}

async function answers(publicUrl: string, child: Bun.Subprocess): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`the executable ended with ${child.exitCode}`);
  try {
    const health = await fetch(`${publicUrl}/api/health`, { headers: plain });
    return (await health.text()).includes('"status": "OK"');
  } catch {
    return false;
  }
}

/** Bodies are read in the log as they went out. */
const plain = { "accept-encoding": "identity" };

async function load(life: Life, ms: number, bound: Bound[]): Promise<void> {
  const end = performance.now() + ms;
  const going = () => performance.now() < end;
  const customer = async (c: number) => {
    for (let i = 0; going(); i++) {
      // Each customer has a Skycoin address that comes again and again, and pays twice what he binds.
      const sky = customerAddress(c * 20 + (i % 20));
      const address = await bind(life.publicUrl, sky);
      bound.push({ sky, address });
      for (const n of [0, 1]) await pay(life.dummyUrl, address, `${address}-${i}`, n);
      await Bun.sleep(pauseMs);
    }
  };
  const watcher = async () => {
    while (going()) {
      const answer = await fetch(`${life.adminUrl}/api/deposits?limit=10000`, { headers: plain });
      await answer.text();
      await Bun.sleep(pollMs);
    }
  };
  await Promise.all([watcher(), ...Array.from({ length: clients }, (_, c) => customer(c))]);
}

async function bind(publicUrl: string, sky: string): Promise<string> {
  const answer = await fetch(`${publicUrl}/api/bind`, {
    method: "POST",
    headers: { ...plain, "content-type": "application/json" },
    body: JSON.stringify({ skyaddr: sky, coin_type: "BTC" }),
  });
  const text = await answer.text();
  if (text.includes("deposits open when the chain is scanned")) {
    await Bun.sleep(pauseMs);
    return bind(publicUrl, sky);
  }
  if (!answer.ok) throw new Error(`bind: ${answer.status} ${text}`);
  return (JSON.parse(text) as { deposit_address: string }).deposit_address;
}

async function pay(dummyUrl: string, address: string, tx: string, n: number): Promise<void> {
  const query = new URLSearchParams({ addr: address, value: `${satoshi}`, height: "1", tx, n: `${n}` });
  const answer = await fetch(`${dummyUrl}/dummy/scanner/deposit?${query}`, { headers: plain });
  if (!answer.ok) throw new Error(`deposit: ${answer.status} ${await answer.text()}`);
}

/** factsOf finds in a log what left the machine, in the order in which it left. */
export function factsOf(log: readonly Happening[], bound: readonly Bound[]): Fact[] {
  const owners = new Map(bound.map(({ address, sky }) => [address, sky]));
  const told = new Set<string>();
  return messagesOf(log).flatMap(({ start, body, left }): Fact[] => {
    if (start.startsWith("POST /api/v1/injectTransaction")) {
      return [{ left, kind: "payout", raw: (JSON.parse(body) as { rawtx: string }).rawtx }];
    }
    const given = /^\s*\{\s*"deposit_address": *"([^"]+)"/.exec(body)?.[1];
    if (given !== undefined) return [{ left, kind: "bind", address: given, sky: owners.get(given) ?? "" }];
    if (!/^\s*\{\s*"deposits"/.test(body)) return [];
    const { deposits } = JSON.parse(body) as { deposits: { deposit_id: string; status: string }[] };
    return deposits.flatMap(({ deposit_id: id, status }): Fact[] => {
      if (told.has(`${id} ${status}`)) return [];
      told.add(`${id} ${status}`);
      return [{ left, kind: "deposit", id, status }];
    });
  });
}
