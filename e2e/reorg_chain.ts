import { Block } from "bitcoinjs-lib";
import { type Btcd, type MadeBlock, makeBlock, submitBlocks, type Tip, tipOf } from "../standin/btcd/mod.ts";

/** Blocks are the transactions of blocks to be made, each as hex. */
export type Blocks = readonly (readonly string[])[];

/** empty is so many blocks without a transaction. */
export const empty = (count: number): Blocks => Array.from({ length: count }, () => []);

/** ReorgChain is the main chain of a btcd, made by hand block by block, so that any branch can be offered at any moment. */
export class ReorgChain {
  /** From the block that everything is built on. */
  #main: readonly Tip[];
  #salt = 0;

  private constructor(tip: Tip) {
    this.#main = [tip];
  }

  /** on begins with the main chain that a node has; nothing below its tip is ever replaced. */
  static async on(node: Btcd): Promise<ReorgChain> {
    return new ReorgChain(await tipOf(node));
  }

  get height(): number {
    return this.#at(0).height;
  }

  #at(depth: number): Tip {
    const tip = this.#main.at(-1 - depth);
    if (tip === undefined) throw new Error("the fork is below where the chain was begun");
    return tip;
  }

  /** branch makes blocks on the one that is so deep below the tip; nobody has them yet. */
  branch(depth: number, blocks: Blocks): readonly MadeBlock[] {
    let parent = this.#at(depth);
    return blocks.map((transactions) => {
      this.#salt += 1;
      const block = makeBlock(parent, transactions, this.#salt);
      parent = block;
      return block;
    });
  }

  /** reorganise makes a branch that is the main chain from now on, and gives it to be offered to a node. */
  reorganise(depth: number, blocks: Blocks): readonly MadeBlock[] {
    const branch = this.branch(depth, blocks);
    this.#main = [...this.#main.slice(0, this.#main.length - depth), ...branch];
    return branch;
  }

  /** extend mines blocks on the tip of a node. */
  async extend(node: Btcd, blocks: Blocks): Promise<void> {
    await submitBlocks(node, this.reorganise(0, blocks));
  }

  /** txids asks a node what its main chain has above the block that everything is built on. */
  async txids(node: Btcd): Promise<ReadonlySet<string>> {
    const from = (this.#main[0]?.height ?? 0) + 1;
    const count = Number(await node.call("getblockcount")) - from + 1;
    const heights = Array.from({ length: count }, (_, i) => from + i);
    const hashes = await node.batch(heights.map((height) => ({ method: "getblockhash", params: [height] })));
    const blocks = await node.batch(hashes.map((hash) => ({ method: "getblock", params: [hash, 0] })));
    const transactions = blocks.flatMap((hex) => Block.fromHex(String(hex)).transactions ?? []);
    return new Set(transactions.map((tx) => tx.getId()));
  }
}
