/**
 * memchain: a coin whose chain is in memory. Dummy mode uses it in place of a node.
 *
 * Promise: each deposit is a block of its own; the same `tx:n` counts once; a chain that begins at
 * the store's cursor takes nothing back. Refuses nothing else: it has no rules of its own.
 */
import type { Block, BlockRef, ChainSource, SeenOutput, Watch } from "#internal/coin";
import { Fault } from "#internal/fault";
import type { CoinType } from "#internal/money";

/** MemoryDeposit is money to appear on the chain. */
export interface MemoryDeposit {
  readonly txid: string;
  readonly n: number;
  /** In the coin's smallest unit. */
  readonly value: bigint;
  /** What a scanner matches: for BTC the script of the address. */
  readonly script: Uint8Array;
  /** Only shown; the block's own height follows the chain. */
  readonly shownHeight: number;
}

/** MemoryChain is the chain and the door by which deposits come into it. */
export interface MemoryChain {
  readonly source: ChainSource;
  /** deposit makes a block; false when this `txid:n` has one already. */
  deposit(deposit: MemoryDeposit): boolean;
}

interface MemoryBlock extends BlockRef {
  readonly parent: string;
  readonly deposit: MemoryDeposit;
}

const blocksAtOnce = 500;
/** Blocks so far below the one from which somebody asked on last are forgotten: whoever asks has stored them. */
const keptBlocks = 1_000;
/** However few were asked for, at most twice so many are kept. */
const mostBlocks = 100_000;

function hashOf(parent: string, deposit: MemoryDeposit): string {
  const facts = `${parent}\n${deposit.txid}\n${deposit.n}\n${deposit.value}`;
  return new Bun.CryptoHasher("sha256").update(facts).digest("hex");
}

/** memoryChain makes a chain that begins at `base`: the store's cursor, or a first block of its own. */
export function memoryChain(coin: CoinType, base: BlockRef): MemoryChain {
  const blocks: MemoryBlock[] = [];
  const known = new Set<string>();
  let first = base.height + 1;
  const tip = (): BlockRef => blocks.at(-1) ?? base;
  const blockAt = (height: number) => blocks[height - first];
  const forget = (count: number): void => {
    first += blocks.splice(0, count).length;
  };
  const hashAt = (height: number) => (height === base.height ? base.hash : blockAt(height)?.hash);

  const outputsOf = (block: MemoryBlock, watch: Watch): SeenOutput[] => {
    const { txid, n, value, script, shownHeight } = block.deposit;
    const address = watch.addressOf(script);
    return address === undefined
      ? []
      : [{ txid, n, value, address, inputs: [], coinbase: false, shownHeight }];
  };

  const toBlock = (ref: BlockRef, watch: Watch): Block => {
    const block = blockAt(ref.height);
    if (block?.hash !== ref.hash)
      throw new Fault("memchain.blocks", "retry", `no block ${ref.height} ${ref.hash}`);
    return { height: block.height, hash: block.hash, parent: block.parent, outputs: outputsOf(block, watch) };
  };

  const source: ChainSource = {
    coin,
    check: async () => {},
    tip: async () => tip(),
    hashesAt: async (heights) => {
      const hashes = heights.map(hashAt);
      const old = Math.min(...heights) - keptBlocks - first;
      // Not one at a time: what is left moves forward each time.
      if (old > keptBlocks && Number.isFinite(old)) forget(old);
      return hashes;
    },
    blocks: async (refs, watch) => refs.slice(0, blocksAtOnce).map((ref) => toBlock(ref, watch)),
  };

  return {
    source,
    deposit(deposit) {
      const id = `${deposit.txid}:${deposit.n}`;
      if (known.has(id)) return false;
      known.add(id);
      const parent = tip();
      blocks.push({
        height: parent.height + 1,
        hash: hashOf(parent.hash, deposit),
        parent: parent.hash,
        deposit,
      });
      if (blocks.length > 2 * mostBlocks) forget(mostBlocks);
      return true;
    },
  };
}
