/** Row is one way in which a node can be faulty, and what teller does and says then. */
export interface Row {
  readonly id: string;
  readonly node: "btcd" | "skycoin";
  readonly what: string;
  readonly does: string;
  /** What `/api/health` says of this node while it lasts: `scanners.BTC.error` or `exchange.sender_error`. Empty where it heals unseen. */
  readonly health: RegExp | "";
  /** Where a person is told: a line with `notice=WATCH`. */
  readonly watch?: true;
  /** What the log says besides, where it matters. */
  readonly log?: RegExp;
  /** The row, right after this one, that lasts over this one: both take long, and neither minds the other. */
  readonly within?: string;
}

/** waits is what teller does where a node gives nothing. */
export const waits = "takes nothing in, asks again every period";
/** believes is what teller does where a node gives something false. */
export const believes = "believes nothing of it, asks again every period";
