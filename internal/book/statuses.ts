/**
 * The stored statuses and the only ways between them. Backward edges exist only with their
 * proof in the same commit: `waiting_confirm → waiting_send` when the payout is proved dead,
 * `done → waiting_confirm` when the block with the payout is gone. `waiting_send → done` is the
 * operator's: somebody else's transaction has paid it.
 */
export const moves = {
  waiting_decide: ["waiting_send", "waiting_passthrough", "done"],
  waiting_passthrough: ["waiting_passthrough_order_complete", "done"],
  waiting_passthrough_order_complete: ["waiting_send", "done"],
  waiting_send: ["waiting_confirm", "done"],
  waiting_confirm: ["done", "waiting_send"],
  done: ["waiting_confirm"],
} as const satisfies Record<string, readonly string[]>;

/** StoredStatus is a status that `deposit_info` can have. `waiting_deposit` is shown, never stored. */
export type StoredStatus = keyof typeof moves;

/** storedStatuses lists them in the order in which a deposit meets them. */
export const storedStatuses = Object.keys(moves) as readonly StoredStatus[];

/** mayMove tells whether the table has this edge. */
export function mayMove(from: StoredStatus, to: StoredStatus): boolean {
  return (moves[from] as readonly string[]).includes(to);
}
