import { readFileSync } from "node:fs";
import { join } from "node:path";
import { droplet, hours } from "#internal/money";
import { startBtcd } from "../standin/btcd/mod.ts";
import { type NodeProxy, type Pair, startProxy } from "../standin/proxy/mod.ts";
import { firstKeyOf, startSkynode, type Skynode } from "../standin/skynode/mod.ts";
import { type Chains, customerAddress, startChains } from "./chains.ts";
import { bindAddress, type Daemon, depositsOf, healthOf, startDaemon, until } from "./daemon.ts";

/** Made is a deposit that a test made. */
export interface Made {
  readonly id: string;
  readonly sky: string;
  /** What it must bring, in droplets. */
  readonly owed: bigint;
}

/** World is one daemon between two proxies, with real chains behind them. */
export interface World {
  readonly chains: Chains;
  readonly btc: NodeProxy;
  readonly sky: NodeProxy;
  readonly daemon: Daemon;
  /** Another certificate, as btcd makes it when its old one was deleted. */
  readonly otherPair: Pair;
  /** A Skycoin node of another chain. */
  readonly otherSky: Skynode;
  /** made has every deposit so far. */
  readonly made: readonly Made[];
  /** bind gives the next customer an address to pay to. */
  bind(): Promise<Bound>;
  /** pay pays to a bound address and mines it, past the proxy. */
  pay(bound: Bound): Promise<Made>;
  /** paid waits until a deposit is done and its customer has exactly what is owed. */
  paid(one: Made): Promise<void>;
  close(): Promise<void>;
}

/** Bound is a customer with an address. */
export interface Bound {
  readonly sky: string;
  readonly address: string;
}

const satoshi = 1_234_000n;
/** At the rate of `startChains`: 500 SKY for a bitcoin. */
const owedEach = (satoshi * 500n * 1_000_000n) / 100_000_000n;

function pairIn(data: string): Pair {
  const read = (name: string) => readFileSync(join(data, name), "utf8");
  return { cert: read("rpc.cert"), key: read("rpc.key") };
}

/** A second btcd makes its own certificate at its first start; nothing else is asked of it. */
async function anotherPair(bin: string, data: string): Promise<Pair> {
  const node = await startBtcd({ bin, data });
  await node.stop();
  return pairIn(data);
}

function anotherChain(): Skynode {
  const { address } = firstKeyOf("customer");
  const coins = droplet(100_000_000_000_000n);
  return startSkynode({ genesis: { address, time: 1_600_000_000, coins, hours: hours(1n) } });
}

/** startWorld starts everything and waits until the daemon has scanned all and knows its wallet. */
export async function startWorld(bin: string): Promise<World> {
  const chains = await startChains(bin, { maxBound: 0, poolSize: 400 });
  await chains.wallet.ready(150);
  chains.fund(1_000_000n);
  const { btcd } = chains;
  const btc = startProxy({ upstream: btcd.url, ca: btcd.cert, tls: pairIn(btcd.options.data) });
  const sky = startProxy({ upstream: chains.sky.url, keep: true });
  const config = chains.daemon.config
    .replace(`:${btcd.options.rpcPort}"`, `:${btc.port}"`)
    .replace(`:${chains.sky.port}"`, `:${sky.port}"`);
  const [otherPair, daemon] = await Promise.all([
    anotherPair(bin, join(chains.dir, "other-btcd")),
    startDaemon({ dir: chains.dir, config }),
  ]);
  const otherSky = anotherChain();
  await until("the scan reached the tip and the wallet is known", async () => {
    const { BTC } = (await healthOf(daemon)).scanners;
    return BTC.tip > 0 && BTC.height === BTC.tip && daemon.output().includes("the first payout will spend");
  });
  const made: Made[] = [];
  let customers = 0;
  return {
    ...{ chains, btc, sky, daemon, otherPair, otherSky, made },
    async bind() {
      const sky = customerAddress(2000 + customers++);
      return { sky, address: await bindAddress(daemon, sky) };
    },
    async pay({ sky, address }) {
      const { txid } = await chains.wallet.pay([{ address, value: satoshi }]);
      await chains.wallet.generate(1);
      const one = { id: `${txid}:0`, sky, owed: owedEach };
      made.push(one);
      return one;
    },
    async paid({ id, sky, owed }) {
      await until(`${id} is done`, async () =>
        (await depositsOf(daemon)).some(({ deposit_id, status }) => deposit_id === id && status === "done"),
      );
      await until(`${sky} has ${owed} droplets`, () => chains.received(sky) === owed);
    },
    async close() {
      await daemon.kill();
      btc.stop();
      sky.stop();
      await otherSky.stop();
      await chains.close();
    },
  };
}
