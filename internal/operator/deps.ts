import type { Who } from "#internal/book";
import type { Clock } from "#internal/clock";
import type { Store } from "#internal/db";
import type { Result } from "#internal/fault";
import type { Logger } from "#internal/log";
import type { Node } from "#internal/skycoin";

/** OperatorDeps is what the commands need of the house. */
export interface OperatorDeps {
  readonly store: Store;
  readonly node: Node;
  /** Every address of the hot wallet. */
  readonly walletAddresses: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** rescan of the BTC scanner, where it runs. */
  readonly rescan: ((from: number) => Promise<Result<string, string>>) | undefined;
  /** unseen names the coins whose chains were not looked at again since the start: what they bring may be owed. */
  readonly unseen: () => readonly string[];
  /** changed is called after a command that may let payouts go on. */
  readonly changed: () => void;
}

/** Said is who gives a command, and why. */
export type Said = Omit<Who, "at">;

/** Operator carries out commands. Each gives a sentence on what was done, or on why it was not. */
export interface Operator {
  /** adopt takes the transaction that spent the anchor for a payout of ours. */
  adopt(txid: string, said: Said, signal: AbortSignal): Promise<Result<string, string>>;
  /**
   * foreign says that the transaction that spent the anchor is none of ours. Its change is the next anchor, so that
   * whatever was spent after it is asked about as well; without change it is the wallet's largest output.
   * Refused while it pays somebody who is owed SKY here, unless `although` names the address: what it pays there is not
   * for the deposits that wait.
   */
  foreign(
    txid: string,
    said: Said,
    signal: AbortSignal,
    although?: readonly string[],
  ): Promise<Result<string, string>>;
  /** paid settles a deposit by hand. */
  paid(deposit: string, txid: string, said: Said, signal: AbortSignal): Promise<Result<string, string>>;
  /** release lets a deposit go on that was held, or takes one that a reorg took back off the list until it is mined again. */
  release(deposit: string, said: Said): Promise<Result<string, string>>;
  rescan(from: number, said: Said): Promise<Result<string, string>>;
}

/** Desk is what every command works with. */
export interface Desk extends OperatorDeps {
  who(said: Said): Who;
  /** done tells what was done, in the log, and lets payouts go on. */
  done(text: string, said: Said): Result<string, string>;
}
