import type { Anchor, PayoutOutput } from "#internal/book";
import { Fault, invariant } from "#internal/fault";
import { type Droplet, droplet, type Hours, hours } from "#internal/money";
import {
  type NodeHealth,
  type Output,
  outputIds,
  parseAddress,
  remainingHours,
  requiredFee,
  type Transaction,
  transactionHex,
  transactionSize,
  type Unspent,
  unsignedTransaction,
} from "#internal/skycoin";

/** Purse is what the wallet may spend now, the anchor first. */
export interface Purse {
  readonly anchor: Unspent;
  /** Other outputs, largest first, as many as a payout may have inputs beside the anchor. */
  readonly others: readonly Unspent[];
  /** Droplets in outputs beyond those. */
  readonly beyond: bigint;
}

/** Draft is a payout that is built and not signed. */
export interface Draft {
  readonly inputs: readonly Unspent[];
  readonly outputs: readonly PayoutOutput[];
  readonly change: { readonly address: string; readonly coins: Droplet; readonly hours: Hours };
  readonly transaction: Transaction;
  readonly unsignedHex: string;
  /** Coin hours that are burned. */
  readonly fee: bigint;
}

/** A payout is at most so large, and never above half of what the node takes: a large one waits long (`money-path` rule 10). */
const payoutBytes = 16_000;
/** A payout always leaves that much change, so that there is always an anchor: 0.001 SKY. */
export const leastChange = droplet(1000n);
/** So many inputs at most; where more would be needed, small ones are put together first. */
const inputsAtOnce = 100;
/** With at least so many hours left for change, half of all hours are burned: that satisfies every burn factor. */
const plentyOfHours = 10_000n;
/** Below so many hours left for change, payouts become rarer and the operator is told. */
export const fewHours = 100n;

/** sizeLimit is the largest payout in bytes that this node's rules leave room for. */
export function sizeLimit(health: NodeHealth): number {
  return Math.min(payoutBytes, Math.floor(health.maxTransactionSize / 2));
}

/** inputLimit is how many inputs a payout may have: never more than half of its bytes. */
export function inputLimit(health: NodeHealth): number {
  const one = transactionSize(1, 0) - transactionSize(0, 0);
  return Math.max(2, Math.min(inputsAtOnce, Math.floor(sizeLimit(health) / 2 / one)));
}

/** outputRoom tells how many customers fit into a payout with so many inputs, beside the change. */
export function outputRoom(health: NodeHealth, inputs: number): number {
  const left = sizeLimit(health) - transactionSize(inputs, 1);
  return Math.max(0, Math.floor(left / (transactionSize(0, 1) - transactionSize(0, 0))));
}

/** inputRoom tells how many more inputs a payout with so many inputs and customers may get. */
export function inputRoom(health: NodeHealth, inputs: number, customers: number): number {
  const one = transactionSize(1, 0) - transactionSize(0, 0);
  const bySize = Math.floor((sizeLimit(health) - transactionSize(inputs, customers + 1)) / one);
  return Math.max(0, Math.min(bySize, inputLimit(health) - inputs));
}

const sumOf = (list: readonly { readonly coins: bigint }[]) => list.reduce((sum, one) => sum + one.coins, 0n);
const hoursOf = (list: readonly Unspent[]) => list.reduce((sum, one) => sum + one.hours, 0n);

/** reach is what a payout can spend at most, change left over. */
export function reach(purse: Purse): bigint {
  return sumOf([purse.anchor, ...purse.others]) - leastChange;
}

/** balanceOf is all that the wallet holds, spendable now. */
export function balanceOf(purse: Purse): bigint {
  return sumOf([purse.anchor, ...purse.others]) + purse.beyond;
}

/** chooseInputs takes the anchor and as many others, largest first, as the coins need; then what brings hours, if they are few. */
function chooseInputs(purse: Purse, coins: bigint): Unspent[] {
  const inputs = [purse.anchor];
  const others = [...purse.others];
  let sum: bigint = purse.anchor.coins;
  while (sum < coins + leastChange) {
    const next = others.shift();
    if (next === undefined) break;
    inputs.push(next);
    sum += next.coins;
  }
  const rich = others.filter((one) => one.hours > 0n).sort((a, b) => (a.hours < b.hours ? 1 : -1));
  while (hoursOf(inputs) < plentyOfHours) {
    const next = rich.shift();
    if (next === undefined) break;
    inputs.push(next);
  }
  return inputs;
}

