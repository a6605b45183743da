import type { Outpoint } from "#internal/coin";
import type { CoinType, Droplet } from "#internal/money";
import type { StoredStatus } from "./statuses.ts";

export type { StoredStatus } from "./statuses.ts";

/** BuyMethod says how SKY for a deposit is come by; it is fixed when the address is bound. */
export type BuyMethod = "direct" | "passthrough";

/** Binding ties a deposit address to a Skycoin address (`bind_address_BTC`). */
export interface Binding {
  readonly sky_address: string;
  readonly address: string;
  readonly coin_type: CoinType;
  readonly buy_method: BuyMethod;
  /** The binding's place in the status list of its Skycoin address, from 1. */
  readonly seq: number;
  /** Unix seconds. */
  readonly bound_at: number;
}

/** Deposit is money seen on a pool address (`deposit_value`), reversible until its payout is signed. */
export interface Deposit {
  readonly coin_type: CoinType;
  readonly address: string;
  /** In the coin's smallest unit. */
  readonly value: bigint;
  /** The block that has it; 0 while no block of the best chain does. */
  readonly height: number;
  /** Shown instead of `height` where the chain is a dummy. */
  readonly shown_height: number;
  readonly tx: string;
  readonly n: number;
  /** Credited: `deposit_info` has it. */
  readonly processed: boolean;
  /** Order of first sight over all coins, from 1. */
  readonly order: number;
  /** Empty when the pool address was not bound. */
  readonly sky_address: string;
  readonly buy_method: BuyMethod;
  /** Place in the status list of its Skycoin address; 0 when unbound. */
  readonly status_seq: number;
  /** Frozen at first sight: SKY per coin, as text. */
  readonly rate: string;
  readonly max_decimals: number;
  readonly coinbase: boolean;
  /** What its transaction spends: tells a replaced or double-spent deposit from a new one. */
  readonly inputs: readonly Outpoint[];
  /** A reorg took it back and it has not been mined again. */
  readonly reversed: boolean;
  /** The deposit that spends the same coin and took this one's place; empty for none. */
  readonly replaced_by: string;
  /** Why it must not be paid without a person; empty for none. */
  readonly held: string;
}

/** Passthrough is the exchange's part of a deposit; all empty for a direct sale. */
export interface Passthrough {
  readonly exchange_name: string;
  readonly sky_bought: bigint;
  readonly deposit_value_spent: bigint;
  readonly requested_amount: string;
  readonly order: {
    readonly customer_id: string;
    readonly order_id: string;
    readonly completed_amount: string;
    readonly price: string;
    readonly status: string;
    readonly final: boolean;
    readonly original: string;
  };
}

/** DepositInfo is a credited deposit on its way to `done` (`deposit_info`), with the documented fields and ours. */
export interface DepositInfo {
  readonly seq: number;
  readonly updated_at: number;
  readonly status: StoredStatus;
  readonly coin_type: CoinType;
  readonly sky_address: string;
  readonly buy_method: BuyMethod;
  readonly deposit_address: string;
  readonly deposit_id: string;
  readonly txid: string;
  readonly conversion_rate: string;
  readonly deposit_value: bigint;
  readonly sky_sent: bigint;
  readonly passthrough: Passthrough;
  readonly error: string;
  readonly deposit: {
    readonly coin_type: CoinType;
    readonly address: string;
    readonly value: bigint;
    readonly height: number;
    readonly tx: string;
    readonly n: number;
    readonly processed: boolean;
  };
  /** Droplets owed, frozen when decided. */
  readonly sky_owed: bigint;
  readonly max_decimals: number;
  readonly status_seq: number;
  readonly credited_at: number;
  /** The payout that carries it; 0 for none. */
  readonly payout: number;
  /** Marks beside the status: each keeps the deposit from moving on. Empty or false for none. */
  readonly held: string;
  readonly reversed: boolean;
  readonly replaced_by: string;
  /** A person has looked at the reorg that took it back: it waits for its block in silence. */
  readonly released?: boolean;
  /** What the operator said when the row was taken off the list of those that wait for a person; empty otherwise. */
  readonly settled: string;
}

/** SkyRow is one line of a Skycoin address' status list (`sky_deposit_seqs_index`). */
export interface SkyRow {
  /** The deposit address. */
  readonly address: string;
  readonly coin_type: CoinType;
  /** Addresses bound to this Skycoin address up to and including this row. */
  readonly bound: number;
  /** Empty until money is seen. */
  readonly deposit_id: string;
  readonly status: StoredStatus | "waiting_deposit";
  readonly updated_at: number;
  /** The block of a deposit that is seen and not yet credited; 0 otherwise. */
  readonly height: number;
}

