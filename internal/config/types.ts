import type { HostPort, NodeAddress } from "./hostport.ts";
import type { RateSetting, VolumeSetting } from "./money_kinds.ts";
import type { Draft } from "./schema.ts";
import type { Secret } from "./secret.ts";

/** BtcNetwork is a Bitcoin network that pool addresses and the node are checked against. */
export type BtcNetwork = Draft["btc_rpc.network"];

/** BuyMethod is how SKY for a deposit is come by. */
export type BuyMethod = Draft["sky_exchanger.buy_method"];

/** TellerConfig is the `[teller]` section. */
export interface TellerConfig {
  /** Addresses a Skycoin address may have; 0 means any number. */
  readonly maxBoundAddrs: number;
  readonly bindEnabled: boolean;
}

/** BtcRpcConfig is the `[btc_rpc]` section. What a scanner needs is set unless `dummy.scanner` is, or the scanner is off. */
export interface BtcRpcConfig {
  readonly server: NodeAddress | undefined;
  readonly user: Secret | undefined;
  readonly pass: Secret | undefined;
  /** Path of the certificate; undefined for a node without TLS. */
  readonly cert: string | undefined;
  readonly network: BtcNetwork;
  readonly websocket: boolean;
}

/** ScannerConfig is the `[btc_scanner]` or `[eth_scanner]` section. */
export interface ScannerConfig {
  readonly enabled: boolean;
  readonly scanPeriodMs: number;
  /** undefined means the tip at the first start. */
  readonly initialScanHeight: number | undefined;
  /** At least 1: a 0 in the file means 1. */
  readonly confirmationsRequired: number;
}

/** EthRpcConfig is the `[eth_rpc]` section. */
export interface EthRpcConfig {
  readonly server: string | undefined;
  readonly port: number | undefined;
}

/** ExchangeClientConfig is the `[sky_exchanger.exchange_client]` section. */
export interface ExchangeClientConfig {
  readonly key: Secret | undefined;
  readonly secret: Secret | undefined;
  readonly requestFailureWaitMs: number;
  readonly ratelimitWaitMs: number;
  readonly checkOrderWaitMs: number;
  readonly btcMinimumVolume: VolumeSetting;
}

/** SkyExchangerConfig is the `[sky_exchanger]` section. */
export interface SkyExchangerConfig {
  readonly maxDecimals: number;
  /** Set when BTC is taken. */
  readonly skyBtcExchangeRate: RateSetting | undefined;
  /** Set when ETH is taken. */
  readonly skyEthExchangeRate: RateSetting | undefined;
  /** Path of the wallet; set unless `dummy.sender` is. */
  readonly wallet: string | undefined;
  readonly walletPasswordFile: string | undefined;
  /** From the environment; never set together with `walletPasswordFile`, unless `dummy.sender` is on. */
  readonly walletPassword: Secret | undefined;
  readonly txConfirmationCheckWaitMs: number;
  readonly sendEnabled: boolean;
  readonly buyMethod: BuyMethod;
  readonly exchangeClient: ExchangeClientConfig;
}

/** WebConfig is the `[web]` section. */
export interface WebConfig {
  readonly behindProxy: boolean;
  /** undefined means the pages inside the executable. */
  readonly staticDir: string | undefined;
  readonly throttleMax: number;
  readonly throttleDurationMs: number;
  /** undefined means that plain HTTP is off. */
  readonly httpAddr: HostPort | undefined;
  readonly httpsAddr: HostPort | undefined;
  readonly autoTlsHost: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** Origins, hosts, or `host:port`; empty means the same origin only. */
  readonly corsAllowed: readonly string[];
}

/** Config is the checked configuration. Nothing in it can be changed; secrets show as `[secret]`. */
export interface Config {
  readonly debug: boolean;
  readonly profile: boolean;
  /** undefined means standard output only. */
  readonly logfile: string | undefined;
  /** As in the file; `databasePath` says what it means. */
  readonly dbfile: string;
  readonly pidfile: string | undefined;
  readonly btcAddresses: string | undefined;
  readonly ethAddresses: string | undefined;
  readonly teller: TellerConfig;
  readonly skyRpc: {
    /** `host:port` or a URL. */
    readonly address: string;
  };
  readonly btcRpc: BtcRpcConfig;
  readonly btcScanner: ScannerConfig;
  readonly ethRpc: EthRpcConfig;
  readonly ethScanner: ScannerConfig;
  readonly skyExchanger: SkyExchangerConfig;
  readonly web: WebConfig;
  readonly adminPanel: {
    readonly host: HostPort;
    /** Asked for on any address but loopback; undefined means that one is to be made. */
    readonly token: Secret | undefined;
  };
  readonly dummy: {
    readonly sender: boolean;
    readonly scanner: boolean;
    /** Set when one of the two dummies is on. */
    readonly httpAddr: HostPort | undefined;
  };
}
