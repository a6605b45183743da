import type { Result } from "#internal/fault";
import type { Droplet, Hours } from "#internal/money";

/** Head is the newest block of the node's chain. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
  /** Block time in unix seconds. Coin hours are counted up to this time, not to the wall clock. */
  readonly time: number;
}

/** NodeHealth is what a node says about itself and its rules (`GET /api/v1/health`). */
export interface NodeHealth {
  readonly coin: string;
  readonly version: string;
  readonly head: Head;
  readonly openConnections: number;
  readonly burnFactor: bigint;
  /** In bytes. */
  readonly maxTransactionSize: number;
  /** Decimal places that an output's coins may have. */
  readonly maxDecimals: number;
}

/** Unspent is an output of the confirmed chain that a node offers for spending. */
export interface Unspent {
  readonly uxid: string;
  readonly address: string;
  readonly coins: Droplet;
  /** Coin hours at the time of the head block. */
  readonly hours: Hours;
  readonly blockSeq: number;
  readonly srcTx: string;
}

/** Outputs are the unspent outputs of some addresses at one head (`/api/v1/outputs`). */
export interface Outputs {
  readonly head: Head;
  /** Confirmed and unspent. */
  readonly unspent: readonly Unspent[];
  /** Uxids among them that a transaction in the node's pool would spend. */
  readonly outgoing: ReadonlySet<string>;
}

/** UxOut is the history of one output (`/api/v1/uxout`); pending spends do not show in it. */
export interface UxOut {
  readonly uxid: string;
  readonly address: string;
  readonly coins: Droplet;
  readonly srcTx: string;
  /** The confirmed transaction that spent it, or undefined. */
  readonly spent: { readonly txid: string; readonly blockSeq: number } | undefined;
}

/** TransactionStatus is where a node has a transaction. */
export interface TransactionStatus {
  readonly confirmed: boolean;
  /** The block that has it, once confirmed. */
  readonly blockSeq: number | undefined;
}

/**
 * Node is one Skycoin node. Every call throws a `Fault`: `retry` when nothing can have happened,
 * `ask` when an injected transaction may or may not have been taken, `stop` for a wrong address,
 * certificate or chain. A look-up's `undefined` means "this node does not know it" and proves nothing.
 */
export interface Node {
  health(signal: AbortSignal): Promise<NodeHealth>;
  /** blockHash gives the hash of the block at this sequence, or undefined above the head. */
  blockHash(seq: number, signal: AbortSignal): Promise<string | undefined>;
  outputs(addresses: readonly string[], signal: AbortSignal): Promise<Outputs>;
  uxout(uxid: string, signal: AbortSignal): Promise<UxOut | undefined>;
  transaction(txid: string, signal: AbortSignal): Promise<TransactionStatus | undefined>;
  /** rawTransaction gives the encoded bytes of a transaction, as hex, or undefined. */
  rawTransaction(txid: string, signal: AbortSignal): Promise<string | undefined>;
  /** verify asks whether the node would accept this unsigned transaction (null signatures); it keeps nothing. */
  verify(unsignedHex: string, signal: AbortSignal): Promise<Result<void, string>>;
  /** inject hands over signed bytes. Refused with the node's words; the same bytes may be injected again. */
  inject(signedHex: string, signal: AbortSignal): Promise<Result<string, string>>;
}

/** Signer is the only code that touches private keys. */
export interface Signer {
  /** Every address of the wallet, in the wallet's order; change goes to the first. */
  readonly addresses: readonly string[];
  /** sign fills in the signatures; `owners[i]` is the address that owns input i. Throws a `Fault` (`stop`) when a key is missing. */
  sign(unsignedHex: string, owners: readonly string[]): { readonly raw: string; readonly txid: string };
}
