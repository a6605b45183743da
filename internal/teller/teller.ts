import {
  bind,
  type Cursor,
  cursorOf,
  depositsByStatus,
  erroredDeposits,
  scanAddresses,
  type SkyRow,
  skyStatus,
  storedStatuses,
  totalsOf,
} from "#internal/book";
import { type Clock, unixSeconds } from "#internal/clock";
import type { Reader, Store } from "#internal/db";
import { accept, refuse, type Result } from "#internal/fault";
import type { CrashPoints } from "#internal/life";
import { type CoinType, coinTypes, formatUnits, type Rate, saleAmount, unitsOf } from "#internal/money";
import { isNullAddress, parseAddress } from "#internal/skycoin";
import { depositRow } from "./rows.ts";
import { type HealthParts, healthOf } from "./health.ts";
import type { AddressesAnswer, BindRefusal, Bound, ConfigAnswer, StatusRow, Teller } from "./types.ts";

/** TellerSettings is what the configuration says about the sale. */
export interface TellerSettings {
  readonly bindEnabled: boolean;
  /** 0 = no limit. */
  readonly maxBoundAddrs: number;
  readonly maxDecimals: number;
  readonly buyMethod: "direct" | "passthrough";
  readonly coins: Readonly<
    Record<
      "BTC" | "ETH",
      {
        readonly enabled: boolean;
        /** False where a dummy chain stands in for the node. */
        readonly scanning: boolean;
        readonly confirmations: number;
        /** SKY per coin; undefined where the coin is off. */
        readonly rate: Rate | undefined;
        /** The least that a passthrough deposit should be, in coins. */
        readonly minimumVolume: string;
      }
    >
  >;
}

/** TellerDeps is what `teller` needs of the house. */
export interface TellerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: TellerSettings;
  readonly crash: CrashPoints;
  /** Every address of the hot wallet: nobody may bind one. */
  readonly walletAddresses: readonly string[];
  /** What the workers tell about themselves. */
  readonly parts: HealthParts;
  /** unseen names the coins whose chains were not looked at again since the start. */
  readonly unseen: () => readonly string[];
  /** ledger tells whether the Skycoin chain and the store agree on what was paid. */
  readonly ledger: () => "unseen" | "empty" | "agrees" | "differs";
}

/** So many lines of one Skycoin address' status list are shown, the newest. */
const statusLines = 1000;

function refusedBind(kind: BindRefusal["kind"], text: string): Result<never, BindRefusal> {
  return refuse({ kind, text });
}

/** teller makes the answers. */
export function teller(deps: TellerDeps): Teller {
  const { store, settings } = deps;
  const coinEnabled = (coin: CoinType) => coin !== "SKY" && settings.coins[coin].enabled;
  const own = new Set(deps.walletAddresses);

  const bindAddress = async (sky: string, coin: CoinType): Promise<Result<Bound, BindRefusal>> => {
    const refusal = whyNotBind(deps, own, { sky, coin, enabled: coinEnabled(coin) });
    if (refusal !== undefined) return refuse(refusal);
    const request = {
      sky,
      coin,
      method: settings.buyMethod,
      limit: settings.maxBoundAddrs,
      at: unixSeconds(deps.clock),
    };
    const bound = await store.write((tx) => bind(tx, request));
    if (!bound.ok) {
      return bound.refusal === "limit"
        ? refusedBind("limit", "The maximum number of addresses have been assigned to this SKY address")
        : refusedBind("empty", "Deposit address pool is empty");
    }
    deps.crash("bind.committed");
    return accept({ deposit_address: bound.value.address, coin_type: coin, buy_method: settings.buyMethod });
  };

  return {
    bind: bindAddress,
    coinEnabled,
    status(sky) {
      const parsed = parseAddress(sky);
      if (!parsed.ok) return parsed;
      return accept(store.read((reader) => statusRows(reader, settings, sky)));
    },
    config: () => configAnswer(settings),
    health: () =>
      healthOf(deps.parts, store.read(totalsOf), { clock: deps.clock, buyMethod: settings.buyMethod }),
    depositAddresses: (limit) =>
      store.read((reader) =>
        Object.fromEntries(coinTypes.map((coin) => [coin, addressesAnswer(reader, settings, coin, limit)])),
      ) as Record<CoinType, AddressesAnswer>,
    deposits({ status, ...page }) {
      const known = storedStatuses.find((one) => one === status);
      if (status === "waiting_deposit") return accept([]);
      if (status !== undefined && known === undefined) return refuse("Invalid status");
      return accept(store.read((reader) => depositsByStatus(reader, known, page)).map(depositRow));
    },
    erroredDeposits: (page) => store.read((reader) => erroredDeposits(reader, page)).map(depositRow),
    accounting() {
      const { sent, received } = store.read(totalsOf);
      const show = (coin: CoinType) => formatUnits(received[coin], unitsOf(coin));
      return {
        sent: formatUnits(sent, unitsOf("SKY")),
        received: { BTC: show("BTC"), ETH: show("ETH"), SKY: show("SKY") },
      };
    },
  };
}

