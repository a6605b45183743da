import type { BlockRef, ChainSource } from "#internal/coin";
import { type JsonRpc, lostWhy, type RpcAnswer } from "#internal/rpc";
import { answersReader, op } from "./reading.ts";
import type { RootThread } from "./rootthread.ts";

/**
 * Requests at a time: btcd needs 16 ms of one processor for a block of 2,500 transactions, four times what reading
 * it takes here, and answers each connection on a processor of its own. It serves ten at most (`--rpcmaxclients`).
 */
const lanes = 2;
/** Hex digits that a call should bring: enough to make the connections worth it, little enough for memory and delay. */
const wantedBytes = 6_000_000;
/** The most that is read of one answer. A single block is 4 MB at most (BIP 141), 8 MB in hex. */
const mostBytes = 12_000_000;
const mostBlocks = 1000;
/** Before the first answer nothing is known about the size of blocks. */
const firstGuessBytes = 750_000;
/** What surrounds the hex of a block in an answer. */
const envelopeBytes = 100;

/** BlockFetcher asks for blocks, as many from the front as suit one request a lane, and gives the answers in order. */
export type BlockFetcher = (refs: readonly BlockRef[], signal: AbortSignal) => Promise<readonly RpcAnswer[]>;

/**
 * blockFetcher asks with `getblock` in batches. They are as long as blocks of the size seen last allow, and half
 * as long after an answer that was too large or too late.
 */
export function blockFetcher(rpc: JsonRpc, deadlineMs: number): BlockFetcher {
  let bytesEach = firstGuessBytes;

  const ask = (refs: readonly BlockRef[], signal: AbortSignal) => {
    const calls = refs.map((ref) => ({ method: "getblock", params: [ref.hash, 0] }));
    return rpc.batch(calls, signal, { op, deadlineMs, maxBytes: mostBytes });
  };

  async function fetchSome(refs: readonly BlockRef[], signal: AbortSignal): Promise<readonly RpcAnswer[]> {
    let count = Math.min(refs.length, mostBlocks, Math.max(1, Math.floor(wantedBytes / bytesEach)));
    for (;;) {
      const settled = await Promise.allSettled(
        shares(refs.slice(0, count)).map((share) => ask(share, signal)),
      );
      const failed = settled.find((one) => one.status === "rejected");
      if (failed === undefined)
        return settled.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
      const why = lostWhy(failed.reason);
      if (count === 1 || (why !== "too large" && why !== "deadline")) throw failed.reason;
      count = Math.floor(count / 2);
      bytesEach = Math.ceil(wantedBytes / count);
      if (why === "deadline") throw failed.reason;
    }
  }

  return async (refs, signal) => {
    if (refs.length === 0) return [];
    const answers = await fetchSome(refs, signal);
    bytesEach = envelopeBytes + Math.ceil(sum(answers.map(sizeOf)) / answers.length);
    return answers;
  };
}

/** Ahead are answers on their way, asked for before anybody wanted them. */
interface Ahead {
  readonly first: string;
  readonly signal: AbortSignal;
  readonly answers: Promise<readonly RpcAnswer[]>;
  drop(): void;
}

/**
 * blockReader gives `ChainSource.blocks`: what a fetcher brings, read. Meanwhile the blocks that follow are on
 * their way already; whoever asks for others, or gives up, costs them nothing but the answer.
 */
export function blockReader(rpc: JsonRpc, deadlineMs: number, thread: RootThread): ChainSource["blocks"] {
  const read = answersReader(thread);
  const fetchBlocks = blockFetcher(rpc, deadlineMs);
  let ahead: Ahead | undefined;

  const askAhead = (refs: readonly BlockRef[], signal: AbortSignal): Ahead | undefined => {
    const [first] = refs;
    if (first === undefined) return undefined;
    const dropped = new AbortController();
    const answers = fetchBlocks(refs, AbortSignal.any([signal, dropped.signal]));
    // It may fail while nobody waits for it, or for ever.
    answers.catch(() => {});
    return { first: first.hash, signal, answers, drop: () => dropped.abort() };
  };

  return async (refs, watch, signal) => {
    const known = ahead;
    ahead = undefined;
    const wanted = known !== undefined && known.first === refs[0]?.hash && known.signal === signal;
    if (!wanted) known?.drop();
    const answers = await (wanted ? known.answers : fetchBlocks(refs, signal));
    ahead = askAhead(refs.slice(answers.length), signal);
    return read({ answers, refs, watch, signal, host: rpc.host });
  };
}

/** shares cuts a row into one piece for each lane, in order. */
function shares(refs: readonly BlockRef[]): readonly (readonly BlockRef[])[] {
  const each = Math.max(1, Math.ceil(refs.length / lanes));
  return Array.from({ length: Math.ceil(refs.length / each) }, (_, i) =>
    refs.slice(i * each, (i + 1) * each),
  );
}

function sizeOf(answer: RpcAnswer): number {
  return answer.ok && typeof answer.value === "string" ? answer.value.length : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
