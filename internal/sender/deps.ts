import type { Clock } from "#internal/clock";
import type { Store } from "#internal/db";
import type { CrashPoints } from "#internal/life";
import type { Logger } from "#internal/log";
import type { Head, Node, NodeHealth, Signer } from "#internal/skycoin";
import type { Patience } from "./patience.ts";
import type { Sendings } from "./sendings.ts";

/** SenderDeps is what the sender needs of the house. */
export interface SenderDeps {
  readonly store: Store;
  readonly node: Node;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly log: Logger;
  readonly crash: CrashPoints;
  /** How often a sent payout is looked for. */
  readonly waitMs: number;
  /**
   * unseen names the coins whose chains were not looked at again since the start: what a reorg took back
   * meanwhile must not be paid.
   */
  readonly unseen: () => readonly string[];
  /** False: nothing is built or sent; what was sent is still followed. */
  readonly sendEnabled: boolean;
}

/** Desk is what the rounds of one sender share. */
export interface Desk extends SenderDeps {
  readonly sendings: Sendings;
  readonly patience: Patience;
}

/** Meeting is what the node said when it was asked last, after it was found to be the right one. */
export interface Meeting {
  readonly health: NodeHealth;
  readonly head: Head;
  /** The node knows less than the store has seen, or something else: nothing is built. */
  readonly behind: boolean;
  readonly signal: AbortSignal;
}

/** Held is why no payout may be built now; a person may have to act. */
export interface Held {
  readonly reason: string;
  /** True where it goes away by itself (a node that is catching up), false where a person must look. */
  readonly passing: boolean;
  /** What it says of the store; absent where the node does not know enough to say anything. */
  readonly ledger?: Exclude<LedgerView, "unseen">;
}

/**
 * LedgerView is what the Skycoin chain said of this store when it was asked last: nothing yet since the start, that the
 * wallet has never held anything, that they agree, or that somebody has spent from the wallet of whom the store
 * knows nothing: it may be an old copy.
 */
export type LedgerView = "unseen" | "empty" | "agrees" | "differs";
