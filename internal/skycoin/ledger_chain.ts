import { accept, Broken, invariant, refuse, type Result } from "#internal/fault";
import type { Address } from "./address.ts";
import { type BlockHeader, blockHash, merkleRoot } from "./block.ts";
import { bytesOf, type Hash, hexOf, nullHash } from "./hash.ts";
import type { Confirmed, Genesis, LedgerBlock, LedgerOptions, LedgerOutput } from "./ledger_types.ts";
import { decodeTransaction, encodeTransaction, sizeOf, type Transaction, txidOf } from "./transaction.ts";
import { snapshotHash, type UxOutput, uxidOf } from "./uxout.ts";

/** Chain is the confirmed part of a ledger. What its maps hold is replaced, never changed, lists of uxids excepted. */
export interface Chain {
  readonly options: LedgerOptions;
  head: LedgerBlock;
  /** By sequence, for ever. */
  readonly hashes: Map<number, Hash>;
  /** The blocks that are remembered whole, by sequence, and their sequences by hash. */
  readonly blocks: Map<number, LedgerBlock>;
  readonly seqs: Map<Hash, number>;
  readonly transactions: Map<Hash, Confirmed>;
  readonly outputs: Map<Hash, LedgerOutput>;
  /** Uxids of the outputs of an address, oldest first, spent ones included. */
  readonly byAddress: Map<Address, Hash[]>;
  unspents: number;
  /** Exclusive or of the snapshot hashes of all unspent outputs. */
  uxHash: Uint8Array;
}

/** Body is what goes into the next block. */
export interface Body {
  readonly time: number;
  readonly fee: bigint;
  readonly txs: readonly Transaction[];
}

/** genesisTransaction is the one transaction without inputs, length and inner hash. Source: `spec/skycoin.md` §12. */
export function genesisTransaction({ address, coins, hours }: Genesis): Transaction {
  return {
    length: 0,
    type: 0,
    innerHash: nullHash,
    signatures: [],
    inputs: [],
    outputs: [{ address, coins, hours }],
  };
}

/** beginChain makes a chain that has its genesis block and nothing else. */
export function beginChain(genesis: Genesis, options: LedgerOptions): Chain {
  const tx = genesisTransaction(genesis);
  const body: Body = { time: genesis.time, fee: 0n, txs: [tx] };
  const block = buildBlock(undefined, nullHash, body);
  const chain = emptyChain(block, options);
  record(chain, block, body.txs);
  return chain;
}

/** emptyChain knows a head and nothing below it. */
export function emptyChain(head: LedgerBlock, options: LedgerOptions): Chain {
  return {
    options,
    head,
    hashes: new Map(),
    blocks: new Map(),
    seqs: new Map(),
    transactions: new Map(),
    outputs: new Map(),
    byAddress: new Map(),
    unspents: 0,
    uxHash: new Uint8Array(32),
  };
}

/** copyChain gives an independent chain in the same state. It costs a step for every output that is kept. */
export function copyChain(chain: Chain): Chain {
  return {
    ...chain,
    hashes: new Map(chain.hashes),
    blocks: new Map(chain.blocks),
    seqs: new Map(chain.seqs),
    transactions: new Map(chain.transactions),
    outputs: new Map(chain.outputs),
    byAddress: new Map(Array.from(chain.byAddress, ([address, uxids]) => [address, [...uxids]])),
  };
}

/** appendBlock puts transactions into a block on top of the head. Whoever calls has checked them. */
export function appendBlock(chain: Chain, body: Body): LedgerBlock {
  invariant(body.time > chain.head.time, "skycoin: block times must increase");
  const block = buildBlock(chain.head, hexOf(chain.uxHash), body);
  record(chain, block, body.txs);
  return block;
}

function buildBlock(parent: LedgerBlock | undefined, uxHash: Hash, body: Body): LedgerBlock {
  const txids = body.txs.map(txidOf);
  const seq = parent === undefined ? 0 : parent.seq + 1;
  const header: BlockHeader = {
    version: 0,
    time: BigInt(body.time),
    seq: BigInt(seq),
    fee: body.fee,
    parent: parent?.hash ?? nullHash,
    bodyHash: merkleRoot(txids),
    uxHash,
  };
  const size = body.txs.reduce((sum, tx) => sum + sizeOf(tx), 0);
  return { seq, hash: blockHash(header), time: body.time, header, txids, size };
}

