import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { advance, type ChainRules, importAddresses, openBook, startCursor } from "#internal/book";
import { type ManualClock, manualClock } from "#internal/clock";
import type { SeenOutput } from "#internal/coin";
import type { Store } from "#internal/db";
import { type CrashPoints, noCrash } from "#internal/life";
import { addressOf, addressText, publicKeyOf } from "#internal/skycoin";
import type { HealthParts } from "./health.ts";
import { type Teller, teller, type TellerSettings } from "./mod.ts";

const stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** skyOf gives the i-th customer's Skycoin address. */
export function skyOf(i: number): string {
  return addressText(addressOf(publicKeyOf(Buffer.from((i + 1).toString(16).padStart(64, "0"), "hex"))));
}

/** hot is the address of the wallet that pays. */
export const hot = skyOf(1_000_000);

const coin = { enabled: true, scanning: true, confirmations: 1, minimumVolume: "0.005" };

/** settings are those of a desk that takes both coins. */
export const settings: TellerSettings = {
  bindEnabled: true,
  maxBoundAddrs: 5,
  maxDecimals: 3,
  buyMethod: "direct",
  coins: {
    BTC: { ...coin, rate: { num: 500n, den: 1n } },
    ETH: { ...coin, rate: { num: 30n, den: 1n }, confirmations: 5, minimumVolume: "0" },
  },
};

/** Till is a Teller on a store of its own, with a chain of each coin that grows as told. */
export interface Till {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly teller: Teller;
  /** scanner, sender and trouble are what health is told. */
  readonly says: {
    scanner: Awaited<ReturnType<HealthParts["scanners"][string]>>;
    sender: ReturnType<HealthParts["sender"]>;
    ledger: "unseen" | "empty" | "agrees" | "differs";
    processor: string;
    stuck: string[];
  };
  /** mine adds a block with these outputs. */
  mine(
    outputs: readonly SeenOutput[],
    coin?: "BTC" | "ETH",
    confirmations?: number,
  ): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** paying makes an output of a block. */
export function paying(address: string, txid: string, value = 100_000n, n = 0): SeenOutput {
  return { txid, n, value, address, inputs: [], coinbase: false };
}

/** till opens a desk; with `behind` its scanners have not come to the tip since the start. */
export async function till(
  options: {
    own?: Partial<TellerSettings>;
    pool?: number;
    behind?: boolean;
    ledger?: "unseen" | "empty" | "differs";
    crash?: CrashPoints;
  } = {},
): Promise<Till> {
  const dir = mkdtempSync(join(scratch, "teller-till-"));
  const store = await openBook(join(dir, "a.db"), stamp);
  const clock = manualClock(1_700_000_000_000);
  await store.write((tx) => {
    for (const one of ["BTC", "ETH"] as const) {
      startCursor(tx, one, { height: 0, hash: `${one}-0` });
      const name = (i: number) => `${one.toLowerCase()}${i.toString().padStart(6, "0")}`;
      const entries = Array.from({ length: options.pool ?? 3 }, (_, i) => ({
        address: name(i),
        script: Buffer.from(name(i)).toString("hex"),
      }));
      importAddresses(tx, one, entries);
    }
  });
  const heights = { BTC: 0, ETH: 0 };
  const rules: Omit<ChainRules, "coin" | "confirmations"> = {
    window: 100,
    rate: "500",
    maxDecimals: 3,
    buyMethod: "direct",
  };
  const says: Till["says"] = {
    scanner: { height: 9, tip: 10, blocksPerSecond: 1.5, secondsLeft: 1, error: "", errorSince: 0 },
    sender: { error: "", errorSince: 0, balance: { coins: 100_000_000n, hours: 100n } },
    ledger: options.ledger ?? "agrees",
    processor: "",
    stuck: [],
  };
  const made = teller({
    store,
    clock,
    settings: { ...settings, ...options.own },
    crash: options.crash ?? noCrash,
    walletAddresses: [hot],
    unseen: () => (options.behind === true ? ["BTC", "ETH"] : []),
    ledger: () => says.ledger,
    parts: {
      version: "abc",
      startedAt: clock.mono(),
      scanners: { BTC: () => says.scanner },
      sender: () => says.sender,
      processorError: () => says.processor,
      troubles: () => says.stuck,
    },
  });
  return {
    store,
    clock,
    teller: made,
    says,
    async mine(outputs, one = "BTC", confirmations = 1) {
      const height = heights[one] + 1;
      heights[one] = height;
      const block = { height, hash: `${one}-${height}`, parent: `${one}-${height - 1}`, outputs };
      const at = Math.floor(clock.now() / 1000);
      const report = await store.write((tx) =>
        advance(tx, { ...rules, coin: one, confirmations }, [block], at),
      );
      return report.credited;
    },
    async close() {
      await store.close();
      rmSync(dir, { recursive: true });
    },
  };
}
