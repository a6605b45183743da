import type { DepositInfo } from "#internal/book";
import { type Droplet, droplet } from "#internal/money";

/** Wish is what one deposit is owed. */
export interface Wish {
  readonly id: string;
  readonly address: string;
  readonly coins: bigint;
}

/** Room is what a payout has room for. */
export interface Room {
  /** Droplets that may go out; change is not counted. */
  readonly coins: bigint;
  /** Outputs to customers. */
  readonly outputs: number;
  /** The deposit that nobody younger overtakes, should it be too large for the balance. */
  readonly overdue?: string | undefined;
}

/** Plan is the deposits of one payout. */
export interface Plan {
  readonly wishes: readonly Wish[];
  /** One output an address: equal deposits of one customer would be refused as duplicates. */
  readonly outputs: readonly { readonly address: string; readonly coins: Droplet }[];
  /** The oldest deposit that the balance is too small for. */
  readonly tooLarge: Wish | undefined;
}

/** So many deposits share one payout at most, however few outputs they need: it bounds the commit. */
const depositsAtOnce = 2000;

/** wishOf is what the sender needs of a deposit's row. */
export function wishOf(info: DepositInfo): Wish {
  return { id: info.deposit_id, address: info.sky_address, coins: info.sky_owed };
}

/**
 * planPayout takes deposits, oldest first, as far as there is room. One that is too large for what is
 * left of the balance is passed over, but not for ever: once it is overdue those behind it wait as well.
 */
export function planPayout(due: Iterable<Wish>, room: Room): Plan {
  const sums = new Map<string, bigint>();
  const wishes: Wish[] = [];
  let left = room.coins;
  let tooLarge: Wish | undefined;
  let looked = 0;
  for (const wish of due) {
    looked += 1;
    if (looked > depositsAtOnce) break;
    if (wish.coins > left) {
      tooLarge ??= wish;
      if (wish.id === room.overdue) break;
      continue;
    }
    const sum = sums.get(wish.address);
    if (sum === undefined && sums.size >= room.outputs) break;
    sums.set(wish.address, (sum ?? 0n) + wish.coins);
    wishes.push(wish);
    left -= wish.coins;
  }
  const outputs = Array.from(sums, ([address, coins]) => ({ address, coins: droplet(coins) }));
  return { wishes, outputs, tooLarge };
}