/** Cursor is the newest block that a scanner has taken in. */
export interface Cursor {
  readonly height: number;
  readonly hash: string;
}

/** Anchor is the output that the next payout must spend: the change of the payout before it. */
export interface Anchor {
  readonly uxid: string;
  readonly address: string;
  readonly coins: Droplet;
  /** The payout whose change it is; 0 for the output chosen at the first start. */
  readonly payout: number;
}

/** PayoutOutput is what a payout pays to one Skycoin address. */
export interface PayoutOutput {
  readonly address: string;
  readonly coins: Droplet;
}

/** PayoutState: `signed` until a block has it; `dead` once it is proved that no block ever will. */
export type PayoutState = "signed" | "confirmed" | "dead";

/** Attempt is one transaction for a payout. All attempts spend the anchor, so at most one of them confirms. */
export interface Attempt {
  readonly txid: string;
  /** Encoded transaction, hex: the bytes that are sent, always the same. */
  readonly raw: string;
  readonly inputs: readonly string[];
  /** The output that is the next anchor if this attempt confirms. */
  readonly change: Omit<Anchor, "payout">;
  /** Coin hours that it burns. */
  readonly fee: bigint;
  readonly signed_at: number;
  /** The node's head when it was built. */
  readonly built_on: { readonly seq: number; readonly hash: string };
}

/** Payout is what some deposits are paid by, kept for ever with all its bytes. Its own fields are those of the newest attempt, or of the one that confirmed. */
export interface Payout extends Attempt {
  readonly seq: number;
  readonly state: PayoutState;
  readonly anchor: Anchor;
  readonly outputs: readonly PayoutOutput[];
  readonly deposits: readonly string[];
  /** The attempts before the newest one, oldest first. */
  readonly earlier: readonly Attempt[];
  /** The block that has it; absent until confirmed. */
  readonly block?: { readonly seq: number; readonly hash: string };
  /** Why it is dead; empty otherwise. */
  readonly dead: string;
}

/** EventType names a durable fact. */
export type EventType =
  | "address_bound"
  | "deposit_seen"
  | "deposit_credited"
  | "deposit_decided"
  | "deposit_held"
  | "deposit_reversed"
  | "deposit_restored"
  | "deposit_replaced"
  | "deposit_done"
  | "unbound_money"
  | "scanner_stopped"
  | "scanner_resumed"
  | "rescanned"
  | "deposit_settled"
  | "deposit_released"
  | "payout_signed"
  | "payout_replaced"
  | "payout_adopted"
  | "payout_confirmed"
  | "payout_reopened"
  | "payout_dead"
  | "anchor_moved";

/** Event is a numbered fact, written by the commit that made it true. */
export interface Event {
  readonly at: number;
  readonly type: EventType;
  /** The deposit address, deposit, coin or payout that it is about. */
  readonly subject: string;
  readonly detail: string;
}

/** Totals are counts and sums kept by the commits that change what they count. */
export interface Totals {
  readonly next_seq: number;
  readonly next_order: number;
  readonly next_event: number;
  readonly next_payout: number;
  readonly free: Readonly<Record<CoinType, number>>;
  readonly bound: Readonly<Record<CoinType, number>>;
  /** Credited and not reversed, in smallest units. */
  readonly received: Readonly<Record<CoinType, bigint>>;
  /** Confirmed payouts, in droplets. */
  readonly sent: bigint;
  readonly by_status: Readonly<Record<StoredStatus, number>>;
  /** Deposits with a permanent error. */
  readonly errored: number;
  /** Deposits that wait for a person: held, or reversed after they were credited. */
  readonly attention: number;
}

/** ChainRules is what the configuration says about one coin. */
export interface ChainRules {
  readonly coin: CoinType;
  /** Blocks from the deposit's own to the tip, both counted; 0 means 1. */
  readonly confirmations: number;
  /** How many headers are kept below the cursor: a reorg deeper than that stops the scanner. */
  readonly window: number;
  /** Frozen into each deposit that is seen: SKY per coin, and decimals of SKY. */
  readonly rate: string;
  readonly maxDecimals: number;
  readonly buyMethod: BuyMethod;
}

/**
 * Stamp is what a store was made for. Another set is refused, so that a dummy's deposits never
 * meet a real wallet, nor one network's another's.
 */
export interface Stamp {
  readonly schema: number;
  readonly btc_network: string;
  readonly dummy_scanner: boolean;
  readonly dummy_sender: boolean;
}
