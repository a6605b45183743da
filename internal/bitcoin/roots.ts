import { foldMerkle, hashBytes, hashScratch, hashText } from "./merkle.ts";
import { bufferOver, TxidHasher } from "./txid.ts";
import { BadBlock, emptySpan, walkBlock } from "./walk.ts";

/** RootReader gives the merkle root of a block's transactions. Throws `BadBlock` when there is none. */
export type RootReader = (raw: Uint8Array) => string;

/** rootReader makes a reader. It hashes every transaction, which is most of the work that a block makes. */
export function rootReader(): RootReader {
  const hasher = new TxidHasher();
  const scratch = hashScratch();
  const span = emptySpan();
  let nodes = Buffer.alloc(0);
  return (raw) => {
    const bytes = bufferOver(raw);
    let count = 0;
    walkBlock(raw, {
      span,
      begin(transactions) {
        count = transactions;
        if (nodes.length < count * hashBytes) nodes = Buffer.alloc(count * hashBytes);
      },
      output: () => {},
      passed: (i) => hasher.hash(bytes, span, nodes, i * hashBytes),
    });
    if (!foldMerkle(nodes, count, scratch)) throw new BadBlock("transactions are repeated");
    return hashText(nodes);
  };
}

/** checkRoot throws `BadBlock` unless the root of the transactions is the one that the header names. */
export function checkRoot(named: string, root: string): void {
  if (root !== named) throw new BadBlock("the merkle root does not match the transactions");
}
