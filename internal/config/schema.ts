import { z } from "zod";
import * as address from "./address_kinds.ts";
import * as kind from "./kinds.ts";
import * as money from "./money_kinds.ts";

const heights = { min: 0, max: 4_294_967_295, tooSmall: "{key} must be >= 0" };
const confirmations = { min: 0, max: 1000, tooSmall: "{key} must be >= 0" };
const anyText = /^[^\u0000-\u001f\u007f]{1,1000}$/;
const keyHint = "holds a control character or is longer than 1000 characters";
const token = /^[\u0021-\u007e]{16,200}$/;

/**
 * schema is every key of the file: its type, default, range and the texts of its errors. The names
 * are full keys; their order is the order of the example file. What keys ask of each other is in
 * `rules.ts`. Source: the user's document, `spec/teller.md` §2.2, `design.md` §7.
 */
export const schema = z.object({
  debug: kind.flag(true),
  profile: kind.flag(false),
  logfile: kind.file(),
  dbfile: kind.databaseFile("teller.db"),
  pidfile: kind.file(),
  btc_addresses: kind.file(),
  eth_addresses: kind.file(),

  "teller.max_bound_addrs": kind.count(5, { min: 0, max: 1_000_000 }),
  "teller.bind_enabled": kind.flag(true),

  "sky_rpc.address": address.webAddress("127.0.0.1:6430"),

  "btc_rpc.server": address.bitcoinNode("127.0.0.1:8334"),
  "btc_rpc.user": kind.secret(
    /^[^:\u0000-\u001f\u007f]{1,1000}$/,
    "holds a colon or a control character; HTTP allows neither in a user name",
  ),
  "btc_rpc.pass": kind.secret(anyText, keyHint),
  "btc_rpc.cert": kind.file(),
  "btc_rpc.network": kind.choice(["mainnet", "testnet3", "signet", "regtest", "simnet"]),
  "btc_rpc.websocket": kind.flag(false),

  "btc_scanner.enabled": kind.flag(true),
  "btc_scanner.scan_period": kind.duration("20s"),
  "btc_scanner.initial_scan_height": kind.optionalCount(heights),
  "btc_scanner.confirmations_required": kind.count(1, confirmations),

  "eth_rpc.server": address.hostName(),
  "eth_rpc.port": address.port(),

  "eth_scanner.enabled": kind.flag(false),
  "eth_scanner.scan_period": kind.duration("5s"),
  "eth_scanner.initial_scan_height": kind.optionalCount(heights),
  "eth_scanner.confirmations_required": kind.count(1, confirmations),

  "sky_exchanger.max_decimals": kind.count(3, {
    min: 0,
    max: 3,
    tooSmall: "{key} can't be negative; write 0, 1, 2 or 3",
    tooLarge: "{key} is larger than visor.MaxDropletPrecision=3; write 0, 1, 2 or 3",
  }),
  "sky_exchanger.sky_btc_exchange_rate": money.rate(),
  "sky_exchanger.sky_eth_exchange_rate": money.rate(),
  "sky_exchanger.wallet": kind.file(),
  "sky_exchanger.wallet_password_file": kind.file(),
  "sky_exchanger.tx_confirmation_check_wait": kind.duration("5s"),
  "sky_exchanger.send_enabled": kind.flag(true),
  "sky_exchanger.buy_method": kind.choice(
    ["direct", "passthrough"],
    '{key} must be "direct" or "passthrough"',
  ),

  "sky_exchanger.exchange_client.key": kind.secret(anyText, keyHint),
  "sky_exchanger.exchange_client.secret": kind.secret(anyText, keyHint),
  "sky_exchanger.exchange_client.request_failure_wait": kind.duration("10s"),
  "sky_exchanger.exchange_client.ratelimit_wait": kind.duration("30s"),
  "sky_exchanger.exchange_client.check_order_wait": kind.duration("2s"),
  "sky_exchanger.exchange_client.btc_minimum_volume": money.volume("0.005"),

  "web.behind_proxy": kind.flag(false),
  "web.static_dir": kind.folder(),
  "web.throttle_max": kind.count(60, { min: 1, max: 1_000_000 }),
  "web.throttle_duration": kind.duration("1m"),
  "web.http_addr": address.listen("127.0.0.1:7071"),
  "web.https_addr": address.optionalListen(),
  "web.auto_tls_host": address.hostName(),
  "web.tls_cert": kind.file(),
  "web.tls_key": kind.file(),
  "web.cors_allowed": address.origins(),

  "admin_panel.host": address.listen("127.0.0.1:7711"),
  "admin_panel.token": kind.secret(
    token,
    "is not a token; write 16 to 200 letters, digits or signs without spaces",
  ),

  "dummy.sender": kind.flag(false),
  "dummy.scanner": kind.flag(false),
  "dummy.http_addr": address.listen("127.0.0.1:4121"),
});

/** Draft is the value of every key, checked one by one. */
export type Draft = Readonly<z.output<typeof schema>>;

/** Key is the full name of a key of the file. */
export type Key = keyof Draft;

/** isKey tells whether the text is the full name of a key. */
export function isKey(text: string): text is Key {
  return Object.hasOwn(schema.shape, text);
}

/** keys are the full names of all keys, in the order of the example file. */
export const keys: readonly Key[] = Object.keys(schema.shape).filter(isKey);

/** factsOf gives kind, range and default of a key, as the documentation states them. */
export function factsOf(key: Key): kind.KeyFacts {
  return kind.facts.get(schema.shape[key]) ?? { about: "", default: undefined };
}
