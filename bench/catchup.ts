import { join } from "node:path";
import type { FollowOptions, Task, TaskDone } from "./follow.ts";
import type { NodeOptions } from "./node.ts";
import { saidBy } from "./process.ts";
import { median, type Row, spread } from "./report.ts";
import { type Bench, keepStore, million } from "./stores.ts";

const chain: NodeOptions = { transactions: 2_500, bodies: 8, paid: 1_000 };
const few = { size: 1_000, bound: 1_000 };
/** Blocks of a slice: half a second or so. */
const blocks = 96;
/** The three take turns this often in a round, so that a busy moment of the machine meets all of them. */
const turns = 6;
const leastPercent = 50;
const mostLossPercent = 10;

const kinds = ["fetch", "few", "many"] as const;

/** Turn has the blocks a second of each of the three, and what they cost. */
type Turn = Readonly<Record<Task["kind"], { readonly rate: number; readonly cpuMs: number }>>;

/** Follower is the process that follows the node. */
interface Follower {
  run(task: Task): Promise<TaskDone>;
}

async function withNode<T>(fn: (url: string) => Promise<T>): Promise<T> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "node.ts"), JSON.stringify(chain)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    return await fn(await saidBy(child, /listens on (\S+)/));
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
}

async function withFollower<T>(options: FollowOptions, fn: (follower: Follower) => Promise<T>): Promise<T> {
  let answer: (message: unknown) => void = () => {};
  const next = () =>
    new Promise<unknown>((resolve) => {
      answer = resolve;
    });
  const ready = next();
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "follow.ts"), JSON.stringify(options)], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    ipc: (message: unknown) => answer(message),
  });
  const ended = child.exited.then((code) => {
    throw new Error(`bench: the follower ended with ${code}`);
  });
  try {
    await Promise.race([ready, ended]);
    return await fn({
      async run(task) {
        const done = next();
        child.send(task);
        return (await Promise.race([done, ended])) as TaskDone;
      },
    });
  } finally {
    ended.catch(() => {});
    child.disconnect();
    await child.exited;
  }
}

async function takeTurn(follower: Follower, turn: number): Promise<Turn> {
  const from = turn % kinds.length;
  const order = [...kinds.slice(from), ...kinds.slice(0, from)];
  const found = new Map<string, Turn["fetch"]>();
  for (const kind of order) {
    const { seconds, cpuSeconds } = await follower.run({ kind, blocks });
    found.set(kind, { rate: blocks / seconds, cpuMs: (cpuSeconds / blocks) * 1000 });
  }
  return Object.fromEntries(found) as Turn;
}

function rowsOf(rounds: readonly (readonly Turn[])[]): Row[] {
  const each = (fn: (turn: Turn) => number) => spread(rounds.map((turns) => median(turns.map(fn))));
  const share = each(({ fetch, few }) => (few.rate / fetch.rate) * 100);
  const change = each(({ few, many }) => (many.rate / few.rate - 1) * 100);
  return [
    { name: "catch-up, blocks only fetched", unit: "blocks/s", ...each(({ fetch }) => fetch.rate) },
    { name: "  CPU of the process a block", unit: "ms", ...each(({ fetch }) => fetch.cpuMs) },
    { name: `catch-up, ${few.size} watched`, unit: "blocks/s", ...each((turn) => turn.few.rate) },
    { name: "  CPU of the process a block", unit: "ms", ...each((turn) => turn.few.cpuMs) },
    {
      ...{ name: "  against blocks only fetched", unit: "%", ...share },
      ...{ goal: `>= ${leastPercent}`, met: share.median >= leastPercent },
    },
    { name: `catch-up, ${million.size} watched`, unit: "blocks/s", ...each((turn) => turn.many.rate) },
    {
      ...{ name: `  ${million.size} watched against ${few.size}`, unit: "%", ...change },
      ...{ goal: `>= -${mostLossPercent}`, met: change.median >= -mostLossPercent },
    },
  ];
}

/** measureCatchUp measures how quickly a scanner follows a node over loopback, against fetching the blocks alone. */
export async function measureCatchUp(bench: Bench): Promise<Row[]> {
  const small = await keepStore(bench, few);
  const large = await keepStore(bench, million);
  return withNode((url) =>
    withFollower({ url, few: small.dir, many: large.dir }, async (follower) => {
      bench.say("catch-up, warming up");
      await takeTurn(follower, 0);
      const rounds: Turn[][] = [];
      for (let i = 0; i < bench.rounds; i++) {
        bench.say(`catch-up, round ${i + 1}`);
        const round: Turn[] = [];
        for (let turn = 0; turn < turns; turn++) round.push(await takeTurn(follower, turn));
        rounds.push(round);
      }
      return rowsOf(rounds);
    }),
  );
}
