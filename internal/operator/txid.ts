import { refuse, type Result } from "#internal/fault";

/** txidText is how a transaction is named. */
export const txidText = /^[0-9a-f]{64}$/;

/** notTxid refuses what is none. */
export function notTxid(text: string): Result<never, string> {
  return refuse(`${text.slice(0, 80)} is not a txid: 64 hex digits in small letters`);
}
