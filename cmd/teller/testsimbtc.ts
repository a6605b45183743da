import type { Block, BlockRef, ChainSource, SeenOutput, Watch } from "#internal/coin";
import { Fault } from "#internal/fault";
import type { Dice } from "./testsimdice.ts";

/** BtcPayment is a transaction of the simulated chain: it spends one coin, and its outputs stand or fall together. */
export interface BtcPayment {
  readonly txid: string;
  readonly coin: string;
  readonly outputs: readonly { readonly address: string; readonly value: bigint }[];
}

interface BtcBlock extends BlockRef {
  readonly parent: string;
  readonly payments: readonly BtcPayment[];
}

/** SimBtc is a Bitcoin chain on a seed: it forks, falls behind, comes back and fails, and never spends a coin twice. */
export class SimBtc {
  blocks: BtcBlock[] = [{ height: 0, hash: "g", parent: "", payments: [] }];
  /** The node knows so few blocks less than there are. */
  behind = 0;
  /** How many of a hundred calls fail. */
  faults = 0;
  /** Every transaction that there ever was, by txid. */
  readonly known = new Map<string, BtcPayment>();
  readonly #dice: Dice;
  #made = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** pay makes a transaction of a new coin, or of this one. */
  pay(to: readonly string[], coin?: string): BtcPayment {
    this.#made += 1;
    const outputs = to.map((address, i) => ({
      address,
      value: BigInt((this.#made % 7) + i + 1) * 1_000_000n,
    }));
    const payment = { txid: `t${this.#made}`, coin: coin ?? `c${this.#made}:0`, outputs };
    this.known.set(payment.txid, payment);
    return payment;
  }

  /** standing lists the transactions of the best chain, oldest first. */
  standing(): BtcPayment[] {
    return this.blocks.flatMap(({ payments }) => payments);
  }

  /** mine adds a block with those whose coins are not spent. */
  mine(payments: readonly BtcPayment[] = []): void {
    const spent = new Set(this.standing().map(({ coin }) => coin));
    const fit = payments.filter(({ coin }) => !spent.has(coin) && spent.add(coin));
    this.#made += 1;
    const parent = this.blocks.at(-1);
    const height = this.blocks.length;
    this.blocks.push({ height, hash: `b${height}-${this.#made}`, parent: parent?.hash ?? "", payments: fit });
  }

  /** reorg replaces the newest so many blocks by a longer branch, on which each payment is lost or kept, or its coin spent otherwise. */
  reorg(depth: number, to: (() => string) | undefined): void {
    const gone = this.blocks
      .splice(Math.max(1, this.blocks.length - depth))
      .flatMap(({ payments }) => payments);
    const again = gone.flatMap((payment) => {
      const fate = this.#dice.below(4);
      if (fate === 0) return [];
      if (to === undefined) return [payment];
      if (fate === 1)
        return [
          this.pay(
            payment.outputs.slice(this.#dice.below(2)).map(({ address }) => address),
            payment.coin,
          ),
        ];
      return fate === 2 ? [this.pay([to()], payment.coin)] : [payment];
    });
    const length = depth + this.#dice.below(2);
    for (let i = 0; i < length; i++) this.mine(again.filter(() => this.#dice.one(2)));
    if (this.#dice.one(2)) this.mine(again);
  }

  /** source shows the chain as a scanner sees a node. Addresses stand for their own scripts. */
  source(): ChainSource {
    const call = () => {
      if (this.#dice.below(100) < this.faults)
        throw new Fault("sim.btc", "retry", "the Bitcoin node does not answer");
      return this.blocks.slice(0, Math.max(1, this.blocks.length - this.behind));
    };
    return {
      coin: "BTC",
      check: async () => void call(),
      tip: async () => {
        const { height, hash } = call().at(-1) ?? { height: 0, hash: "" };
        return { height, hash };
      },
      hashesAt: async (heights) => {
        const blocks = call();
        return heights.map((height) => blocks[height]?.hash);
      },
      blocks: async (refs, watch): Promise<readonly Block[]> => {
        const blocks = call();
        return refs.slice(0, 3).map((ref) => {
          const block = blocks[ref.height];
          if (block?.hash !== ref.hash) throw new Fault("sim.btc", "retry", `no block ${ref.hash}`);
          const { height, hash, parent } = block;
          return { height, hash, parent, outputs: outputsOf(block, watch) };
        });
      },
    };
  }
}

function outputsOf({ payments }: BtcBlock, watch: Watch): SeenOutput[] {
  return payments.flatMap(({ txid, coin, outputs }) =>
    outputs.flatMap(({ address, value }, n) => {
      const known = watch.addressOf(Buffer.from(address));
      return known === undefined ? [] : [{ txid, n, value, address: known, inputs: [coin], coinbase: false }];
    }),
  );
}
