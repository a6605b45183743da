import { invariant } from "#internal/fault";
import type { Draft } from "./schema.ts";
import { Secret } from "./secret.ts";
import type { Config, ScannerConfig, SkyExchangerConfig, WebConfig } from "./types.ts";

function scanner(draft: Draft, coin: "btc" | "eth"): ScannerConfig {
  return {
    enabled: draft[`${coin}_scanner.enabled`],
    scanPeriodMs: draft[`${coin}_scanner.scan_period`],
    initialScanHeight: draft[`${coin}_scanner.initial_scan_height`],
    // A deposit can not be credited before it is in a block.
    confirmationsRequired: Math.max(draft[`${coin}_scanner.confirmations_required`], 1),
  };
}

function skyExchanger(draft: Draft, walletPassword: Secret | undefined): SkyExchangerConfig {
  return {
    maxDecimals: draft["sky_exchanger.max_decimals"],
    skyBtcExchangeRate: draft["sky_exchanger.sky_btc_exchange_rate"],
    skyEthExchangeRate: draft["sky_exchanger.sky_eth_exchange_rate"],
    wallet: draft["sky_exchanger.wallet"],
    walletPasswordFile: draft["sky_exchanger.wallet_password_file"],
    walletPassword,
    txConfirmationCheckWaitMs: draft["sky_exchanger.tx_confirmation_check_wait"],
    sendEnabled: draft["sky_exchanger.send_enabled"],
    buyMethod: draft["sky_exchanger.buy_method"],
    exchangeClient: {
      key: draft["sky_exchanger.exchange_client.key"],
      secret: draft["sky_exchanger.exchange_client.secret"],
      requestFailureWaitMs: draft["sky_exchanger.exchange_client.request_failure_wait"],
      ratelimitWaitMs: draft["sky_exchanger.exchange_client.ratelimit_wait"],
      checkOrderWaitMs: draft["sky_exchanger.exchange_client.check_order_wait"],
      btcMinimumVolume: draft["sky_exchanger.exchange_client.btc_minimum_volume"],
    },
  };
}

function web(draft: Draft): WebConfig {
  return {
    behindProxy: draft["web.behind_proxy"],
    staticDir: draft["web.static_dir"],
    throttleMax: draft["web.throttle_max"],
    throttleDurationMs: draft["web.throttle_duration"],
    httpAddr: draft["web.http_addr"],
    httpsAddr: draft["web.https_addr"],
    autoTlsHost: draft["web.auto_tls_host"],
    tlsCert: draft["web.tls_cert"],
    tlsKey: draft["web.tls_key"],
    corsAllowed: draft["web.cors_allowed"],
  };
}

function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || value instanceof Secret) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

/** settings groups a draft that broke no rule by section. `password` is the wallet's, from the environment. */
export function settings(draft: Draft, password: Secret | undefined): Config {
  const host = draft["admin_panel.host"];
  invariant(host !== undefined, "config: the rules let admin_panel.host be missing");
  return freeze({
    debug: draft.debug,
    profile: draft.profile,
    logfile: draft.logfile,
    dbfile: draft.dbfile,
    pidfile: draft.pidfile,
    btcAddresses: draft.btc_addresses,
    ethAddresses: draft.eth_addresses,
    teller: { maxBoundAddrs: draft["teller.max_bound_addrs"], bindEnabled: draft["teller.bind_enabled"] },
    skyRpc: { address: draft["sky_rpc.address"] },
    btcRpc: {
      server: draft["btc_rpc.server"],
      user: draft["btc_rpc.user"],
      pass: draft["btc_rpc.pass"],
      cert: draft["btc_rpc.cert"],
      network: draft["btc_rpc.network"],
      websocket: draft["btc_rpc.websocket"],
    },
    btcScanner: scanner(draft, "btc"),
    ethRpc: { server: draft["eth_rpc.server"], port: draft["eth_rpc.port"] },
    ethScanner: scanner(draft, "eth"),
    skyExchanger: skyExchanger(draft, password),
    web: web(draft),
    adminPanel: { host, token: draft["admin_panel.token"] },
    dummy: {
      sender: draft["dummy.sender"],
      scanner: draft["dummy.scanner"],
      httpAddr: draft["dummy.http_addr"],
    },
  });
}
