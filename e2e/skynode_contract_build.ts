import { type Clock, systemClock } from "#internal/clock";
import { Broken } from "#internal/fault";
import { droplet, hours } from "#internal/money";
import {
  addressText,
  decodeTransactionHex,
  type Node,
  outputIds,
  parseAddress,
  signerOf,
  transactionHex,
  type Unspent,
  unsignedTransaction,
  type Output,
} from "#internal/skycoin";
import { keysOf, roles } from "#skynode";

/** What both halves of the contract need: signed spends of the test wallets, and waiting for what a node does in its own time. */

/** Pay is an output to make: an address as base58, droplets, hours. */
export type Pay = readonly [to: string, coins: bigint, hours: bigint];

/** Built is a transaction, signed and unsigned. */
export interface Built {
  readonly unsigned: string;
  readonly raw: string;
  readonly txid: string;
  /** The uxids of its outputs. */
  readonly uxids: readonly string[];
}

/** Coin is an output to spend. */
export type Coin = Pick<Unspent, "uxid" | "address">;

/** outputsOf makes the outputs of a transaction. */
export function outputsOf(pays: readonly Pay[]): readonly Output[] {
  return pays.map(([to, coins, count]) => {
    const address = parseAddress(to);
    if (!address.ok) throw new Broken(`${to}: ${address.refusal}`);
    return { address: address.value, coins: droplet(coins), hours: hours(count) };
  });
}

/** build makes a transaction and signs it with the keys of the test wallets. */
export function build(coins: readonly Coin[], pays: readonly Pay[]): Built {
  const signer = signerOf(roles.flatMap((role) => keysOf(role).map(({ secret }) => secret)));
  const uxids = coins.map(({ uxid }) => uxid);
  const unsigned = transactionHex(unsignedTransaction(uxids, outputsOf(pays)));
  const owners = coins.map(({ address }) => address);
  const signed = signer.sign(unsigned, owners);
  const tx = decodeTransactionHex(signed.raw);
  if (!tx.ok) throw new Broken(tx.refusal);
  return { unsigned, ...signed, uxids: outputIds(tx.value) };
}

/** textOf gives the n-th address of a test wallet. */
export function textOf(role: (typeof roles)[number], n = 0): string {
  const key = keysOf(role)[n];
  if (key === undefined) throw new Broken(`no key ${n} in ${role}`);
  return addressText(key.address);
}

/** never is the signal of a caller that does not give up. */
export const never: AbortSignal = new AbortController().signal;

const pollMs = 100;

/** until asks again and again until an answer comes. Throws when it does not come in time. */
export async function until<T>(
  what: string,
  seconds: number,
  look: () => Promise<T | undefined>,
  clock: Clock = systemClock,
): Promise<T> {
  const end = clock.mono() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (clock.mono() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await clock.sleep(pollMs);
  }
}

/** confirmed waits until a transaction is in a block, and gives the block's sequence. A stock node makes one every ten seconds. */
export function confirmed(node: Node, txid: string): Promise<number> {
  return until(
    `the confirmation of ${txid}`,
    30,
    async () => (await node.transaction(txid, never))?.blockSeq,
  );
}

/** onlyUnspent gives the one unspent output of an address. */
export async function onlyUnspent(node: Node, address: string): Promise<Unspent> {
  const { unspent } = await node.outputs([address], never);
  const [output] = unspent;
  if (output === undefined || unspent.length !== 1)
    throw new Error(`${unspent.length} outputs of ${address}`);
  return output;
}
