import type { Block, BlockRef, ChainSource, Watch } from "#internal/coin";
import { Fault } from "#internal/fault";

/** Reach is what is needed to read from a chain. */
export interface Reach {
  readonly source: ChainSource;
  readonly watch: Watch;
  readonly signal: AbortSignal;
}

const hashesAtOnce = 500;

/** refsUpTo asks for the main-chain hashes of the heights after `from`, at most so many, up to `to`. */
async function refsUpTo(reach: Reach, from: BlockRef, to: number): Promise<BlockRef[]> {
  const count = Math.min(to - from.height, hashesAtOnce);
  const heights = Array.from({ length: count }, (_, i) => from.height + 1 + i);
  const hashes = await reach.source.hashesAt(heights, reach.signal);
  const refs: BlockRef[] = [];
  for (const [i, height] of heights.entries()) {
    const hash = hashes[i];
    if (hash === undefined) break;
    refs.push({ height, hash });
  }
  return refs;
}

/** linked refuses blocks of which one does not name the one before it as its parent. */
function linked(from: BlockRef, blocks: readonly Block[]): readonly Block[] {
  let before = from;
  for (const block of blocks) {
    if (block.parent !== before.hash || block.height !== before.height + 1) {
      const message = `block ${block.height} ${block.hash} does not follow ${before.hash}; the chain changed while it was read`;
      throw new Fault("scanner.read", "retry", message);
    }
    before = block;
  }
  return blocks;
}

/**
 * readAfter reads the blocks after `from` in order, each linked to the one before it, up to height
 * `to`. It reads ahead: while the caller stores one chunk, the next is on its way.
 * Throws a `Fault` (`retry`) when the node cannot give a block or its chain changed meanwhile.
 */
export async function* readAfter(reach: Reach, from: BlockRef, to: number): AsyncGenerator<readonly Block[]> {
  let refs: BlockRef[] = [];
  let asked = from;
  let before = from;
  const fetchNext = async (): Promise<readonly Block[]> => {
    if (refs.length === 0 && asked.height < to) {
      refs = await refsUpTo(reach, asked, to);
      asked = refs.at(-1) ?? asked;
    }
    if (refs.length === 0) return [];
    const blocks = await reach.source.blocks(refs, reach.watch, reach.signal);
    refs = refs.slice(blocks.length);
    return blocks;
  };
  let coming = settle(fetchNext());
  for (;;) {
    const blocks = linked(before, take(await coming));
    const last = blocks.at(-1);
    if (last === undefined) return;
    before = last;
    coming = settle(fetchNext());
    yield blocks;
  }
}

type Settled<T> = { readonly value: T } | { readonly error: unknown };

/** A chunk on its way may fail while nobody waits for it yet: its error is kept until somebody does. */
async function settle<T>(promise: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}

function take<T>(settled: Settled<T>): T {
  if ("error" in settled) throw settled.error;
  return settled.value;
}

/**
 * findFork walks down from `cursor` to the highest block that the node's main chain and our headers
 * share; `ours` gives our header at a height, or undefined below the window.
 */
export async function findFork(
  reach: Reach,
  cursor: BlockRef,
  ours: (height: number) => string | undefined,
): Promise<BlockRef | undefined> {
  const step = 100;
  for (let top = cursor.height - 1; top >= 0; top -= step) {
    const heights = Array.from({ length: Math.min(step, top + 1) }, (_, i) => top - i);
    const hashes = await reach.source.hashesAt(heights, reach.signal);
    for (const [i, height] of heights.entries()) {
      const own = ours(height);
      if (own === undefined) return undefined;
      if (own === hashes[i]) return { height, hash: own };
    }
  }
  return undefined;
}