/** shareHours says what is burned, what each customer gets (1 or 0), and what the change keeps. */
function shareHours(
  inputHours: bigint,
  customers: number,
  burnFactor: bigint,
): { each: Hours; change: Hours } {
  const least = requiredFee(inputHours, burnFactor);
  const half = (inputHours + 1n) / 2n;
  const count = BigInt(customers);
  const generous = inputHours - half >= plentyOfHours + count && half >= least;
  return spread(generous ? inputHours - half : remainingHours(inputHours, burnFactor), customers);
}

/** spread gives each customer an hour if enough are left, and the change all others. */
function spread(rest: bigint, customers: number): { each: Hours; change: Hours } {
  const count = BigInt(customers);
  const each = rest >= count + fewHours ? 1n : 0n;
  return { each: hours(each), change: hours(rest - each * count) };
}

function outputTo(address: string, coins: Droplet, ownHours: Hours): Output {
  const parsed = parseAddress(address);
  if (!parsed.ok) throw new Fault("sender.build", "stop", `${address}: ${parsed.refusal}`);
  return { address: parsed.value, coins, hours: ownHours };
}

/** Order is what a payout is to pay, and to which address of the wallet its change goes. */
export interface Order {
  readonly outputs: readonly PayoutOutput[];
  readonly changeAddress: string;
  readonly health: NodeHealth;
}

/** buildPayout makes the unsigned transaction of a payout; with no outputs it is a consolidation of the purse. */
export function buildPayout(purse: Purse, order: Order): Draft {
  const inputs =
    order.outputs.length > 0 ? chooseInputs(purse, sumOf(order.outputs)) : [purse.anchor, ...purse.others];
  return assemble(inputs, order, shareHours(hoursOf(inputs), order.outputs.length, order.health.burnFactor));
}

/**
 * buildReplacement makes another attempt at a payout: these inputs, the anchor first, the same outputs,
 * and more fee than before: twice as much, or half of what is left, and never less than half of all.
 * Gives undefined when the inputs have no hours left to burn, or not the coins.
 */
export function buildReplacement(
  inputs: readonly Unspent[],
  order: Order,
  feeBefore: bigint,
): Draft | undefined {
  const has = hoursOf(inputs);
  const halfOfRest = (has - feeBefore + 1n) / 2n;
  const raised = feeBefore + (feeBefore < halfOfRest ? feeBefore : halfOfRest);
  const half = (has + 1n) / 2n;
  const fee = raised > half ? raised : half;
  const enough = has > feeBefore && fee > feeBefore && fee >= requiredFee(has, order.health.burnFactor);
  if (!enough || sumOf(inputs) < sumOf(order.outputs) + leastChange) return undefined;
  return assemble(inputs, order, spread(has - fee, order.outputs.length));
}

function assemble(inputs: readonly Unspent[], order: Order, share: { each: Hours; change: Hours }): Draft {
  const rest = sumOf(inputs) - sumOf(order.outputs);
  invariant(rest >= leastChange, "sender: a payout must leave change");
  const change = { address: order.changeAddress, coins: droplet(rest), hours: share.change };
  const outputs = order.outputs.map(({ address, coins }) => outputTo(address, coins, share.each));
  const all = [...outputs, outputTo(change.address, change.coins, change.hours)];
  const uxids = inputs.map((input) => input.uxid);
  const transaction = unsignedTransaction(uxids, all);
  const fee = hoursOf(inputs) - all.reduce((sum, output) => sum + output.hours, 0n);
  return {
    inputs,
    outputs: order.outputs,
    change,
    transaction,
    unsignedHex: transactionHex(transaction),
    fee,
  };
}

/** changeOf gives the change output of a signed payout, which is the next anchor. */
export function changeOf(draft: Draft, signed: Transaction): Omit<Anchor, "payout"> {
  const uxid = outputIds(signed).at(-1);
  invariant(uxid !== undefined, "sender: a payout has outputs");
  return { uxid, address: draft.change.address, coins: draft.change.coins };
}