function record(chain: Chain, block: LedgerBlock, txs: readonly Transaction[]): void {
  chain.uxHash = chain.uxHash.slice();
  for (const [i, tx] of txs.entries()) {
    const txid = block.txids[i] ?? nullHash;
    for (const uxid of tx.inputs) spend(chain, uxid, { txid, blockSeq: block.seq });
    const srcTx = block.seq === 0 ? nullHash : txid;
    for (const output of tx.outputs) {
      addOutput(chain, { ...output, srcTx, time: block.header.time, blockSeq: block.header.seq });
    }
    chain.transactions.set(txid, { txid, raw: encodeTransaction(tx), blockSeq: block.seq });
  }
  setHead(chain, block);
  const { history } = chain.options;
  if (history !== undefined) forgetBlock(chain, block.seq - history);
}

/** setHead makes a block the head, and remembers it. */
export function setHead(chain: Chain, block: LedgerBlock): void {
  chain.head = block;
  chain.hashes.set(block.seq, block.hash);
  chain.blocks.set(block.seq, block);
  chain.seqs.set(block.hash, block.seq);
}

function spend(chain: Chain, uxid: Hash, spent: NonNullable<LedgerOutput["spent"]>): void {
  const output = chain.outputs.get(uxid);
  invariant(output !== undefined && output.spent === undefined, `skycoin: ${uxid} is not unspent`);
  chain.outputs.set(uxid, { ...output, spent });
  chain.unspents -= 1;
  xorInto(chain.uxHash, snapshotHash(output));
}

/** addOutput adds an unspent output. `uxid` is given where it cannot be computed from what is known. */
export function addOutput(chain: Chain, output: UxOutput, uxid?: Hash): void {
  chain.unspents += 1;
  xorInto(chain.uxHash, snapshotHash(output));
  if (chain.options.keep?.has(output.address) === false) return;
  const name = uxid ?? uxidOf(output.srcTx, output);
  chain.outputs.set(name, { ...output, uxid: name, spent: undefined });
  const uxids = chain.byAddress.get(output.address);
  if (uxids === undefined) chain.byAddress.set(output.address, [name]);
  else uxids.push(name);
}

function xorInto(bytes: Uint8Array, hash: Hash): void {
  for (const [i, byte] of bytesOf(hash).entries()) bytes[i] = (bytes[i] ?? 0) ^ byte;
}

/** forgetBlock drops a block's transactions, and the outputs that they spent; its hash stays. */
function forgetBlock(chain: Chain, seq: number): void {
  const block = chain.blocks.get(seq);
  if (block === undefined) return;
  for (const txid of block.txids) {
    const confirmed = chain.transactions.get(txid);
    if (confirmed !== undefined)
      for (const uxid of readTransaction(confirmed).inputs) forgetOutput(chain, uxid);
    chain.transactions.delete(txid);
  }
  chain.blocks.delete(seq);
  chain.seqs.delete(block.hash);
}

function forgetOutput(chain: Chain, uxid: Hash): void {
  const output = chain.outputs.get(uxid);
  if (output === undefined) return;
  chain.outputs.delete(uxid);
  const uxids = chain.byAddress.get(output.address) ?? [];
  const at = uxids.indexOf(uxid);
  if (at >= 0) uxids.splice(at, 1);
  if (uxids.length === 0) chain.byAddress.delete(output.address);
}

/** readTransaction gives the read form of a confirmed transaction. */
export function readTransaction(confirmed: Confirmed): Transaction {
  const tx = decodeTransaction(confirmed.raw);
  if (!tx.ok) throw new Broken(`skycoin: a stored transaction cannot be read: ${tx.refusal}`);
  return tx.value;
}

/** unspentOutput looks up an output that can be spent now. */
export function unspentOutput(chain: Chain, uxid: Hash): LedgerOutput | undefined {
  const output = chain.outputs.get(uxid);
  return output?.spent === undefined ? output : undefined;
}

/** spentBy gives the outputs that transactions spend; refused, with the node's words, when one is not unspent. */
export function spentBy(chain: Chain, txs: readonly Transaction[]): Result<readonly LedgerOutput[], string> {
  const outputs: LedgerOutput[] = [];
  for (const uxid of txs.flatMap((tx) => tx.inputs)) {
    const output = unspentOutput(chain, uxid);
    if (output === undefined) return refuse(`unspent output of ${uxid} does not exist`);
    outputs.push(output);
  }
  return accept(outputs);
}
