import type { Result } from "#internal/fault";
import type { CoinType } from "#internal/money";

/** DepositStatus is a documented status of a deposit. `waiting_deposit` is never stored. */
export type ShownStatus =
  | "waiting_deposit"
  | "waiting_decide"
  | "waiting_passthrough"
  | "waiting_passthrough_order_complete"
  | "waiting_send"
  | "waiting_confirm"
  | "done";

/** Bound is the answer of a successful bind. */
export interface Bound {
  readonly deposit_address: string;
  readonly coin_type: CoinType;
  readonly buy_method: "direct" | "passthrough";
}

/** BindRefusal is an expected refusal of a bind; `text` is what the customer reads. */
export interface BindRefusal {
  readonly kind: "invalid" | "disabled" | "limit" | "empty" | "not_ready" | "closed";
  readonly text: string;
}

/** StatusRow is one row of `/api/status`. */
export interface StatusRow {
  readonly seq: number;
  readonly updated_at: number;
  readonly status: ShownStatus;
  readonly coin_type: CoinType;
  /** Only for a deposit that was seen in a block and is not deep enough yet. */
  readonly confirmations?: number;
  readonly confirmations_required?: number;
}

/** CoinHealth is the state of one coin's scanner in `/api/health`. */
export interface CoinHealth {
  readonly enabled: boolean;
  readonly ok: boolean;
  readonly height: number;
  readonly tip: number;
  readonly blocks_per_second: number;
  /** Estimated time to the tip; 0 when there. */
  readonly seconds_left: number;
  readonly error: string;
  /** Unix seconds since when the error stands; 0 when there is none. */
  readonly error_since: number;
}
/** HealthAnswer is the body of `GET /api/health`. */
export interface HealthAnswer {
  readonly status: "OK" | "ERROR";
  readonly application: "teller";
  readonly version: string;
  /** Go's duration text, for example `5m32s`. */
  readonly uptime: string;
  readonly exchange: {
    readonly buy_method: string;
    readonly processor_error: string;
    readonly sender_error: string;
    /** Unix seconds since when `sender_error` stands; 0 when there is none. */
    readonly sender_error_since: number;
    readonly deposit_error_count: number;
    /** Deposits that wait for a person: held, or reversed after they were credited. */
    readonly held_count: number;
    readonly balance: { readonly coins: string; readonly hours: string };
  };
  readonly scanners: Readonly<Record<string, CoinHealth>>;
  /** What is stuck: deposits that are not done after an hour, a scan that stands still, what waits for a person. */
  readonly stuck: readonly string[];
}

/** ConfigAnswer is the body of `GET /api/config`. */
export interface ConfigAnswer {
  readonly enabled: boolean;
  readonly buy_method: string;
  readonly max_bound_addrs: number;
  readonly max_decimals: number;
  readonly deposits: Readonly<
    Record<
      "btc" | "eth",
      {
        readonly enabled: boolean;
        readonly confirmations_required: number;
        readonly fixed_exchange_rate: string;
        readonly passthrough_minimum_volume: string;
      }
    >
  >;
}

/** DepositRow is one deposit as the admin listener shows it; amounts are exact integers (`bigint`). */
export interface DepositRow {
  readonly seq: number;
  readonly updated_at: number;
  readonly status: string;
  readonly coin_type: string;
  readonly sky_address: string;
  readonly buy_method: string;
  readonly deposit_address: string;
  readonly deposit_id: string;
  readonly txid: string;
  readonly conversion_rate: string;
  readonly deposit_value: bigint;
  readonly sky_sent: bigint;
  readonly passthrough: Readonly<Record<string, unknown>>;
  readonly error: string;
  /** Marks beside the status: `held`, `reversed`; empty for none. */
  readonly marks: readonly string[];
  readonly deposit: {
    readonly coin_type: string;
    readonly address: string;
    readonly value: bigint;
    readonly height: number;
    readonly tx: string;
    readonly n: number;
    readonly processed: boolean;
  };
}

/** AddressesAnswer is one coin's part of `GET /api/deposit-addresses`. */
export interface AddressesAnswer {
  readonly remaining_addresses: number;
  readonly scanning_addresses: readonly string[];
  readonly scanning_enabled: boolean;
  readonly address_manager_enabled: boolean;
}

/** AccountingAnswer is the body of `GET /api/accounting`. */
export interface AccountingAnswer {
  readonly sent: string;
  readonly received: Readonly<Record<"BTC" | "ETH" | "SKY", string>>;
}

/** Teller answers the public and the admin listener. Reads touch a bounded number of rows. */
export interface Teller {
  /** bind takes a pool address of this coin for a Skycoin address; both in one transaction, durable before it resolves. */
  bind(skyAddress: string, coin: CoinType): Promise<Result<Bound, BindRefusal>>;
  /** status lists what is known of a Skycoin address; refused with the reason when the address is invalid. */
  status(skyAddress: string): Result<readonly StatusRow[], string>;
  /** coinEnabled tells whether deposits of this coin are taken. */
  coinEnabled(coin: CoinType): boolean;
  config(): ConfigAnswer;
  health(): HealthAnswer;
  /** depositAddresses lists at most `limit` bound addresses a coin. */
  depositAddresses(limit: number): Readonly<Record<CoinType, AddressesAnswer>>;
  /** deposits lists deposits, oldest first, at most `limit`, after the given `seq`; refused for an unknown status. */
  deposits(query: { status?: string; after?: number; limit: number }): Result<readonly DepositRow[], string>;
  /** erroredDeposits lists deposits that failed for good, are held, or were reversed. */
  erroredDeposits(query: { after?: number; limit: number }): readonly DepositRow[];
  accounting(): AccountingAnswer;
}
