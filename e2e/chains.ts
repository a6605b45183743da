import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressOf, addressText, generateKeys, parseAddress, publicKeyOf } from "#internal/skycoin";
import { droplet } from "#internal/money";
import {
  addressKinds,
  type Btcd,
  installBtcd,
  keyOf,
  startBtcd,
  wallet,
  type Wallet,
} from "../standin/btcd/mod.ts";
import { firstKeyOf, type Skynode, startSkynode } from "../standin/skynode/mod.ts";
import type { DaemonOptions } from "./daemon.ts";

/** btcdBin gives the btcd to test with; undefined where there is none, which in CI is a failure. */
export function btcdBin(): string | undefined {
  const given = process.env["BTCD_BIN"];
  const bin = installBtcd({
    into: join(import.meta.dir, "..", ".tools", "btcd"),
    ...(given === undefined || given === "" ? {} : { bin: given }),
  });
  if (bin === undefined && process.env["CI"] === "true")
    throw new Error("neither BTCD_BIN nor Go: the suite needs btcd");
  return bin;
}

/** Chains are a private Bitcoin chain and a private Skycoin chain, for one daemon. */
export interface Chains {
  readonly dir: string;
  readonly bin: string;
  btcd: Btcd;
  wallet: Wallet;
  readonly sky: Skynode;
  /** daemon is the configuration of a daemon on these chains. */
  readonly daemon: DaemonOptions;
  /** fund gives the hot wallet so many SKY, and coin hours. */
  fund(sky: bigint): void;
  /** received gives the droplets that a Skycoin address has on the ledger. */
  received(address: string): bigint;
  close(): Promise<void>;
}

/** ChainsOptions change what a test needs otherwise. */
export interface ChainsOptions {
  readonly confirmations?: number;
  readonly poolSize?: number;
  readonly maxBound?: number;
  /** Further lines for the top of the file. */
  readonly extra?: string;
}

const walletSeed = "private chain hot wallet 2024";

/** walletFile is the hot wallet of the private chain as a wallet file, or another one by its seed and number of keys. */
export function walletFile({ seed = walletSeed, keys = 5 } = {}): string {
  const made = generateKeys(Buffer.from(seed), keys);
  if (!made.ok) throw new Error(made.refusal);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const entries = made.value.secrets.map((secret) => ({
    address: addressText(addressOf(publicKeyOf(secret))),
    public_key: hex(publicKeyOf(secret)),
    secret_key: hex(secret),
  }));
  const meta = { coin: "skycoin", filename: "hot.wlt", label: "hot", type: "deterministic", version: "0.2" };
  const plain = { seed, lastSeed: hex(made.value.lastSeed), encrypted: "false", tm: "0" };
  return JSON.stringify({ meta: { ...meta, ...plain }, entries });
}

/** customerAddress gives the i-th customer's Skycoin address. */
export function customerAddress(i: number): string {
  return addressText(addressOf(publicKeyOf(Buffer.from((i + 1000).toString(16).padStart(64, "0"), "hex"))));
}

/** poolAddresses are simnet addresses of all five kinds, made from fixed names that are numbered from `first` on. */
export function poolAddresses(count: number, first = 0): string[] {
  const kinds = addressKinds;
  return Array.from({ length: count }, (_, i) => {
    const kind = kinds[i % kinds.length] ?? "p2pkh";
    return keyOf(`pool ${first + i}`).addresses[kind];
  });
}

/** tellerConfig is what a teller on these nodes is configured with, its listeners left out. */
export function tellerConfig(btcd: Btcd, skyPort: number, options: ChainsOptions = {}): string {
  return `
debug = true
btc_addresses = "pool.txt"
${options.extra ?? ""}
[teller]
max_bound_addrs = ${options.maxBound ?? 5}
[sky_rpc]
address = "127.0.0.1:${skyPort}"
[btc_rpc]
server = "127.0.0.1:${btcd.options.rpcPort}"
user = "${btcd.reader.user}"
pass = "${btcd.reader.password}"
cert = "rpc.cert"
network = "simnet"
[btc_scanner]
scan_period = "100ms"
confirmations_required = ${options.confirmations ?? 1}
initial_scan_height = 1
[sky_exchanger]
sky_btc_exchange_rate = "500"
wallet = "hot.wlt"
tx_confirmation_check_wait = "100ms"
`;
}

/** startChains starts a private btcd and a Skycoin stand-in, with all that a daemon needs to sell on them. */
export async function startChains(bin: string, options: ChainsOptions = {}): Promise<Chains> {
  const dir = mkdtempSync(join(tmpdir(), "teller-e2e-"));
  const btcd = await startBtcd({ bin, data: join(dir, "btcd") });
  const sky = startSkynode({ blockSeconds: 0.2, foreignSeconds: 3600 });
  writeFileSync(join(dir, "hot.wlt"), walletFile());
  writeFileSync(join(dir, "rpc.cert"), btcd.cert);
  writeFileSync(join(dir, "pool.txt"), poolAddresses(options.poolSize ?? 60).join("\n"));
  const config = tellerConfig(btcd, sky.port, options);
  const chains: Chains = {
    dir,
    bin,
    btcd,
    wallet: wallet(btcd),
    sky,
    daemon: { dir, config },
    fund(coins) {
      const to = firstKeyOf("hot").address;
      const paid = sky.spend({ from: "genesis", to, coins: droplet(coins * 1_000_000n), hours: 1_000_000n });
      if (!paid.ok) throw new Error(paid.refusal);
    },
    received(address) {
      const parsed = parseAddress(address);
      if (!parsed.ok) throw new Error(parsed.refusal);
      return sky.world.chain.unspent([parsed.value]).reduce((sum, output) => sum + output.coins, 0n);
    },
    async close() {
      await chains.btcd.stop().catch(() => {});
      await sky.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return chains;
}

/** Fallen is a node that was killed: it came back with a lower tip, and its lost blocks can be given to it again. */
export interface Fallen {
  readonly node: Btcd;
  readonly height: number;
  bringBack(): Promise<void>;
}

const remembered = 300;

/** killBtcd kills a node, which forgets the blocks since its last flush, and starts it again. */
export async function killBtcd(node: Btcd): Promise<Fallen> {
  const tip = await wallet(node).height();
  const heights = Array.from(
    { length: Math.min(remembered, tip) },
    (_, i) => tip - Math.min(remembered, tip) + 1 + i,
  );
  const hashes = await node.batch(heights.map((height) => ({ method: "getblockhash", params: [height] })));
  const blocks = await node.batch(hashes.map((hash) => ({ method: "getblock", params: [hash, 0] })));
  await node.kill();
  const back = await startBtcd(node.options);
  return {
    node: back,
    height: await wallet(back).height(),
    async bringBack() {
      for (const block of blocks) await back.call("submitblock", block);
    },
  };
}
