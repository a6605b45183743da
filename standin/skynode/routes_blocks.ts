import { accept, refuse } from "#internal/fault";
import { type LedgerBlock, readTransaction, type Transaction } from "#internal/skycoin";
import { type Answer, fail, json } from "./answer.ts";
import { goUint } from "./go.ts";
import { inputsOf } from "./lookup.ts";
import { type Question, type Read, readFlag, readHash, type Route } from "./question.ts";
import { headerShape, transactionShape, verboseShape } from "./shapes.ts";
import type { World } from "./world.ts";

/** Most blocks that `/last_blocks` gives. */
const mostLast = 256;

/** blockRoutes answer about blocks. Source: `spec/skycoin.md` §14.4. */
export const blockRoutes: Readonly<Record<string, Route>> = {
  "/api/v1/block": { methods: ["GET"], answer: oneBlock },
  "/api/v1/blocks": { methods: ["GET", "POST"], answer: someBlocks },
  "/api/v1/last_blocks": { methods: ["GET"], answer: lastBlocks },
};

function transactionsOf(world: World, block: LedgerBlock): readonly Transaction[] {
  return block.txids.flatMap((txid) => {
    const confirmed = world.view.confirmed(txid);
    return confirmed === undefined ? [] : [readTransaction(confirmed)];
  });
}

function blockShape(world: World, block: LedgerBlock, verbose: boolean) {
  const txns = transactionsOf(world, block).map((tx) =>
    verbose ? verboseShape(tx, inputsOf(world.view, tx, block.seq)) : transactionShape(tx),
  );
  return { header: headerShape(block), body: { txns }, size: block.size };
}

function oneBlock(question: Question): Answer {
  const { world } = question;
  const verbose = readFlag(question, "verbose");
  if (!verbose.ok) return verbose.refusal;
  const seq = readSeq(question);
  if (!seq.ok) return seq.refusal;
  const block = seq.value === undefined ? undefined : world.view.block(seq.value);
  return block === undefined ? fail(1, 404) : json(blockShape(world, block, verbose.value));
}

/** The sequence that is asked for, by number or by hash; undefined for a hash that is not known. */
function readSeq(question: Question): Read<number | undefined> {
  const hashText = question.value("hash");
  const seqText = question.value("seq");
  if (hashText === "" && seqText === "")
    return refuse(fail(1, 400, "should specify one filter, hash or seq"));
  if (hashText !== "" && seqText !== "")
    return refuse(fail(1, 400, "should only specify one filter, hash or seq"));
  if (seqText !== "") return readUint(seqText, "seq");
  const hash = readHash(hashText);
  return hash.ok ? accept(question.world.view.seqOf(hash.value)) : refuse(fail(1, 400, hash.refusal));
}

function readUint(text: string, name: string): Read<number> {
  const n = goUint(text);
  return n === undefined ? refuse(fail(1, 400, `Invalid ${name} value ${JSON.stringify(text)}`)) : accept(n);
}

function someBlocks(question: Question): Answer {
  const { world } = question;
  const verbose = readFlag(question, "verbose");
  if (!verbose.ok) return verbose.refusal;
  const [start, end, seqs] = ["start", "end", "seqs"].map((name) => question.value(name));
  if (seqs !== "" && (start !== "" || end !== ""))
    return fail(1, 400, "seqs cannot be used with start or end");
  if (seqs === "" && start === "" && end === "") {
    return fail(1, 400, "At least one of seqs or start or end are required");
  }
  const blocks = seqs === "" ? inRange(world, start ?? "", end ?? "") : bySeqs(world, seqs ?? "");
  if (!blocks.ok) return blocks.refusal;
  return json({ blocks: blocks.value.map((block) => blockShape(world, block, verbose.value)) });
}

function inRange(world: World, startText: string, endText: string): Read<readonly LedgerBlock[]> {
  const start = readUint(startText === "" ? "0" : startText, "start");
  if (!start.ok) return start;
  const end = readUint(endText === "" ? "0" : endText, "end");
  if (!end.ok) return end;
  return accept(blocksBetween(world, start.value, end.value));
}

function blocksBetween(world: World, start: number, end: number): readonly LedgerBlock[] {
  const last = Math.min(end, world.view.head().seq);
  const blocks: LedgerBlock[] = [];
  for (let seq = start; seq <= last; seq++) blocks.push(...[world.view.block(seq) ?? []].flat());
  return blocks;
}

function bySeqs(world: World, text: string): Read<readonly LedgerBlock[]> {
  const seen = new Set<number>();
  for (const [i, word] of text.split(",").entries()) {
    const seq = goUint(word);
    if (seq === undefined)
      return refuse(fail(1, 400, `Invalid sequence ${JSON.stringify(word)} at seqs[${i}]`));
    if (seen.has(seq)) return refuse(fail(1, 400, `Duplicate sequence ${seq} at seqs[${i}]`));
    seen.add(seq);
  }
  const blocks: LedgerBlock[] = [];
  for (const seq of seen) {
    const block = world.view.block(seq);
    if (block === undefined) return refuse(fail(1, 404, `block does not exist seq=${seq}`));
    blocks.push(block);
  }
  return accept(blocks);
}

function lastBlocks(question: Question): Answer {
  const { world } = question;
  const verbose = readFlag(question, "verbose");
  if (!verbose.ok) return verbose.refusal;
  const text = question.value("num");
  const num = readUint(text, "num");
  if (!num.ok) return num.refusal;
  if (num.value > mostLast) return fail(1, 400, `num: ${JSON.stringify(text)} must < ${mostLast}`);
  const head = world.view.head().seq;
  const blocks = num.value === 0 ? [] : blocksBetween(world, Math.max(0, head - num.value + 1), head);
  return json({ blocks: blocks.map((block) => blockShape(world, block, verbose.value)) });
}
