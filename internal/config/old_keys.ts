import type { Key } from "./schema.ts";

/** Where the original had an exchange's settings, in its files that are still in use. */
const c2cx = "sky_exchanger.c2cx";

/** oldSpellings maps names of older files to the keys that they mean now (`spec/teller.md` §0.3, §2.2). */
export const oldSpellings: ReadonlyMap<string, Key> = new Map<string, Key>([
  [`${c2cx}.key`, "sky_exchanger.exchange_client.key"],
  [`${c2cx}.secret`, "sky_exchanger.exchange_client.secret"],
  [`${c2cx}.request_failure_wait`, "sky_exchanger.exchange_client.request_failure_wait"],
  [`${c2cx}.ratelimit_wait`, "sky_exchanger.exchange_client.ratelimit_wait"],
  [`${c2cx}.check_order_wait`, "sky_exchanger.exchange_client.check_order_wait"],
  [`${c2cx}.btc_minimum_volume`, "sky_exchanger.exchange_client.btc_minimum_volume"],
  ["btc_rpc.enabled", "btc_scanner.enabled"],
  ["eth_rpc.enabled", "eth_scanner.enabled"],
  ["teller.max_bound_btc_addrs", "teller.max_bound_addrs"],
]);

/** The switch among the retired keys: turned on, it asks for what nobody does. */
export const skyScannerSwitch = "sky_scanner.enabled";

/**
 * retiredKeys are keys of the original that sold SKY for SKY, which never worked there
 * (`spec/teller.md` §14.3 W-08). The original demanded some of them, so files in use have them.
 */
export const retiredKeys: ReadonlySet<string> = new Set([
  "sky_addresses",
  skyScannerSwitch,
  "sky_scanner.scan_period",
  "sky_scanner.initial_scan_height",
  "sky_scanner.confirmations_required",
  "sky_exchanger.sky_sky_exchange_rate",
]);
