import type { Clock } from "#internal/clock";

/** Waited is how long bytes have waited since this process first sent them. */
export interface Waited {
  readonly ms: number;
  readonly blocks: number;
}

/** Sendings remembers when this process first sent some bytes: what happened before its start is no waiting. */
export interface Sendings {
  /** waited notes the first time that it is asked for a txid, and tells how long ago that was. */
  waited(txid: string, head: { readonly seq: number }): Waited;
}

/** sendings remembers the newest bytes only: at most one payout is open. */
export function sendings(clock: Clock): Sendings {
  let first: { txid: string; at: number; seq: number } | undefined;
  return {
    waited(txid, head) {
      if (first?.txid !== txid) first = { txid, at: clock.mono(), seq: head.seq };
      return { ms: clock.mono() - first.at, blocks: head.seq - first.seq };
    },
  };
}
