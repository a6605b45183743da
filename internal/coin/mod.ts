/**
 * coin: what every coin offers to the scanner, whatever chain is behind it.
 *
 * A coin is added by one package on floor 2 that gives a `ChainSource`, and one row in the
 * table of `cmd/teller`.
 */
import type { CoinType } from "#internal/money";

/** BlockRef names a block. Hashes are lower-case hex in the coin's usual byte order. */
export interface BlockRef {
  readonly height: number;
  readonly hash: string;
}

/** Outpoint names an output of a transaction as `txid:n`, n being its real index. */
export type Outpoint = string;

/** SeenOutput is one output of a block that pays a watched address. */
export interface SeenOutput {
  readonly txid: string;
  /** The real output index. */
  readonly n: number;
  /** In the coin's smallest unit. */
  readonly value: bigint;
  /** The watched address as the pool file spells it. */
  readonly address: string;
  /** The outpoints that the transaction spends; none for a coinbase. */
  readonly inputs: readonly Outpoint[];
  readonly coinbase: boolean;
  /** Shown instead of the block's height; only a dummy chain, whose heights mean nothing, gives one. */
  readonly shownHeight?: number;
}

/** Block is a block as the scanner needs it: its place in the chain and what it pays to watched addresses. */
export interface Block extends BlockRef {
  readonly parent: string;
  readonly outputs: readonly SeenOutput[];
}

/** Watch answers which address a script or address belongs to. It may be asked millions of times a second. */
export interface Watch {
  /** size is the number of watched addresses. */
  readonly size: number;
  /** addressOf gives the pool's spelling of the address with these bytes (a script, for BTC), or undefined. */
  addressOf(bytes: Uint8Array): string | undefined;
}

/**
 * ChainSource is a view of one node. Every call has a deadline and a size limit of its own
 * and throws a `Fault` whose fate says what may be done.
 */
export interface ChainSource {
  readonly coin: CoinType;
  /**
   * check proves that the node is on the configured network.
   * Throws a `Fault` with fate `stop` (wrong network, certificate or password) or `retry` (not reachable).
   */
  check(signal: AbortSignal): Promise<void>;
  /** tip gives the best block that the node knows. */
  tip(signal: AbortSignal): Promise<BlockRef>;
  /** hashesAt gives the node's main-chain hashes for these heights, `undefined` above its tip. */
  hashesAt(heights: readonly number[], signal: AbortSignal): Promise<readonly (string | undefined)[]>;
  /**
   * blocks reads the blocks with these hashes, in this order, as far as one answer may carry:
   * at least one, perhaps fewer than asked for. Each one's header hash, its merkle root and its
   * transactions are checked. Throws a `Fault` (`retry`) for a block that the node does not have.
   */
  blocks(refs: readonly BlockRef[], watch: Watch, signal: AbortSignal): Promise<readonly Block[]>;
}
