/**
 * teller: what people ask for: bind, status, health, accounting. It knows the book and the
 * workers' observations, and nothing of HTTP.
 */
import type { Result } from "#internal/fault";
import type { CoinType } from "#internal/money";
import type {
  AccountingAnswer,
  AddressesAnswer,
  BindRefusal,
  Bound,
  ConfigAnswer,
  DepositRow,
  HealthAnswer,
  StatusRow,
} from "./types.ts";

export { type TellerDeps, type TellerSettings, teller } from "./teller.ts";
export type * from "./types.ts";

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
