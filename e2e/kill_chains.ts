import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#internal/clock";
import { type Node, restNode } from "#internal/skycoin";
import { type Btcd, startBtcd, type Wallet, wallet } from "../standin/btcd/mod.ts";
import { poolAddresses, walletFile } from "./chains.ts";
import { build, confirmed, never, onlyUnspent, textOf } from "./skynode_contract_build.ts";
import { startStock } from "./skynode_contract_stock.ts";

/** KillChainsOptions say on which chains the executable is killed. */
export interface KillChainsOptions {
  readonly btcdBin: string;
  /** A stock Skycoin node; absent: the stand-in, as a process of its own. */
  readonly skycoinBin?: string | undefined;
  /** So many addresses are in the pool. */
  readonly pool: number;
  readonly confirmations: number;
}

/** KillChains are both chains, each in processes of its own, and what a teller on them is configured with. */
export interface KillChains {
  readonly dir: string;
  readonly wallet: Wallet;
  readonly node: Node;
  readonly stock: boolean;
  /** The configuration of a teller, its listeners left out. */
  readonly config: string;
  /** funded is what the hot wallet was given, in droplets. */
  readonly funded: bigint;
  /** command orders something of the stand-in, as its `/control/` takes it; a stock node takes no orders. */
  command(name: string, args: Readonly<Record<string, unknown>>): Promise<void>;
  /** close ends both chains. The folder stays when it is to be looked at. */
  close(keepFolder: boolean): Promise<void>;
}

interface Skycoin {
  readonly url: string;
  stop(): Promise<void>;
}

const standinMain = join(import.meta.dir, "../standin/skynode/main.ts");
/**
 * Quick blocks, each followed by one of somebody else an hour later, so that coin hours grow. What lost against
 * a block stays in the pool for a while, where it is in the way, but not for a minute as on a stock node.
 */
const standinFlags = [
  ...["--port", "0", "--block-seconds", "0.2"],
  ...["--foreign-seconds", "3600", "--clean-seconds", "2"],
];

async function startStandin(dir: string): Promise<Skycoin> {
  const child = Bun.spawn([process.execPath, standinMain, ...standinFlags], {
    cwd: dir,
    stdin: "ignore",
    stdout: "pipe",
    stderr: Bun.file(join(dir, "skynode.err")),
  });
  let said = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    said += decoder.decode(chunk, { stream: true });
    const url = /listens on (\S+),/.exec(said)?.[1];
    if (url === undefined) continue;
    return {
      url,
      async stop() {
        child.kill("SIGTERM");
        await child.exited;
      },
    };
  }
  throw new Error(`the stand-in ended before it listened: ${said}`);
}

const fundedSky = 1_000_000n;
const dropletsPerSky = 1_000_000n;

/** fund gives the hot wallet its coins, with so many coin hours that they last for any number of payouts. */
async function fund(node: Node): Promise<bigint> {
  const genesis = await onlyUnspent(node, textOf("genesis"));
  const coins = fundedSky * dropletsPerSky;
  const hours = (genesis.hours * 2n) / 5n;
  const { raw, txid } = build(
    [genesis],
    [
      [textOf("hot"), coins, hours],
      [textOf("genesis"), genesis.coins - coins, hours],
    ],
  );
  const taken = await node.inject(raw, never);
  if (!taken.ok) throw new Error(taken.refusal);
  await confirmed(node, txid);
  return coins;
}

function configOf(btcd: Btcd, skyUrl: string, options: KillChainsOptions): string {
  const stock = options.skycoinBin !== undefined;
  return `
debug = true
btc_addresses = "pool.txt"
[teller]
max_bound_addrs = 0
[sky_rpc]
address = "${new URL(skyUrl).host}"
[btc_rpc]
server = "127.0.0.1:${btcd.options.rpcPort}"
user = "${btcd.reader.user}"
pass = "${btcd.reader.password}"
cert = "rpc.cert"
network = "simnet"
[btc_scanner]
scan_period = "100ms"
confirmations_required = ${options.confirmations}
initial_scan_height = 1
[sky_exchanger]
sky_btc_exchange_rate = "500"
wallet = "hot.wlt"
tx_confirmation_check_wait = "${stock ? "1s" : "100ms"}"
`;
}

/** startKillChains starts both chains, with a miner who has coins and a hot wallet that is filled. */
export async function startKillChains(options: KillChainsOptions): Promise<KillChains> {
  const { btcdBin, skycoinBin } = options;
  const dir = mkdtempSync(join(tmpdir(), "teller-kill-"));
  mkdirSync(join(dir, "app"));
  const btcd = await startBtcd({ bin: btcdBin, data: join(dir, "btcd") });
  const sky = skycoinBin === undefined ? await startStandin(dir) : await startStock(skycoinBin);
  const close = async (keepFolder: boolean) => {
    await Promise.allSettled([btcd.stop(), sky.stop()]);
    if (!keepFolder) rmSync(dir, { recursive: true, force: true });
  };
  try {
    const node = restNode({ address: sky.url, clock: systemClock });
    const miner = wallet(btcd);
    const [funded] = await Promise.all([fund(node), miner.ready()]);
    writeFileSync(join(dir, "hot.wlt"), walletFile());
    writeFileSync(join(dir, "rpc.cert"), btcd.cert);
    writeFileSync(join(dir, "pool.txt"), poolAddresses(options.pool).join("\n"));
    return {
      ...{ dir, node, funded, close },
      wallet: miner,
      stock: skycoinBin !== undefined,
      config: configOf(btcd, sky.url, options),
      async command(name, args) {
        if (skycoinBin !== undefined) return;
        const body = JSON.stringify(args);
        const answer = await fetch(`${sky.url}/control/${name}`, { method: "POST", body });
        if (!answer.ok) throw new Error(`${name}: ${await answer.text()}`);
      },
    };
  } catch (error) {
    await close(false);
    throw error;
  }
}
