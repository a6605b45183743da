declare const unit: unique symbol;

/** Amount is a count of the smallest unit of one coin: never negative. */
export type Amount<U extends string> = bigint & { readonly [unit]: U };

/** Satoshi: 10^-8 BTC. */
export type Satoshi = Amount<"satoshi">;
/** Wei: 10^-18 ETH. */
export type Wei = Amount<"wei">;
/** Droplet: 10^-6 SKY. */
export type Droplet = Amount<"droplet">;
/** Hours: coin hours, the second currency of a Skycoin output, burned as fees. */
export type Hours = Amount<"hours">;

function claim<U extends string>(name: U, n: bigint): Amount<U> {
  if (n < 0n) throw new RangeError(`money: negative ${name} ${n}`);
  return n as Amount<U>;
}

/** satoshi claims that n is a count of satoshi. */
export const satoshi = (n: bigint): Satoshi => claim("satoshi", n);
/** wei claims that n is a count of wei. */
export const wei = (n: bigint): Wei => claim("wei", n);
/** droplet claims that n is a count of droplets. */
export const droplet = (n: bigint): Droplet => claim("droplet", n);
/** hours claims that n is a count of coin hours. */
export const hours = (n: bigint): Hours => claim("hours", n);
/** amount claims that n is a count in the smallest unit of the coin that the context names. */
export const amount = (n: bigint): Amount<string> => claim("unit", n) as Amount<string>;