function whyNotBind(
  deps: TellerDeps,
  own: ReadonlySet<string>,
  request: { sky: string; coin: CoinType; enabled: boolean },
): BindRefusal | undefined {
  const { sky, coin } = request;
  if (!request.enabled) return { kind: "invalid", text: `${coin} not enabled` };
  const parsed = parseAddress(sky);
  if (!parsed.ok) return { kind: "invalid", text: `Invalid skycoin address: ${parsed.refusal}` };
  if (isNullAddress(parsed.value))
    return { kind: "invalid", text: "Invalid skycoin address: it is the null address" };
  if (own.has(sky)) return { kind: "invalid", text: "Invalid skycoin address: it belongs to this shop" };
  if (!deps.settings.bindEnabled) return { kind: "disabled", text: "Address binding is disabled" };
  return whyClosed(deps, coin);
}

/**
 * whyClosed keeps binding shut until both chains were looked at since the start, before the wallet was ever filled, and
 * while the Skycoin chain shows that the store does not know all that was paid: an old copy could give away an
 * address that has an owner.
 */
function whyClosed({ unseen, ledger }: TellerDeps, coin: CoinType): BindRefusal | undefined {
  const view = ledger();
  if (view === "differs" || view === "empty") {
    return { kind: "closed", text: `${coin} deposits are closed for a while; try again later` };
  }
  if (view === "agrees" && !unseen().includes(coin)) return undefined;
  return { kind: "not_ready", text: `${coin} deposits open when the chain is scanned; try again soon` };
}

function statusRows(reader: Reader, settings: TellerSettings, sky: string): StatusRow[] {
  const cursors = new Map<CoinType, Cursor | undefined>();
  const cursorFor = (coin: CoinType) => {
    if (!cursors.has(coin)) cursors.set(coin, cursorOf(reader, coin));
    return cursors.get(coin);
  };
  return skyStatus(reader, sky, statusLines).map(({ seq, row }) => ({
    seq,
    updated_at: row.updated_at,
    status: row.status,
    coin_type: row.coin_type,
    ...confirmationsOf(row, settings, cursorFor),
  }));
}

/** A deposit that is seen and not deep enough shows how deep it is. */
function confirmationsOf(
  row: SkyRow,
  settings: TellerSettings,
  cursorFor: (coin: CoinType) => Cursor | undefined,
) {
  if (row.height === 0 || row.status !== "waiting_deposit" || row.coin_type === "SKY") return {};
  const tip = cursorFor(row.coin_type)?.height ?? row.height;
  return {
    confirmations: tip - row.height + 1,
    confirmations_required: Math.max(1, settings.coins[row.coin_type].confirmations),
  };
}

function addressesAnswer(
  reader: Reader,
  settings: TellerSettings,
  coin: CoinType,
  limit: number,
): AddressesAnswer {
  const set = coin === "SKY" ? undefined : settings.coins[coin];
  const on = set?.enabled ?? false;
  return {
    remaining_addresses: totalsOf(reader).free[coin],
    scanning_addresses: on ? scanAddresses(reader, coin, limit) : [],
    scanning_enabled: on && (set?.scanning ?? false),
    address_manager_enabled: on,
  };
}

function configAnswer(settings: TellerSettings): ConfigAnswer {
  const show = (coin: "BTC" | "ETH") => {
    const { enabled, confirmations, rate, minimumVolume } = settings.coins[coin];
    const one = 10n ** BigInt(unitsOf(coin));
    const price = rate === undefined ? 0n : saleAmount(one, unitsOf(coin), rate, settings.maxDecimals);
    return {
      enabled,
      confirmations_required: confirmations,
      fixed_exchange_rate: formatUnits(price, unitsOf("SKY")),
      passthrough_minimum_volume: minimumVolume,
    };
  };
  return {
    enabled: settings.bindEnabled,
    buy_method: settings.buyMethod,
    max_bound_addrs: settings.maxBoundAddrs,
    max_decimals: settings.maxDecimals,
    deposits: { btc: show("BTC"), eth: show("ETH") },
  };
}
