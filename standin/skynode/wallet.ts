import { accept, refuse, type Result } from "#internal/fault";
import { type Droplet, droplet, hours } from "#internal/money";
import {
  type Address,
  addressText,
  type LedgerOutput,
  type Output,
  type Transaction,
  transactionHex,
  decodeTransactionHex,
  remainingHours,
  unsignedTransaction,
} from "#internal/skycoin";
import type { Role } from "./chain.ts";
import { hoursAt } from "./shapes.ts";
import type { World } from "./world.ts";

/** Payment is what a person who has the keys of a test wallet sends off. */
export interface Payment {
  readonly from: Role;
  readonly to: Address;
  readonly coins: Droplet;
  /** Hours for the receiver; none when absent. */
  readonly hours?: bigint;
  /** What must be spent; absent: the wallet's largest outputs. */
  readonly inputs?: readonly string[];
  /** One part in so many of the hours is burned: 2 when absent, which every node takes. */
  readonly burn?: bigint;
}

/**
 * buildPayment makes a signed transaction as another user of the same wallet would: what the
 * daemon knows of its wallet is then no longer all there is. Change goes to the owner of the
 * first input. It looks at the publisher's chain.
 */
export function buildPayment(world: World, payment: Payment): Result<Transaction, string> {
  const inputs = choose(world, payment);
  const coins = inputs.reduce((sum, output) => sum + output.coins, 0n);
  const [first] = inputs;
  if (first === undefined || coins < payment.coins) return refuse("balance is not sufficient");
  const headTime = world.chain.head().header.time;
  const all = inputs.reduce((sum, output) => sum + hoursAt(output, headTime), 0n);
  const left = all - all / (payment.burn ?? 2n) - 1n - (payment.hours ?? 0n);
  if (left < 0n) return refuse("hours are not sufficient");
  const paid: Output = { address: payment.to, coins: payment.coins, hours: hours(payment.hours ?? 0n) };
  const change: Output = {
    address: first.address,
    coins: droplet(coins - payment.coins),
    hours: hours(left),
  };
  const outputs = change.coins === 0n ? [paid] : [paid, change];
  return sign(
    world,
    inputs,
    unsignedTransaction(
      inputs.map(({ uxid }) => uxid),
      outputs,
    ),
  );
}

/**
 * buildIdle makes a transaction that changes nothing: the genesis wallet's largest output goes
 * back to it, and as many hours burn as the publisher asks for.
 */
export function buildIdle(world: World): Result<Transaction, string> {
  const { chain, publisher } = world;
  const [input] = chain.unspent(world.wallets.genesis.map(({ address }) => address)).toSorted(largestFirst);
  if (input === undefined) return refuse("the genesis wallet is empty");
  const all = hoursAt(input, chain.head().header.time);
  if (all < 2n) return refuse("the genesis wallet has no hours");
  const left = remainingHours(all, publisher.burnFactor);
  const output: Output = { address: input.address, coins: input.coins, hours: left };
  return sign(world, [input], unsignedTransaction([input.uxid], [output]));
}

const largestFirst = (a: LedgerOutput, b: LedgerOutput): number => (a.coins < b.coins ? 1 : -1);

function choose({ chain, wallets }: World, { from, coins, inputs }: Payment): readonly LedgerOutput[] {
  if (inputs !== undefined) return inputs.flatMap((uxid) => chain.output(uxid) ?? []);
  const owned = chain.unspent(wallets[from].map(({ address }) => address));
  const ordered = owned.toSorted(largestFirst);
  let sum = 0n;
  return ordered.filter((output) => {
    const wanted = sum < coins;
    if (wanted) sum += output.coins;
    return wanted;
  });
}

function sign(
  { signer }: World,
  inputs: readonly LedgerOutput[],
  tx: Transaction,
): Result<Transaction, string> {
  const owners = inputs.map(({ address }) => addressText(address));
  const signed = decodeTransactionHex(signer.sign(transactionHex(tx), owners).raw);
  return signed.ok ? accept(signed.value) : signed;
}
