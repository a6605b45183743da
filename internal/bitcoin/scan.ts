import type { Block, BlockRef, SeenOutput, Watch } from "#internal/coin";
import { hasForm } from "./forms.ts";
import { doubleHash, hashBytes, hashScratch, hashText } from "./merkle.ts";
import { checkRoot, rootReader } from "./roots.ts";
import { isScriptSet, Questions } from "./scriptset.ts";
import { readParts } from "./transaction.ts";
import { bufferOver, TxidHasher } from "./txid.ts";
import { BadBlock, emptySpan, headerBytes, type Span, walkBlock, Walker } from "./walk.ts";

/**
 * BlockScanner finds in the bytes of a block all that pays a watched address. Throws `BadBlock` unless the
 * bytes are exactly one block, its header has the hash of `ref`, and its merkle root covers all transactions.
 */
export type BlockScanner = (raw: Uint8Array, ref: BlockRef, watch: Watch) => Block;

/** Unproven is a block of which nobody knows yet whether its merkle root covers its transactions. */
export interface Unproven {
  readonly block: Block;
  /** The root that its header names. */
  readonly root: string;
}

/** OutputScanner does all that a `BlockScanner` does but for the merkle root. */
export type OutputScanner = (raw: Uint8Array, ref: BlockRef, watch: Watch) => Unproven;

const parentAt = 4;
const rootAt = 36;

/** blockScanner makes a scanner. It reuses its buffers, so a scan allocates next to nothing for foreign transactions. */
export function blockScanner(): BlockScanner {
  const scan = outputScanner();
  const rootOf = rootReader();
  return (raw, ref, watch) => {
    const { block, root } = scan(raw, ref, watch);
    checkRoot(root, rootOf(raw));
    return block;
  };
}

/** outputScanner makes a scanner that hashes the header and the transactions that pay us, and no other. */
export function outputScanner(): OutputScanner {
  const scratch = hashScratch();
  const own = { questions: new Questions(), hasher: new TxidHasher() };
  return (raw, ref, watch) => {
    if (raw.length < headerBytes) throw new BadBlock(`cut off at byte ${raw.length}`);
    doubleHash(raw.subarray(0, headerBytes), scratch.middle, scratch.out);
    const hash = hashText(scratch.out);
    if (hash !== ref.hash) throw new BadBlock(`its header has the hash ${hash}`);
    const outputs = payingIn(raw, own.questions, watch).flatMap((start) =>
      seenOutputs(raw, payerAt(raw, start, own.hasher), watch),
    );
    const block = { height: ref.height, hash, parent: hashText(raw, parentAt), outputs };
    return { block, root: hashText(raw, rootAt) };
  };
}

/** payingIn walks over a block and gives where the transactions begin that may pay us. */
function payingIn(raw: Uint8Array, questions: Questions, watch: Watch): readonly number[] {
  const span = emptySpan();
  const told: number[] = [];
  questions.clear();
  const output = isScriptSet(watch)
    ? (start: number, end: number) => questions.add(raw, start, end, span.start)
    : (start: number, end: number) => {
        if (watch.addressOf(raw.subarray(start, end)) !== undefined) told.push(span.start);
      };
  walkBlock(raw, { span, output });
  return [...new Set(isScriptSet(watch) ? watch.taggedIn(questions) : told)];
}

/** Payer is a transaction with at least one output that may be for us. */
interface Payer {
  readonly txid: string;
  readonly body: number;
  readonly coinbase: boolean;
}

function payerAt(raw: Uint8Array, start: number, hasher: TxidHasher): Payer {
  const span: Span = emptySpan();
  new Walker(raw, start).transaction(span, () => {});
  const txid = new Uint8Array(hashBytes);
  hasher.hash(bufferOver(raw), span, txid);
  return { txid: hashText(txid), body: span.body, coinbase: span.coinbase };
}

function seenOutputs(raw: Uint8Array, { txid, body, coinbase }: Payer, watch: Watch): SeenOutput[] {
  const { inputs, outputs } = readParts(raw, body, coinbase);
  return outputs.flatMap(({ value, script }, n) => {
    const address = hasForm(script, 0, script.length) ? watch.addressOf(script) : undefined;
    return address === undefined ? [] : [{ txid, n, value, address, inputs, coinbase }];
  });
}
