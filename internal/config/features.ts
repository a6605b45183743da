import type { Finding } from "./problem.ts";
import type { Draft, Key } from "./schema.ts";

/** Feature is something that keys of the file speak of. */
export interface Feature {
  /** What it is, in words that a sentence can begin with. */
  readonly name: string;
  /** Keys that switch it on by any value but their default. */
  readonly switches: readonly Key[];
  /** Keys that have an effect only when it is on. */
  readonly others: readonly Key[];
}

/**
 * notBuiltYet lists what this release lacks. Its keys are accepted and checked; switching it on is
 * an error. A release that builds a feature takes its row out, and the rules that wait for it hold.
 */
export const notBuiltYet: readonly Feature[] = [
  {
    name: "taking ETH",
    switches: ["eth_scanner.enabled"],
    others: [
      "eth_addresses",
      "eth_rpc.server",
      "eth_rpc.port",
      "eth_scanner.scan_period",
      "eth_scanner.initial_scan_height",
      "eth_scanner.confirmations_required",
      "sky_exchanger.sky_eth_exchange_rate",
    ],
  },
  {
    name: "buying from an exchange",
    switches: ["sky_exchanger.buy_method"],
    others: [
      "sky_exchanger.exchange_client.key",
      "sky_exchanger.exchange_client.secret",
      "sky_exchanger.exchange_client.request_failure_wait",
      "sky_exchanger.exchange_client.ratelimit_wait",
      "sky_exchanger.exchange_client.check_order_wait",
      "sky_exchanger.exchange_client.btc_minimum_volume",
    ],
  },
  { name: "the websocket to btcd", switches: ["btc_rpc.websocket"], others: [] },
  {
    name: "serving HTTPS",
    switches: ["web.https_addr", "web.auto_tls_host", "web.tls_cert", "web.tls_key"],
    others: [],
  },
  { name: "profiling", switches: ["profile"], others: [] },
];

/** switchedOn finds the switches of these features whose value is not the default. */
export function switchedOn(
  features: readonly Feature[],
  draft: Draft,
  standard: Draft,
): readonly Finding<Key>[] {
  return features.flatMap(({ name, switches }) =>
    switches
      .filter((key) => draft[key] !== standard[key])
      .map((key) => ({ key, text: `${name} is not built yet; leave this key out` })),
  );
}

/** idleKeys finds the keys in the file that have no effect because their feature is not built. */
export function idleKeys(
  features: readonly Feature[],
  draft: Draft,
  given: ReadonlySet<Key>,
): readonly Key[] {
  return features.flatMap(({ others }) => others.filter((key) => given.has(key) && draft[key] !== undefined));
}
