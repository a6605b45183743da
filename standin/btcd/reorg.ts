import type { Btcd } from "./node.ts";
import { type Paid, type Wallet, wallet } from "./wallet.ts";

/**
 * ReorgKind is what becomes of transactions of the branch that loses: mined again in another block, left out (they
 * wait in the node's pool), or made impossible by others that spend the same coins.
 */
export type ReorgKind = "moved" | "gone" | "double-spent";

/** ReorgOptions describe one reorganisation. */
export interface ReorgOptions {
  /** The node whose chain is reorganised. */
  readonly node: Btcd;
  /** A second node without peers, whose chain is empty or was once this node's. */
  readonly other: Btcd;
  /** How many blocks lose their place. */
  readonly depth: number;
  readonly kind: ReorgKind;
  /** The transactions of these blocks that `kind` is about. */
  readonly paid: readonly Paid[];
  /** How much longer the new branch is. Without it: 1. */
  readonly longer?: number;
}

/**
 * reorganise replaces the last blocks of a node by a longer branch made on the other one. The node's tip jumps from
 * the old branch to the new one and is never lower in between. It gives the hashes of the new branch, oldest first.
 */
export async function reorganise(options: ReorgOptions): Promise<readonly string[]> {
  const { node, other, depth, kind, paid } = options;
  const fork = (await wallet(node).height()) - depth;
  await copyBlocks(node, other, { from: 1, to: fork });
  const maker: Wallet = wallet(other);
  if ((await maker.height()) !== fork)
    throw new Error("btcd: the other node has blocks of its own: start it afresh");
  if (kind === "double-spent") {
    for (const one of paid) await maker.send((await maker.respend(one)).hex);
  }
  // The first block of the new branch is without them, so that what is moved changes its height as well.
  const first = await maker.generate(1);
  if (kind === "moved") {
    for (const { hex } of paid) await maker.send(hex);
  }
  const rest = await maker.generate(depth - 1 + (options.longer ?? 1));
  await copyBlocks(other, node, { from: fork + 1, to: fork + first.length + rest.length });
  return [...first, ...rest];
}

/** copyBlocks hands main-chain blocks of these heights from one node to another; those that it has are passed over. */
export async function copyBlocks(
  source: Btcd,
  target: Btcd,
  range: { from: number; to: number },
): Promise<void> {
  const atOnce = 200;
  for (let from = range.from; from <= range.to; from += atOnce) {
    const heights = Array.from({ length: Math.min(atOnce, range.to + 1 - from) }, (_, i) => from + i);
    const hashes = await source.batch(
      heights.map((height) => ({ method: "getblockhash", params: [height] })),
    );
    const blocks = await source.batch(hashes.map((hash) => ({ method: "getblock", params: [hash, 0] })));
    const answers = await target.batch(blocks.map((hex) => ({ method: "submitblock", params: [hex] })));
    // btcd tells a refusal as the result, not as an error.
    const refused = answers.find(
      (answer) => answer !== null && !String(answer).includes("already have block"),
    );
    if (refused !== undefined) throw new Error(`btcd: a copied block was refused: ${refused}`);
  }
}
