import type { Config } from "#internal/config";
import { Fault, fateOf, messageOf } from "#internal/fault";
import { exchange } from "#internal/exchange";
import type { Part } from "#internal/life";
import { type Operator, operator } from "#internal/operator";
import { checkNode, sender, type SenderDeps } from "#internal/sender";
import { type Teller, teller, type TellerSettings } from "#internal/teller";
import { type Watchdog, watchdog } from "#internal/watchdog";
import { btcDesk, type CoinDesk, dummyScanner } from "./coins.ts";
import type { House } from "./house.ts";
import { openListeners } from "./listeners.ts";
import type { Settings } from "./settings.ts";
import { dummySender, type SkyDesk, skyDesk } from "./sky.ts";

/** Assembled is the daemon, put together and checked, its listeners open; only its loops do not run yet. */
export interface Assembled {
  readonly parts: readonly Part[];
  /** hangup reads the pool files again. */
  hangup(): Promise<void>;
}

/** A node gets so long to be found right or wrong before the start goes on without it. */
const checkMs = 5_000;
/** The exchange needs nothing from outside, so it only looks by itself as a safeguard. */
const decidePeriodMs = 5_000;

/** checked lets a wrong node end the start, and one that is down only be told. */
async function checked(
  house: House,
  name: string,
  check: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  try {
    await check(AbortSignal.timeout(checkMs));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (fateOf(error) === "stop") throw named(error, name);
    house.log.error("a node is not reachable yet; waiting for it", { node: name, err: messageOf(error) });
  }
}

/** named puts the node before what a Skycoin client says, which names a path alone; the others name their host. */
function named(error: Fault, name: string): Fault {
  if (!error.op.startsWith("skycoin.")) return error;
  return new Fault(error.op, error.fate, `${name}: ${messageOf(error)}`, { cause: error });
}

function tellerSettings(config: Config): TellerSettings {
  const { skyExchanger, btcScanner, ethScanner } = config;
  return {
    bindEnabled: config.teller.bindEnabled,
    maxBoundAddrs: config.teller.maxBoundAddrs,
    maxDecimals: skyExchanger.maxDecimals,
    buyMethod: skyExchanger.buyMethod,
    coins: {
      BTC: {
        enabled: btcScanner.enabled,
        scanning: btcScanner.enabled && !config.dummy.scanner,
        confirmations: config.dummy.scanner ? 1 : btcScanner.confirmationsRequired,
        rate: skyExchanger.skyBtcExchangeRate?.rate,
        minimumVolume: skyExchanger.exchangeClient.btcMinimumVolume.text,
      },
      ETH: {
        enabled: ethScanner.enabled,
        scanning: ethScanner.enabled,
        confirmations: ethScanner.confirmationsRequired,
        rate: skyExchanger.skyEthExchangeRate?.rate,
        minimumVolume: "0",
      },
    },
  };
}

interface Workers {
  readonly coins: readonly CoinDesk[];
  readonly sky: SkyDesk;
  readonly exchange: ReturnType<typeof exchange>;
  readonly sender: ReturnType<typeof sender>;
  readonly watchdog: Watchdog;
}

/** unseenOf names the coins whose chains were not looked at again since the start. */
function unseenOf(coins: readonly CoinDesk[]): string[] {
  return coins.filter((desk) => !desk.scanner.caughtUp()).map((desk) => desk.coin);
}

/** On a public network three hours without a block come once in some years, unless the node is cut off. */
const quietTipMs = 3 * 3_600_000;

function isPublic({ btcRpc, dummy }: Config): boolean {
  return !dummy.scanner && (btcRpc.network === "mainnet" || btcRpc.network === "signet");
}

/** hire makes every worker and ties their bells: each wakes the next. */
async function hire(config: Config, house: House): Promise<Workers> {
  const { store, clock, log, crash } = house;
  const sky = skyDesk(config, house);
  const senderDeps: SenderDeps = {
    store,
    clock,
    crash,
    node: sky.node,
    signer: sky.signer,
    log: log.child("sender"),
    waitMs: config.skyExchanger.txConfirmationCheckWaitMs,
    sendEnabled: config.skyExchanger.sendEnabled,
    unseen: () => unseenOf(coins),
  };
  if (!senderDeps.sendEnabled)
    log.warn("sending is switched off: nothing is paid (sky_exchanger.send_enabled)");
  const payer = sender(senderDeps);
  const decider = exchange({
    ...{ store, clock, crash },
    log: log.child("exchange"),
    periodMs: decidePeriodMs,
    decided: () => payer.bell.ring(),
  });
  const coins = config.btcScanner.enabled ? [btcDesk(config, house, () => decider.bell.ring())] : [];
  for (const desk of coins) await desk.importPool();
  await Promise.all([
    checked(house, `Skycoin node ${config.skyRpc.address}`, (signal) => checkNode(senderDeps, signal)),
    ...coins.map((desk) => checked(house, desk.coin, (signal) => desk.source.check(signal))),
  ]);
  const scanners = Object.fromEntries(coins.map((desk) => [desk.coin, desk.scanner.state]));
  const quietMs = isPublic(config) ? quietTipMs : undefined;
  const dog = watchdog({ store, clock, log: log.child("watchdog"), scanners, quietMs });
  return { coins, sky, exchange: decider, sender: payer, watchdog: dog };
}

function answers(config: Config, house: House, workers: Workers, commit: string): Teller {
  const { store, clock, crash } = house;
  const scanners = Object.fromEntries(workers.coins.map((desk) => [desk.coin, () => desk.scanner.state()]));
  return teller({
    ...{ store, clock, crash },
    settings: tellerSettings(config),
    walletAddresses: workers.sky.signer.addresses,
    unseen: () => unseenOf(workers.coins),
    ledger: () => workers.sender.state().ledger,
    parts: {
      version: commit,
      startedAt: clock.mono(),
      scanners,
      sender: workers.sender.state,
      processorError: workers.exchange.error,
      troubles: workers.watchdog.troubles,
    },
  });
}

function operatorOf(house: House, workers: Workers): Operator {
  const { store, clock, log } = house;
  const [btc] = workers.coins;
  return operator({
    ...{ store, clock },
    log: log.child("operator"),
    node: workers.sky.node,
    walletAddresses: workers.sky.signer.addresses,
    rescan: btc === undefined || btc.chain !== undefined ? undefined : (from) => btc.scanner.rescan(from),
    unseen: () => unseenOf(workers.coins),
    changed: () => workers.sender.bell.ring(),
  });
}

/** build puts the daemon together. Throws a `Fault` (`stop`) for what the operator must change first. */
export async function build(settings: Settings, house: House, commit: string): Promise<Assembled> {
  const { config, appDir } = settings;
  const workers = await hire(config, house);
  const [btc] = workers.coins;
  const listeners = await openListeners(config, house, {
    teller: answers(config, house, workers, commit),
    operator: operatorOf(house, workers),
    scanner: btc === undefined ? undefined : dummyScanner(config, btc),
    sender: dummySender(workers.sky, () => workers.sender.bell.ring()),
    appDir,
  });
  const loops = [
    ...workers.coins.map((desk) => desk.scanner.part),
    workers.exchange.part,
    workers.sender.part,
    workers.watchdog.part,
  ];
  return {
    parts: [...loops, ...listeners],
    hangup: async () => {
      for (const desk of workers.coins) await desk.importPool();
    },
  };
}
