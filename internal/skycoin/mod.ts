/**
 * skycoin: the Skycoin protocol as teller needs it: addresses, transactions, the node's rules,
 * wallets and one client of a node.
 *
 * Promise: bytes, hashes and refusals are those of a stock node (v0.27.1); amounts are exact;
 * private keys stay inside a `Signer` and never print. See README.md.
 */
// Hashes and hex.
export {
  addHashes,
  bytesOf,
  type Hash,
  hexOf,
  isHash,
  largestU64,
  nullHash,
  parseHex,
  xorHashes,
} from "./hash.ts";
// Addresses.
export {
  type Address,
  addressOf,
  addressText,
  isNullAddress,
  nullAddress,
  parseAddress,
} from "./address.ts";
// Outputs and their coin hours.
export { coinHours, hoursOverflow, type Output, snapshotHash, type UxOutput, uxidOf } from "./uxout.ts";
// Transactions.
export {
  decodeTransaction,
  decodeTransactionHex,
  encodeTransaction,
  hashToSign,
  innerHash,
  isFullySigned,
  nullSignature,
  outputIds,
  type Signature,
  sizeOf,
  type Transaction,
  transactionHex,
  transactionSize,
  txidOf,
  unsignedTransaction,
  withSignatures,
} from "./transaction.ts";
// Blocks.
export { blockHash, type BlockHeader, encodeHeader, merkleRoot } from "./block.ts";
// Amounts as text.
export { dropletDecimals, formatDroplets, parseDroplets, precisionUnit } from "./droplets.ts";
// A node's rules.
export {
  type Case,
  checks,
  findSpends,
  remainingHours,
  requiredFee,
  type Rules,
  type Spend,
  validate,
  type Violation,
} from "./validate.ts";
// The choice of inputs.
export { type Candidate, chooseInputs, largestFirst, type Target } from "./choose.ts";
// Keys; everything here handles secrets in the open.
export { generateKeys, type GeneratedKeys, isSecretKey, publicKeyOf } from "./keys.ts";
export { bitcoinAddressOf, wifOf } from "./bitcoin_address.ts";
// Signatures.
export { recoverKey, signerAddress, signHash } from "./signature.ts";
// Wallets: the signer hides what it knows.
export { signerOf } from "./signer.ts";
export { openWallet } from "./wallet.ts";
// The node, as its readers see it, and its client.
export type * from "./node.ts";
// Proof that an output is spent.
export { reallySpends } from "./evidence.ts";
export { nodeOver, restNode, type RestNodeOptions } from "./rest.ts";
// A ledger in memory: the chain of dummy mode and of the stand-in node.
export { newLedger } from "./ledger.ts";
export { genesisTransaction, readTransaction } from "./ledger_chain.ts";
export {
  type Broadcast,
  type DummyLedger,
  dummyLedger,
  type DummyOptions,
  type DummyRestore,
  dummySigner,
} from "./ledger_dummy.ts";
export { memoryNode, type MemoryNodeOptions } from "./ledger_node.ts";
export {
  type Confirmed,
  type Genesis,
  type Ledger,
  type LedgerBlock,
  type LedgerOptions,
  type LedgerOutput,
  type Manner,
  type Pending,
  type PublisherRules,
  type Snapshot,
  stockRules,
} from "./ledger_types.ts";
