import type { Block, BlockRef, ChainSource, SeenOutput, Watch } from "#internal/coin";
import { Fault } from "#internal/fault";

/** SimPayment is money in a simulated block. */
export interface SimPayment {
  readonly txid: string;
  readonly n: number;
  readonly value: bigint;
  readonly address: string;
  readonly inputs: readonly string[];
}

/** SimBlock is a block of the simulated chain. */
export interface SimBlock extends BlockRef {
  readonly parent: string;
  readonly payments: readonly SimPayment[];
}

/** SimEvent is what happens to a simulated chain while a scanner reads it. */
export interface SimEvent {
  /** So many more calls are answered before it happens; then it happens before the next one is. */
  calls: number;
  readonly deed: () => void;
}

/** SimChain is a chain on a seed for tests: it forks, falls behind, fails, and never lies otherwise. */
export class SimChain {
  readonly #genesis: SimBlock = { height: 0, hash: "genesis", parent: "none", payments: [] };
  blocks: SimBlock[] = [this.#genesis];
  /** The next so many calls fail with a `Fault` (`retry`). */
  failures = 0;
  /** Heights at which the node knows no hash, whatever its tip is. */
  unknown: readonly number[] = [];
  /** The node is on another network: `check` tells it. */
  elsewhere = false;
  /** Like btcd, the node still gives blocks that are not on its main chain any more. */
  remembers = false;
  /** What is still to happen between two calls. */
  meanwhile: SimEvent[] = [];
  calls = 0;
  #made = 0;
  readonly #all = new Map<string, SimBlock>([[this.#genesis.hash, this.#genesis]]);

  get tip(): SimBlock {
    return this.blocks.at(-1) ?? this.#genesis;
  }

  /** mine adds a block with these payments. */
  mine(payments: readonly SimPayment[] = []): SimBlock {
    this.#made += 1;
    const parent = this.tip;
    const block = {
      height: parent.height + 1,
      hash: `b${parent.height + 1}-${this.#made}`,
      parent: parent.hash,
      payments,
    };
    this.blocks = [...this.blocks, block];
    this.#all.set(block.hash, block);
    return block;
  }

  /** branch gives the blocks from the genesis up to the one with this hash, whether it is on the main chain or not. */
  branch(hash: string): readonly SimBlock[] {
    const blocks: SimBlock[] = [];
    for (let block = this.#all.get(hash); block !== undefined; block = this.#all.get(block.parent))
      blocks.push(block);
    return blocks.reverse();
  }

  /** ever gives what any block has paid, on the main chain or not. */
  ever(): readonly SimPayment[] {
    return Array.from(this.#all.values()).flatMap(({ payments }) => payments);
  }

  /** drop removes the newest so many blocks, as a reorg does before its branch is mined, or a killed node. */
  drop(depth: number): readonly SimBlock[] {
    const keep = Math.max(1, this.blocks.length - depth);
    const gone = this.blocks.slice(keep);
    this.blocks = this.blocks.slice(0, keep);
    return gone;
  }

  #call(): void {
    this.calls += 1;
    const due = this.meanwhile.filter((event) => event.calls-- <= 0);
    this.meanwhile = this.meanwhile.filter((event) => !due.includes(event));
    for (const { deed } of due) deed();
    if (this.failures === 0) return;
    this.failures -= 1;
    throw new Fault("sim.call", "retry", "the simulated node does not answer");
  }

  /** source shows the chain as a scanner sees a node. Addresses stand for their own scripts. */
  source(blocksAtOnce = 7): ChainSource {
    const outputs = (block: SimBlock, watch: Watch): SeenOutput[] =>
      block.payments.flatMap(({ address, ...payment }) => {
        const known = watch.addressOf(Buffer.from(address));
        return known === undefined ? [] : [{ ...payment, address: known, coinbase: false }];
      });
    return {
      coin: "BTC",
      check: async () => {
        this.#call();
        if (this.elsewhere) throw new Fault("sim.check", "stop", "the node is on another network");
      },
      tip: async () => {
        this.#call();
        return { height: this.tip.height, hash: this.tip.hash };
      },
      hashesAt: async (heights) => {
        this.#call();
        return heights.map((height) =>
          this.unknown.includes(height) ? undefined : this.blocks[height]?.hash,
        );
      },
      blocks: async (refs, watch): Promise<readonly Block[]> => {
        this.#call();
        return refs.slice(0, blocksAtOnce).map((ref) => {
          const main = this.blocks[ref.height];
          const block = main?.hash === ref.hash || !this.remembers ? main : this.#all.get(ref.hash);
          if (block?.hash !== ref.hash) throw new Fault("sim.blocks", "retry", `no block ${ref.hash}`);
          return {
            height: block.height,
            hash: block.hash,
            parent: block.parent,
            outputs: outputs(block, watch),
          };
        });
      },
    };
  }
}

/** watchAll matches every address whose text is in the set. */
export function watchAll(addresses: ReadonlySet<string>): Watch {
  return {
    size: addresses.size,
    addressOf: (bytes) => {
      const text = Buffer.from(bytes).toString();
      return addresses.has(text) ? text : undefined;
    },
  };
}
