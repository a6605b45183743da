import { freeAddresses, importAddresses, openBook } from "#internal/book";
import { type ManualClock, manualClock } from "#internal/clock";
import type { Store } from "#internal/db";
import { exchange } from "#internal/exchange";
import type { CrashPoint, Part } from "#internal/life";
import { recordingLog, type RecordingLog } from "#internal/log";
import { type Operator, operator } from "#internal/operator";
import { scanner } from "#internal/scanner";
import { type Sender, sender } from "#internal/sender";
import { type Teller, teller } from "#internal/teller";
import { type Watchdog, watchdog } from "#internal/watchdog";
import type { SimBtc } from "./testsimbtc.ts";
import { customer, type SimSky } from "./testsimsky.ts";

const stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };

/** SimSettings are what may be another at each start. */
export interface SimSettings {
  readonly path: string;
  readonly confirmations: number;
  readonly sendEnabled: boolean;
  readonly pool: number;
}

/** Doom is where the process is killed, and how often it comes there before. */
export interface Doom {
  readonly point: CrashPoint;
  readonly after: number;
}

/** SimDesk is one run of a teller of real parts on simulated chains, from its start to its end or its death. */
export interface SimDesk {
  readonly store: Store;
  readonly log: RecordingLog;
  readonly operator: Operator;
  readonly sender: Sender;
  readonly watchdog: Watchdog;
  readonly teller: Teller;
  /** dead tells that it was killed: nothing that it does counts any more. */
  dead(): boolean;
  doom(how: Doom): void;
  /** turn lets every part run until it has nothing to do. */
  turn(): Promise<void>;
  /** bind gives the next address to the customer whose it is in any copy of the store, or tells why not. */
  bind(): Promise<string | undefined>;
  end(): Promise<void>;
}

const nameOf = (i: number) => `a${i.toString().padStart(3, "0")}`;

/** customerOf gives the customer to whom an address of the pool is given, whichever copy of the store does so. */
export const customerOf = (address: string): string => customer(Number(address.slice(1)) % 5);

const rate = { num: 100n, den: 1n };

/** A part with a clock of its own, by which it is known when it has nothing to do. */
interface Worker {
  readonly clock: ManualClock;
  readonly ring: () => void;
  readonly running: Promise<void>;
}

/** openDesk starts a teller on this store. */
export async function openDesk(
  chains: { readonly btc: SimBtc; readonly sky: SimSky; readonly clock: ManualClock },
  settings: SimSettings,
): Promise<SimDesk> {
  const { btc, sky } = chains;
  const store = await openBook(settings.path, stamp);
  const names = Array.from({ length: settings.pool }, (_, i) => nameOf(i));
  await store.write((tx) =>
    importAddresses(
      tx,
      "BTC",
      names.map((address) => ({ address, script: address })),
    ),
  );
  const log = recordingLog();
  const stop = new AbortController();
  let doomed: { point: CrashPoint; after: number } | undefined;
  const crash = (point: CrashPoint) => {
    if (stop.signal.aborted) throw new Error("killed");
    if (doomed?.point !== point || doomed.after-- > 0) return;
    stop.abort();
    throw new Error("killed");
  };
  const house = { store, log: log.logger, crash };
  const rules = {
    coin: "BTC" as const,
    confirmations: settings.confirmations,
    window: 8,
    rate: "100",
    maxDecimals: 3,
    buyMethod: "direct" as const,
  };
  const clocks = [0, 1, 2].map(() => manualClock(chains.clock.now()));
  const [scanClock = chains.clock, decideClock = chains.clock, payClock = chains.clock] = clocks;
  const watched = new Set(names);
  const scan = scanner({
    ...house,
    clock: scanClock,
    rules,
    source: btc.source(),
    watch: async () => ({
      size: watched.size,
      addressOf: (bytes) => [Buffer.from(bytes).toString()].find((one) => watched.has(one)),
    }),
    initialHeight: 1,
    periodMs: 1000,
    credited: () => {},
  });
  const unseen = () => (scan.caughtUp() ? [] : ["BTC"]);
  const decide = exchange({ ...house, clock: decideClock, periodMs: 1000, decided: () => {} });
  const pay = sender({
    ...house,
    clock: payClock,
    node: sky.node(),
    signer: sky.signer,
    waitMs: 1000,
    unseen,
    sendEnabled: settings.sendEnabled,
  });
  const scanners = { BTC: scan.state };
  const dog = watchdog({ store, clock: chains.clock, log: log.logger, scanners });
  const answers = teller({
    store,
    clock: chains.clock,
    crash: () => {},
    settings: {
      bindEnabled: true,
      maxBoundAddrs: 0,
      maxDecimals: 3,
      buyMethod: "direct",
      coins: {
        BTC: {
          enabled: true,
          scanning: true,
          confirmations: settings.confirmations,
          rate,
          minimumVolume: "0",
        },
        ETH: { enabled: false, scanning: false, confirmations: 1, rate: undefined, minimumVolume: "0" },
      },
    },
    walletAddresses: sky.signer.addresses,
    unseen,
    ledger: () => pay.state().ledger,
    parts: {
      version: "",
      startedAt: 0,
      scanners,
      sender: pay.state,
      processorError: decide.error,
      troubles: dog.troubles,
    },
  });
  const start = (clock: ManualClock, part: Part, ring: () => void): Worker => ({
    clock,
    ring,
    running: part.run(stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    }),
  });
  const workers = [
    start(scanClock, scan.part, () => scan.bell.ring()),
    start(decideClock, decide.part, () => decide.bell.ring()),
    start(payClock, pay.part, () => pay.bell.ring()),
  ];
  return {
    ...{ store, log, sender: pay, watchdog: dog, teller: answers },
    operator: operator({
      ...{
        store,
        clock: chains.clock,
        log: log.logger,
        node: sky.node(),
        walletAddresses: sky.signer.addresses,
        unseen,
      },
      rescan: (from) => scan.rescan(from),
      changed: () => {},
    }),
    dead: () => stop.signal.aborted,
    doom(how) {
      doomed = { ...how };
    },
    async turn() {
      for (const { clock, ring, running } of workers) {
        clock.skip(Math.max(0, chains.clock.now() - clock.now()));
        const idle = clock.nextSleep();
        ring();
        await Promise.race([idle, running]);
        if (stop.signal.aborted) return;
      }
      dog.look();
    },
    async bind() {
      const [address] = store.read((reader) => freeAddresses(reader, "BTC", "", 1));
      if (address === undefined) return undefined;
      const bound = await answers.bind(customerOf(address), "BTC");
      return bound.ok ? bound.value.deposit_address : undefined;
    },
    async end() {
      stop.abort();
      await Promise.all(workers.map(({ running }) => running));
      await store.close();
    },
  };
}
