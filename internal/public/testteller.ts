/**
 * A Teller that tests can set: its pools, its configuration, its health and how far each purchase is.
 * It keeps the documented behaviour of bind and status and nothing else.
 */
import type { Clock } from "#internal/clock";
import { unixSeconds } from "#internal/clock";
import { accept, refuse } from "#internal/fault";
import type { CoinType } from "#internal/money";
import { parseAddress } from "#internal/skycoin";
import type { BindRefusal, Bound, ConfigAnswer, HealthAnswer, StatusRow, Teller } from "#internal/teller";

/** goodAddresses are valid Skycoin addresses (`spec/teller.md` §15.1). */
export const goodAddresses = [
  "2Wbi4wvxC4fkTYMsS2f6HaFfW4pafDjXcQW",
  "hs1pyuNgxDLyLaZsnqzQG9U3DKdJsbzNpn",
  "t5apgjk4LvV9PQareTPzWkE88o1G5A55FW",
] as const;

export const btcAddresses = [
  "1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLB",
  "1CN7JTzTTpmh1dsHeUSosXmNL2GLTwt78g",
  "1DzErSq2UwMYvUZRCNfS6fTKN9YxM2G7x1",
  "1J25A5oJAN6KMdDqcSARQ8LnphmhhSuJxe",
  "1Bmp9Kv9vcbjNKfdxCrmL1Ve5n7gvkDoNp",
  "1LEkderht5M5yWj82M87bEd4XDBsczLkp9",
];
export const ethAddresses = [
  "0x392cded14b8f12cb6cbb1c7922810f4fbd80c3f6",
  "0xc0a51efd9c319dd60d93105ab317eb362017ecb9",
];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Terms = ConfigAnswer["deposits"]["btc"];

/** FakeTeller is a Teller and its strings. */
export interface FakeTeller extends Teller {
  readonly settings: Mutable<Omit<ConfigAnswer, "deposits">> & {
    deposits: Record<"btc" | "eth", Mutable<Terms>>;
  };
  state: HealthAnswer;
  /** ready is false while a new store has not reached the tip yet. */
  ready: boolean;
  /** crash makes bind and status throw this. */
  crash: Error | undefined;
  readonly pools: Record<string, string[]>;
  /** change sets how far a purchase is. */
  change(skyAddress: string, seq: number, to: Partial<StatusRow>): void;
}

/** fakeTeller makes one that sells BTC and ETH directly, with a few addresses of each. */
export function fakeTeller(clock: Clock): FakeTeller {
  const bindings = new Map<string, StatusRow[]>();
  const refusal = (kind: BindRefusal["kind"], text: string) => refuse({ kind, text });
  const fake: FakeTeller = {
    settings: freshSettings(),
    state: freshHealth(),
    ready: true,
    crash: undefined,
    pools: { BTC: [...btcAddresses], ETH: [...ethAddresses] },
    change(skyAddress, seq, to) {
      const rows = bindings.get(skyAddress) ?? [];
      const at = rows.findIndex((row) => row.seq === seq);
      const old = rows[at];
      if (old === undefined) throw new Error(`fake teller: ${skyAddress} has no purchase ${seq}`);
      rows[at] = { ...old, updated_at: unixSeconds(clock), ...to };
    },
    async bind(skyAddress, coin) {
      if (fake.crash !== undefined) throw fake.crash;
      const reason = wrong(skyAddress);
      if (reason !== undefined) return refusal("invalid", `Invalid skycoin address: ${reason}`);
      if (!fake.settings.enabled) return refusal("disabled", "Address binding is disabled");
      if (!fake.ready)
        return refusal("not_ready", "BTC deposits open when the chain is scanned; try again soon");
      const rows = bindings.get(skyAddress) ?? [];
      if (fake.settings.max_bound_addrs > 0 && rows.length >= fake.settings.max_bound_addrs) {
        return refusal("limit", "The maximum number of addresses have been assigned to this SKY address");
      }
      const address = fake.pools[coin]?.shift();
      if (address === undefined) return refusal("empty", "Deposit address pool is empty");
      rows.push({
        seq: rows.length + 1,
        updated_at: unixSeconds(clock),
        status: "waiting_deposit",
        coin_type: coin,
      });
      bindings.set(skyAddress, rows);
      return accept<Bound>({ deposit_address: address, coin_type: coin, buy_method: "direct" });
    },
    status(skyAddress) {
      if (fake.crash !== undefined) throw fake.crash;
      const reason = wrong(skyAddress);
      return reason === undefined ? accept([...(bindings.get(skyAddress) ?? [])]) : refuse(reason);
    },
    coinEnabled: (coin: CoinType) =>
      coin !== "SKY" && fake.settings.deposits[coin === "BTC" ? "btc" : "eth"].enabled,
    config: () => fake.settings,
    health: () => fake.state,
    depositAddresses: () => {
      throw new Error("fake teller: the public listener has no business with this");
    },
    deposits: () => {
      throw new Error("fake teller: the public listener has no business with this");
    },
    erroredDeposits: () => {
      throw new Error("fake teller: the public listener has no business with this");
    },
    accounting: () => {
      throw new Error("fake teller: the public listener has no business with this");
    },
  };
  return fake;
}

function wrong(address: string): string | undefined {
  const parsed = parseAddress(address);
  return parsed.ok ? undefined : parsed.refusal;
}

function freshSettings(): FakeTeller["settings"] {
  return {
    enabled: true,
    buy_method: "direct",
    max_bound_addrs: 5,
    max_decimals: 3,
    deposits: {
      btc: {
        enabled: true,
        confirmations_required: 3,
        fixed_exchange_rate: "500.000000",
        passthrough_minimum_volume: "0.005",
      },
      eth: {
        enabled: true,
        confirmations_required: 12,
        fixed_exchange_rate: "30.500000",
        passthrough_minimum_volume: "0",
      },
    },
  };
}

function freshHealth(): HealthAnswer {
  const scanner = {
    enabled: true,
    ok: true,
    height: 494713,
    tip: 494713,
    blocks_per_second: 0,
    seconds_left: 0,
    error: "",
    error_since: 0,
  };
  return {
    status: "OK",
    application: "teller",
    version: "test",
    uptime: "5m32s",
    exchange: {
      buy_method: "direct",
      processor_error: "",
      sender_error: "",
      sender_error_since: 0,
      deposit_error_count: 0,
      held_count: 0,
      balance: { coins: "12500.000000", hours: "100" },
    },
    scanners: { BTC: scanner, ETH: scanner },
    stuck: [],
  };
}
