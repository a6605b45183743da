import { readFileSync } from "node:fs";
import { importPool, loadWatch, watchNew } from "#internal/addrs";
import { bitcoinSource, checkAddress, type ScriptSet } from "#internal/bitcoin";
import { type ChainRules, cursorOf } from "#internal/book";
import type { ChainSource } from "#internal/coin";
import type { Config } from "#internal/config";
import { Fault, refuse, accept, type Result } from "#internal/fault";
import type { DummyScanner } from "#internal/dummy";
import { memoryChain, type MemoryChain } from "#internal/memchain";
import type { CoinType } from "#internal/money";
import { type Scanner, scanner } from "#internal/scanner";
import { bitcoinAddressOf, publicKeyOf } from "#internal/skycoin";
import type { House } from "./house.ts";

/** headerWindow is how deep a reorg may be that a scanner still follows. */
const headerWindow = 2000;

/** CoinDesk is one coin that is sold for: its scanner, and how its pool is read again. */
export interface CoinDesk {
  readonly coin: CoinType;
  readonly scanner: Scanner;
  readonly source: ChainSource;
  /** The dummy's door, where the chain is in memory. */
  readonly chain: MemoryChain | undefined;
  /** importPool reads the pool file if it changed, and watches what is new in it. */
  importPool(): Promise<void>;
}

const btcAddress = (config: Config) => (text: string) => checkAddress(text, config.btcRpc.network);

/** Every fourth address of the example's pool is a P2PKH one, made of a phrase that the file tells. */
const examplePhrases = Array.from({ length: 25 }, (_, i) => `teller example bitcoin address ${4 * i + 1}`);

/** exampleAddresses works out some addresses of the example's pool, as everybody can, whatever a copy of the file is called. */
function exampleAddresses(): ReadonlySet<string> {
  const keys = examplePhrases.map((phrase) => new Bun.CryptoHasher("sha256").update(phrase).digest());
  return new Set(keys.map((key) => bitcoinAddressOf(publicKeyOf(key))));
}

/** poolAddress checks what a pool file has: an address of the network, and on a real chain none of the example's. */
export function poolAddress(config: Config): ReturnType<typeof btcAddress> {
  const check = btcAddress(config);
  if (config.dummy.scanner) return check;
  let examples: ReadonlySet<string> | undefined;
  return (text) =>
    (examples ??= exampleAddresses()).has(text)
      ? refuse("it is one of the example's, whose keys everybody can work out; make your own pool")
      : check(text);
}

/** Without this look a file of something else would be told as a node that cannot be reached. */
function certificateIn(path: string): string {
  const text = readFileSync(path, "utf8");
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new Fault("teller.start", "stop", `btc_rpc.cert file ${path} is not a certificate (PEM)`);
}

function btcSource(config: Config, house: House): ChainSource {
  const { server, user, pass, cert, network } = config.btcRpc;
  if (server === undefined) throw new Fault("teller.start", "stop", "btc_rpc.server missing");
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  return bitcoinSource({
    url: `${server.tls ? "https" : "http"}://${host}:${server.port}`,
    user: user?.reveal() ?? "",
    password: pass?.reveal() ?? "",
    ...(cert === undefined ? {} : { cert: certificateIn(cert) }),
    network,
    clock: house.clock,
    log: house.log.child("bitcoin"),
  });
}

/** A dummy chain begins where the store's cursor is, so that a restart takes nothing back. */
function dummyChain(house: House): MemoryChain {
  const base = house.store.read((reader) => cursorOf(reader, "BTC"));
  return memoryChain("BTC", base ?? { height: 0, hash: "0".repeat(64) });
}

function btcRules(config: Config): ChainRules {
  const { confirmationsRequired } = config.btcScanner;
  return {
    coin: "BTC",
    // A dummy deposit is credited at once: nobody mines a second block on a dummy chain.
    confirmations: config.dummy.scanner ? 1 : confirmationsRequired,
    window: headerWindow,
    rate: config.skyExchanger.skyBtcExchangeRate?.text ?? "0",
    maxDecimals: config.skyExchanger.maxDecimals,
    buyMethod: config.skyExchanger.buyMethod,
  };
}

/** btcDesk puts the parts for BTC together. Nothing runs yet. */
export function btcDesk(config: Config, house: House, credited: () => void): CoinDesk {
  const chain = config.dummy.scanner ? dummyChain(house) : undefined;
  const source = chain?.source ?? btcSource(config, house);
  let set: ScriptSet | undefined;
  /** Scripts that come while the set is loaded, which may be past their place by then. */
  let late: readonly string[] | undefined;
  const watch = (scripts: readonly string[]) => {
    if (set !== undefined) watchNew(set, scripts);
    else if (late !== undefined) late = [...late, ...scripts];
  };
  const made = scanner({
    store: house.store,
    source,
    watch: async (signal) => {
      late = [];
      const loaded = await loadWatch(house.store, "BTC", { clock: house.clock, signal });
      watchNew(loaded, late);
      set = loaded;
      return loaded;
    },
    rules: btcRules(config),
    initialHeight: config.dummy.scanner ? undefined : config.btcScanner.initialScanHeight,
    periodMs: config.btcScanner.scanPeriodMs,
    clock: house.clock,
    log: house.log.child("scanner.btc"),
    crash: house.crash,
    credited,
  });
  const path = config.btcAddresses ?? "";
  const check = poolAddress(config);
  const readPool = async () => {
    const { network } = config.btcRpc;
    const breath = () => house.clock.sleep(0);
    const pool = { coin: "BTC" as const, path, network, check, watch, breath };
    const { changed, added, retired } = await importPool(house.store, pool);
    if (changed) house.log.info("pool imported", { coin: "BTC", path, added, retired });
  };
  let reading: Promise<void> = Promise.resolve();
  const readInTurn = () => {
    // Two at once would each take away what the other has just brought.
    reading = reading.catch(() => {}).then(readPool);
    return reading;
  };
  return { coin: "BTC", scanner: made, source, chain, importPool: readInTurn };
}

/** dummyScanner is the door by which people pay into the dummy's chain. */
export function dummyScanner(config: Config, desk: CoinDesk): DummyScanner | undefined {
  const { chain } = desk;
  if (chain === undefined) return undefined;
  const read = btcAddress(config);
  let last: { readonly text: string; readonly answer: ReturnType<typeof read> } | undefined;
  /** The dummy asks twice about each address; the checksum of one in base58 is the dearest part of a deposit's request. */
  const check = (text: string) => {
    if (last?.text !== text) last = { text, answer: read(text) };
    return last.answer;
  };
  return {
    validAddress: (coin, address) => coin === "BTC" && check(address).ok,
    async deposit({ coin, address, value, height, tx, n }): Promise<Result<void, string>> {
      const checked = check(address);
      if (coin !== "BTC" || !checked.ok) return refuse("invalid addr");
      chain.deposit({ txid: tx, n, value, script: checked.value.script, shownHeight: height });
      desk.scanner.bell.ring();
      return accept(undefined);
    },
  };
}
