/** coinTypes are the exact names of coins in the public API, in the order in which lists show them. */
export const coinTypes = ["BTC", "ETH", "SKY"] as const;

/** CoinType is the name of one coin. */
export type CoinType = (typeof coinTypes)[number];

/** Decimal places of each coin: BTC counts satoshi, ETH wei, SKY droplets. */
const decimals: Readonly<Record<CoinType, number>> = { BTC: 8, ETH: 18, SKY: 6 };

/** unitsOf gives the number of decimal places between a coin and its smallest unit. */
export function unitsOf(coin: CoinType): number {
  return decimals[coin];
}
