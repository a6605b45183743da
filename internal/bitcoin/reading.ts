import type { Block, BlockRef, Watch } from "#internal/coin";
import { Fault } from "#internal/fault";
import type { RpcAnswer, RpcError } from "#internal/rpc";
import { checkRoot, rootReader } from "./roots.ts";
import type { Bytes, RootThread } from "./rootthread.ts";
import { outputScanner } from "./scan.ts";
import { BadBlock } from "./walk.ts";

/** op is the place and action that errors about blocks name. */
export const op = "bitcoin.getblock";

const notFound = -5;
/** From so many blocks on it is a catch-up, for which another thread is worth its memory. */
const catchUpBlocks = 10;

/** Reading is what a node said about the first of some blocks that are to be read. */
export interface Reading {
  readonly answers: readonly RpcAnswer[];
  readonly refs: readonly BlockRef[];
  readonly watch: Watch;
  readonly signal: AbortSignal;
  readonly host: string;
}

/** AnswersReader reads blocks in order, up to the first bad one. Throws a `Fault` if that is the first of all. */
export type AnswersReader = (reading: Reading) => Promise<readonly Block[]>;

/** answersReader makes a reader. In a catch-up the merkle roots are computed on `thread`, while this one reads on. */
export function answersReader(thread: RootThread): AnswersReader {
  const scan = outputScanner();
  const rootHere = rootReader();

  const readBlock = async (answer: RpcAnswer, ref: BlockRef, reading: Reading): Promise<Block> => {
    const raw = bytesOf(answer);
    const { block, root } = scan(raw, ref, reading.watch);
    const many = reading.refs.length >= catchUpBlocks;
    checkRoot(root, many ? await thread.rootOf(raw, () => bytesOf(answer), reading.signal) : rootHere(raw));
    return block;
  };

  return async (reading) => {
    const { answers, refs, host } = reading;
    const read = await Promise.allSettled(
      answers.flatMap((answer, i) => {
        const ref = refs[i];
        return ref === undefined ? [] : [readBlock(answer, ref, reading)];
      }),
    );
    const blocks: Block[] = [];
    for (const [i, one] of read.entries()) {
      if (one.status === "fulfilled") {
        blocks.push(one.value);
        continue;
      }
      const ref = refs[i];
      if (!(one.reason instanceof BadBlock) || ref === undefined) throw one.reason;
      if (blocks.length > 0) break;
      throw badBlock(one.reason, ref, host);
    }
    return blocks;
  };
}

function badBlock(cause: BadBlock, ref: BlockRef, host: string): Fault {
  return new Fault(op, cause.fate, `${host}: block ${ref.height} ${ref.hash}: ${cause.message}`, { cause });
}

/** bytesOf gives the block of an answer, in memory of its own: of a shared piece nothing could be given away. */
function bytesOf(answer: RpcAnswer): Bytes {
  if (!answer.ok) throw refusedBlock(answer.refusal);
  const { value } = answer;
  if (typeof value !== "string") throw new BadBlock("the answer is no hex text");
  const raw = Buffer.allocUnsafeSlow(value.length >> 1);
  if (raw.write(value, "hex") * 2 !== value.length) throw new BadBlock("the answer is not all hex digits");
  return raw;
}

function refusedBlock({ code, message }: RpcError): BadBlock {
  if (code === notFound) return new BadBlock("the node does not have it");
  if (/pruned/i.test(message))
    return new BadBlock("the node has pruned it: use a node that keeps its blocks", "stop");
  return new BadBlock(`error ${code}: ${message}`);
}
