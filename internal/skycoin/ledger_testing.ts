/** Helpers for the tests of the ledger: the private chain's genesis, its keys, and signed spends. */
import { Broken } from "#internal/fault";
import { droplet, hours } from "#internal/money";
import { type Address, addressOf, addressText, parseAddress } from "./address.ts";
import { bytesOf, type Hash } from "./hash.ts";
import { publicKeyOf } from "./keys.ts";
import type { Genesis, LedgerOutput } from "./ledger_types.ts";
import { signerOf } from "./signer.ts";
import {
  decodeTransactionHex,
  type Transaction,
  transactionHex,
  unsignedTransaction,
} from "./transaction.ts";

/** The private chain of `chains/skycoin.md`. Public test keys: never of any value. */
export const keys = {
  genesis: bytesOf("3a86596a3da82c1e7114e4c6597e7c93f5d677194198f516e7ca47b31cb04d24"),
  hot: bytesOf("77aa1507b9d058967bfc0d82214f9752b8c4868d52ed540005eacd466ff9678e"),
  hot1: bytesOf("2495376edac9977fa97c2d67487d786088a9ff84e975f30185911bcaada75203"),
  customer: bytesOf("1256a237b31103bafcafe3acba287710f3b9bea3c1223bc5d9fbcb472a247c1a"),
};

const addressOfKey = (secret: Uint8Array): Address => addressOf(publicKeyOf(secret));

/** who names the addresses of these keys. */
export const who = {
  genesis: addressOfKey(keys.genesis),
  hot: addressOfKey(keys.hot),
  customer: addressOfKey(keys.customer),
};

/** genesis is that of the private chain. */
export const genesis: Genesis = {
  address: who.genesis,
  time: 1_700_000_000,
  coins: droplet(100_000_000_000_000n),
  hours: hours(100_000_000_000_000n),
};

const signer = signerOf(Object.values(keys));

/** Pay is an output to make. */
export type Pay = readonly [to: Address, coins: bigint, hours: bigint];

/** unsigned makes a transaction without signatures. */
export function unsigned(inputs: readonly Hash[], pays: readonly Pay[]): Transaction {
  return unsignedTransaction(
    inputs,
    pays.map(([address, coins, count]) => ({ address, coins: droplet(coins), hours: hours(count) })),
  );
}

/** spend makes a signed transaction. */
export function spend(inputs: readonly LedgerOutput[], pays: readonly Pay[]): Transaction {
  const tx = unsigned(
    inputs.map(({ uxid }) => uxid),
    pays,
  );
  const owners = inputs.map(({ address }) => addressText(address));
  return read(signer.sign(transactionHex(tx), owners).raw);
}

/** read reads a transaction that must be well formed. */
export function read(hex: string): Transaction {
  const tx = decodeTransactionHex(hex);
  if (!tx.ok) throw new Broken(tx.refusal);
  return tx.value;
}

/** address reads an address that must be well formed. */
export function address(text: string): Address {
  const read = parseAddress(text);
  if (!read.ok) throw new Broken(read.refusal);
  return read.value;
}
