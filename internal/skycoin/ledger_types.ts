import type { Result } from "#internal/fault";
import type { Droplet, Hours } from "#internal/money";
import type { Address } from "./address.ts";
import type { BlockHeader } from "./block.ts";
import type { Hash } from "./hash.ts";
import type { Rules, Violation } from "./validate.ts";
import type { Transaction } from "./transaction.ts";
import type { UxOutput } from "./uxout.ts";

/** Genesis is where a chain begins: one output that holds every coin there will ever be. */
export interface Genesis {
  readonly address: Address;
  /** In unix seconds. */
  readonly time: number;
  readonly coins: Droplet;
  readonly hours: Hours;
}

/** LedgerOutput is an output with its history. */
export interface LedgerOutput extends UxOutput {
  readonly uxid: Hash;
  /** The confirmed transaction that spent it; a pending spend does not show. */
  readonly spent: { readonly txid: Hash; readonly blockSeq: number } | undefined;
}

/** LedgerBlock is one block of the chain. */
export interface LedgerBlock {
  readonly seq: number;
  readonly hash: Hash;
  /** In unix seconds. */
  readonly time: number;
  readonly header: BlockHeader;
  readonly txids: readonly Hash[];
  /** Sum of the sizes of its transactions, in bytes. */
  readonly size: number;
}

/** Confirmed is a transaction in a block. */
export interface Confirmed {
  readonly txid: Hash;
  /** Its bytes; they take a tenth of the room of the read form. */
  readonly raw: Uint8Array;
  readonly blockSeq: number;
}

/** PublisherRules are what the node that makes the blocks keeps to. They may differ from the answering node's. */
export interface PublisherRules extends Rules {
  /** Largest sum of the sizes of a block's transactions, in bytes. */
  readonly maxBlockSize: number;
}

/** stockRules are the rules of a stock node (v0.26 and later), as publisher and as answering node. */
export const stockRules: PublisherRules = {
  burnFactor: 10n,
  maxSize: 32_768,
  maxDecimals: 3,
  maxBlockSize: 32_768,
};

/** Pending is a transaction in the pool. Its times are in milliseconds since 1970. */
export interface Pending {
  readonly txid: Hash;
  readonly tx: Transaction;
  /** In bytes. */
  readonly size: number;
  /** When it last came in. */
  readonly received: number;
  /** When it was last judged, and whether it kept all rules then. */
  readonly checked: number;
  readonly valid: boolean;
}

/** Snapshot is a ledger at one moment, pool included. It never changes. */
export interface Snapshot {
  readonly seq: number;
  readonly hash: Hash;
  /** open gives a new ledger in this state, as a node has that was set back to an older copy. */
  open(): Ledger;
}

/** LedgerOptions bound what a ledger keeps. Block hashes, hours and fees are exact in any case. */
export interface LedgerOptions {
  /**
   * Only outputs of these addresses are kept, so that only they can be looked up and spent.
   * Absent: all are, at about half a kilobyte each.
   */
  readonly keep?: ReadonlySet<Address>;
  /**
   * How many of the newest blocks keep their transactions and the outputs that they spent; of
   * an older one the hash stays. Absent: all.
   */
  readonly history?: number;
}

/** Ledger is a Skycoin chain in memory: blocks, outputs with their history, and the pool. */
export interface Ledger {
  head(): LedgerBlock;
  /** blockHash answers for every block that there was, also where `block` has forgotten it. */
  blockHash(seq: number): Hash | undefined;
  block(seq: number): LedgerBlock | undefined;
  /** seqOf gives the sequence of the block with this hash. */
  seqOf(hash: Hash): number | undefined;
  /** unspentCount counts all unspent outputs, kept or not. */
  unspentCount(): number;
  output(uxid: Hash): LedgerOutput | undefined;
  /** unspent lists the confirmed unspent outputs of these addresses, or of all, in no certain order. */
  unspent(addresses?: Iterable<Address>): readonly LedgerOutput[];
  /** history lists spent and unspent outputs of an address, oldest first. */
  history(address: Address): readonly LedgerOutput[];
  confirmed(txid: Hash): Confirmed | undefined;
  /** allConfirmed lists the transactions in blocks, oldest block first. */
  allConfirmed(): readonly Confirmed[];
  pending(txid: Hash): Pending | undefined;
  /** pool lists pending transactions by txid. */
  pool(): readonly Pending[];
  /**
   * outgoing lists the outputs that pending transactions would spend, twice where two of them
   * do. Refused while a pending transaction's input is gone: a node fails then.
   */
  outgoing(): Result<readonly LedgerOutput[], string>;
  /**
   * incoming lists the outputs that pending transactions would make. While the head is genesis
   * they carry the null source and so a wrong uxid, as on a node.
   */
  incoming(): readonly LedgerOutput[];
  /** check judges a transaction by all rules for what a user hands in, and keeps nothing. */
  check(tx: Transaction, rules: Rules, manner: Manner): Result<void, Violation>;
  /** inject takes a user's transaction into the pool if it keeps all rules. `now` in milliseconds. */
  inject(tx: Transaction, rules: Rules, now: number): Result<Hash, Violation>;
  /** relay takes another node's transaction into the pool if it keeps the hard rules. */
  relay(tx: Transaction, rules: Rules, now: number): Result<Hash, Violation>;
  /** forget takes a pending transaction out of the pool, as a node does whose broadcast failed. */
  forget(txid: Hash): void;
  /**
   * makeBlock puts pending transactions that keep the publisher's rules into a block: most fee a
   * kilobyte first, then by txid, up to the first that does not fit; of two that spend the same
   * output the first. `only` leaves all others in the pool. Undefined when there is none for a
   * block. `now` in milliseconds; a block is later than its parent in any case.
   */
  makeBlock(publisher: PublisherRules, now: number, only?: Hash): LedgerBlock | undefined;
  /** refresh judges the pool again and marks what does not keep the rules. */
  refresh(rules: Rules, now: number): void;
  /** dropInvalid takes out of the pool what can never confirm, and names it. */
  dropInvalid(): readonly Hash[];
  /** follow takes the blocks that another ledger has above this head; refused when the chains differ. */
  follow(other: Ledger): Result<number, string>;
  snapshot(): Snapshot;
}

/** Manner says how a transaction is judged: signed or not yet, and in the order of which endpoint. */
export interface Manner {
  readonly form: "signed" | "unsigned";
  readonly order: "inject" | "verify";
}
