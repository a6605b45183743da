import { expect, test } from "bun:test";
import type { Watch } from "#internal/coin";
import { answersReader } from "./reading.ts";
import { rootReader } from "./roots.ts";
import type { RootThread } from "./rootthread.ts";
import { randomBlock, seeded } from "./testblocks.ts";

const never = new AbortController().signal;
const everything: Watch = { size: 1, addressOf: (script) => Buffer.from(script).toString("hex") };
const made = Array.from({ length: 12 }, (_, height) => randomBlock(seeded(height), 3));
const refs = made.map((block, height) => ({ height, hash: block.getId() }));
const answers = made.map((block) => ({ ok: true as const, value: block.toHex() }));
/** The lock time of the last transaction is another: the header has the right hash, and the root is wrong. */
const forged = answers.map(({ value }) => ({ ok: true as const, value: `${value.slice(0, -8)}01020304` }));
const host = "node:1";

/** slowThread answers when it is told to. */
function slowThread() {
  const rootOf = rootReader();
  const waiting: (() => void)[] = [];
  const thread: RootThread = {
    rootOf: (raw) =>
      new Promise((resolve, reject) => {
        waiting.push(() => {
          try {
            resolve(rootOf(raw));
          } catch (error) {
            reject(error);
          }
        });
      }),
  };
  return { thread, waiting };
}

const heightsOf = (blocks: readonly { readonly height: number }[]) => blocks.map(({ height }) => height);
/** with puts some of the answers in the place of the right ones. */
const withForged = (...at: number[]) =>
  answers.map((answer, i) => (at.includes(i) ? (forged[i] ?? answer) : answer));

test("no block is given before the root of each was found right, in whatever order they were found", async () => {
  const { thread, waiting } = slowThread();
  const read = answersReader(thread)({ answers, refs, watch: everything, signal: never, host });
  expect(waiting).toHaveLength(refs.length);
  for (const answer of waiting.slice(1).toReversed()) answer();
  expect(await Promise.race([read, Bun.sleep(5).then(() => "waits")])).toBe("waits");
  waiting[0]?.();
  expect(heightsOf(await read)).toEqual(heightsOf(refs));
});

test("few blocks are checked on the main thread", async () => {
  const { thread, waiting } = slowThread();
  const few = refs.slice(0, 9);
  const read = await answersReader(thread)({ answers, refs: few, watch: everything, signal: never, host });
  expect([heightsOf(read), waiting.length]).toEqual([heightsOf(few), 0]);
});

for (const { kind, count } of [
  { kind: "one thread", count: 9 },
  { kind: "two threads", count: 12 },
]) {
  const readOf = (wrong: readonly number[], from = 0) => {
    const { thread, waiting } = slowThread();
    const read = answersReader(thread)({
      answers: withForged(...wrong).slice(from),
      refs: refs.slice(from, count),
      ...{ watch: everything, signal: never, host },
    });
    for (const answer of waiting) answer();
    return read;
  };

  test(`on ${kind} a block with a wrong root ends what is given, and is refused when it is the first`, async () => {
    expect(heightsOf(await readOf([4, 6]))).toEqual([0, 1, 2, 3]);
    await expect(readOf([0, 6])).rejects.toThrow(
      `${host}: block 0 ${refs[0]?.hash}: the merkle root does not match the transactions`,
    );
    await expect(readOf([0])).rejects.toMatchObject({ op: "bitcoin.getblock", fate: "retry" });
  });
}
