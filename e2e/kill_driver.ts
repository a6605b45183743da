import { storedStatuses } from "#internal/book";
import { seeded } from "../bench/random.ts";
import { binary, get, readStore } from "./daemon.ts";
import { compare, customersOf, readBooks, readLedger, type Verdict } from "./kill_books.ts";
import { type KillChains, startKillChains } from "./kill_chains.ts";
import { bindingsFor, type Load, newLoad } from "./kill_load.ts";
import { liveAndDie, quick, type Stage, slow, startMs, Tally } from "./kill_lives.ts";
import { newPost, type Post, type Running } from "./kill_process.ts";

/**
 * Kills the executable again and again while customers bind and pay, and compares the books of both
 * sides at the end. The seed fixes what is done and after how long; what the machine makes of it
 * differs from run to run.
 */

/** KillOptions say how long and how hard. */
export interface KillOptions {
  readonly kills: number;
  readonly deposits: number;
  readonly seed: number;
  readonly btcdBin: string;
  /** A stock Skycoin node to be used in place of the stand-in; its blocks take ten seconds. */
  readonly skycoinBin?: string | undefined;
  /** tell is called with a line now and then. */
  readonly tell?: (line: string) => void;
}

/** KillReport is what came of it. */
export interface KillReport {
  readonly kills: number;
  readonly deposits: number;
  readonly lost: number;
  readonly doubled: number;
  readonly seed: number;
  /** Everything that is wrong; empty when all is well. */
  readonly problems: readonly string[];
  /** How often the executable died at each crash point, and how often between them. */
  readonly deaths: Readonly<Record<string, number>>;
  readonly payouts: number;
  readonly replaced: number;
  /** Kills at which a payout was signed and not yet known to be confirmed. */
  readonly whilePaying: number;
  /** The folder with stores and logs; kept when something is wrong. */
  readonly dir: string;
}

/** After so many lives that ended otherwise than by a kill there is no use in going on. */
const mostProblems = 5;

/** killAndCompare runs the whole thing. It throws when the chains or the traffic fail, not when money does. */
export async function killAndCompare(options: KillOptions): Promise<KillReport> {
  const { kills, deposits, seed } = options;
  const pace = options.skycoinBin === undefined ? quick : slow;
  const chains = await startKillChains({
    btcdBin: options.btcdBin,
    skycoinBin: options.skycoinBin,
    // Each kill may take answers to bindings with it.
    pool: 2 * bindingsFor(deposits) + 2 * kills,
    confirmations: 2,
  });
  let keep = true;
  try {
    const post = newPost(chains, seeded(seed));
    const load = newLoad({ chains, post, deposits, random: seeded(seed + 1), blockMs: pace.block });
    const points = Bun.spawnSync([binary(), "--crash-points"]).stdout.toString().trim().split("\n");
    const tally = new Tally();
    const stage = { chains, post, random: seeded(seed + 2), pace, points, tally };
    await underLoad(stage, load, options);
    const verdict = await judge(chains, load);
    const report = reportOf({ options, tally, verdict, load, dir: chains.dir });
    keep = report.problems.length > 0;
    return report;
  } finally {
    await chains.close(keep);
  }
}

/** underLoad kills while the traffic goes on, then lets the last one finish its work and end in good order. */
async function underLoad(stage: Stage, load: Load, options: KillOptions): Promise<void> {
  const { post, tally, pace } = stage;
  const { kills, deposits, tell } = options;
  const stop = new AbortController();
  let killed = 0;
  const broken: unknown[] = [];
  const traffic = load
    .run(() => Math.min(1, (killed + 1) / kills), stop.signal)
    .catch((error: unknown) => {
      broken.push(error);
    });
  let running: Running | undefined;
  try {
    for (; killed < kills; killed++) {
      if (broken.length > 0) throw broken[0];
      await liveAndDie(stage);
      if (tally.problems.length > mostProblems) throw new Error(tally.problems.join("\n"));
      if (killed % 100 === 99) tell?.(`${killed + 1} kills, ${load.sent.length} deposits sent`);
    }
    await stage.chains.command("resume", {});
    running = post.start();
    if (!(await running.answering(startMs))) tally.problems.push("the last one does not answer");
    const settled = () => isSettled(post, load, deposits);
    if (!(await within(pace.settle, settled, () => broken.length > 0 || running?.ended() === true)))
      tally.problems.push("not everything is done in time");
  } finally {
    stop.abort();
    await traffic;
    await running?.stop();
  }
  if (broken.length > 0) throw broken[0];
  const exit = await running.exited;
  if (exit.code !== 0) tally.problems.push(`told to stop, it ended with ${JSON.stringify(exit)}`);
  tally.read(await post.news());
}

const pollMs = 100;

async function within(ms: number, test: () => Promise<boolean>, hopeless: () => boolean): Promise<boolean> {
  const late = performance.now() + ms;
  while (performance.now() < late && !hopeless()) {
    if (await test()) return true;
    await Bun.sleep(pollMs);
  }
  return false;
}

/** Everything that we sent is in the books, and nothing waits any more. */
async function isSettled(post: Post, load: Load, deposits: number): Promise<boolean> {
  if (load.sent.length < deposits) return false;
  const some = async (query: string) => {
    const url = `${post.adminUrl}/api/deposits?limit=1&${query}`;
    return (await get<{ deposits: unknown[] }>(url)).deposits.length > 0;
  };
  if (!(await some(`after=${deposits - 1}`))) return false;
  for (const status of storedStatuses) {
    if (status !== "done" && (await some(`status=${status}`))) return false;
  }
  return true;
}

interface Judged {
  readonly verdict: Verdict;
  readonly payouts: number;
}

async function judge(chains: KillChains, load: Load): Promise<Judged> {
  const books = await readStore(chains.dir, (reader) => readBooks(reader, load));
  const { payouts } = books;
  const ledger = await readLedger(chains.node, {
    customers: customersOf(load),
    payouts,
    funded: chains.funded,
  });
  return { verdict: compare(load, books, ledger), payouts: payouts.length };
}

function reportOf(found: {
  options: KillOptions;
  tally: Tally;
  verdict: Judged;
  load: Load;
  dir: string;
}): KillReport {
  const { options, tally, verdict, load, dir } = found;
  return {
    kills: options.kills,
    deposits: load.sent.length,
    lost: verdict.verdict.lost.size,
    doubled: verdict.verdict.doubled.size,
    seed: options.seed,
    problems: [...verdict.verdict.problems, ...tally.problems, ...load.complaints],
    deaths: tally.deaths,
    payouts: verdict.payouts,
    replaced: tally.replaced,
    whilePaying: tally.whilePaying,
    dir,
  };
}

/** summary is the report in two lines, and what is wrong below them. */
export function summary(report: KillReport): string {
  const { kills, deposits, lost, doubled, seed, problems } = report;
  const deaths = Object.entries(report.deaths).sort(([a], [b]) => (a < b ? -1 : 1));
  const shown = 40;
  return [
    `kills=${kills} deposits=${deposits} lost=${lost} doubled=${doubled} seed=${seed}`,
    `payouts=${report.payouts} replaced=${report.replaced} while_paying=${report.whilePaying} deaths: ${deaths
      .map(([how, times]) => `${how} ${times}`)
      .join(", ")}`,
    ...problems.slice(0, shown),
    ...(problems.length > shown ? [`and ${problems.length - shown} more`] : []),
    ...(problems.length > 0 ? [`see ${report.dir}`] : []),
  ].join("\n");
}
