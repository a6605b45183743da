import type { Clock } from "#internal/clock";
import { unixSeconds } from "#internal/clock";
import type { CoinHealth, HealthAnswer, Teller } from "#internal/teller";

/** SoldCoin is a coin that customers can pay with. */
export type SoldCoin = "BTC" | "ETH";

/** soldCoins lists them in the order in which the page shows them. */
export const soldCoins: readonly SoldCoin[] = ["BTC", "ETH"];

/** Offer is one coin as the page offers it. */
export interface Offer {
  readonly coin: SoldCoin;
  /** SKY for one coin, without needless zeros; undefined where the price is the market's. */
  readonly rate: string | undefined;
  /** The least that should be sent; undefined for none. */
  readonly minimum: string | undefined;
  readonly confirmations: number;
  /** How the scanner lags: seconds it needs, `unknown` while it cannot see the network, undefined while it keeps up. */
  readonly behind: number | "unknown" | undefined;
}

/** Desk is what a customer should know before buying. */
export interface Desk {
  /** Why nothing is sold now; undefined while open. */
  readonly closed: "disabled" | "sold_out" | undefined;
  readonly offers: readonly Offer[];
  /** SKY in the wallet, whole ones only; undefined while unknown or less than one. */
  readonly available: string | undefined;
  /** Deposit addresses a Skycoin address may have; 0 is no limit. */
  readonly maxBound: number;
  /** Payouts do not go out at the moment. */
  readonly delayed: boolean;
}

/** An error younger than this may be gone at the next try, and would only frighten. */
const patienceSec = 60;

/** deskOf asks teller what a customer should know now. */
export function deskOf(teller: Teller, clock: Clock): Desk {
  const config = teller.config();
  const health = teller.health();
  const direct = config.buy_method === "direct";
  const offers = soldCoins.flatMap((coin): Offer[] => {
    const terms = config.deposits[coin === "BTC" ? "btc" : "eth"];
    if (!terms.enabled) return [];
    const minimum = trimZeros(terms.passthrough_minimum_volume);
    return [
      {
        coin,
        rate: direct ? trimZeros(terms.fixed_exchange_rate) : undefined,
        minimum: direct || minimum === "0" ? undefined : minimum,
        confirmations: Math.max(1, terms.confirmations_required),
        behind: lagOf(scannerOf(health, coin)),
      },
    ];
  });
  const delayed = paymentsStopped(health, unixSeconds(clock));
  const available = grouped(health.exchange.balance.coins);
  return {
    closed: !config.enabled || offers.length === 0 ? "disabled" : delayed ? "sold_out" : undefined,
    offers,
    available: available === "0" ? undefined : available,
    maxBound: Math.max(0, config.max_bound_addrs),
    delayed,
  };
}

/** paymentsStopped tells whether sending has failed for longer than a passing trouble lasts. */
function paymentsStopped({ exchange }: HealthAnswer, now: number): boolean {
  return exchange.sender_error !== "" && now - exchange.sender_error_since >= patienceSec;
}

function scannerOf(health: HealthAnswer, coin: SoldCoin): CoinHealth | undefined {
  return health.scanners[coin] ?? health.scanners[coin.toLowerCase()];
}

function lagOf(scanner: CoinHealth | undefined): Offer["behind"] {
  if (scanner === undefined || !scanner.enabled || scanner.ok) return undefined;
  return scanner.seconds_left > 0 ? scanner.seconds_left : "unknown";
}

/** trimZeros shortens a decimal text for people: `500.000000` becomes `500`. */
export function trimZeros(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}

/** grouped writes the whole part of a decimal text with a comma at every third digit. */
export function grouped(decimal: string): string {
  const [whole = ""] = decimal.split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",");
}
