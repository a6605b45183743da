import type { Random } from "../bench/random.ts";
import type { KillChains } from "./kill_chains.ts";
import type { Post, Running } from "./kill_process.ts";

/** Pace is how the kills are spread, in milliseconds. */
export interface Pace {
  /** After its start, without waiting for an answer. */
  readonly early: number;
  /** After it answers. */
  readonly late: number;
  /** How long a crash point is waited for. */
  readonly point: number;
  readonly block: number;
  readonly settle: number;
}

/** quick is the pace for quick blocks, slow that for a stock node, which takes ten seconds for one. */
export const quick: Pace = { early: 400, late: 900, point: 1500, block: 400, settle: 120_000 };
export const slow: Pace = { early: 2000, late: 12_000, point: 15_000, block: 2000, settle: 400_000 };
/** A teller answers within so long after its start, or something is wrong. */
export const startMs = 20_000;

/** What may go wrong with the node without a reason to hold anything. */
const faults = [
  "inject-503-after",
  "inject-503-before",
  "inject-500-after",
  "inject-refuse",
  "inject-refuse-after",
  "inject-drop-before",
  "inject-drop-after",
  "inject-cut-after",
  "inject-garbage-after",
  "inject-wrong-txid",
  "verify-drop",
  "transaction-404",
  "outputs-500",
  "any-500",
  "any-503",
  "any-drop",
  "any-cut",
];

/** Tally is what the logs tell over all lives. */
export class Tally {
  readonly deaths: Record<string, number> = {};
  readonly problems: string[] = [];
  replaced = 0;
  /** Kills at which a payout was signed and not yet known to be confirmed. */
  whilePaying = 0;
  #newest = 0;
  #confirmed = 0;

  died(how: string): void {
    this.deaths[how] = (this.deaths[how] ?? 0) + 1;
    if (this.#newest > this.#confirmed) this.whilePaying += 1;
  }

  /** A kill may take the line about a payout with it; a later line about the same one makes up for it. */
  read(log: string): void {
    for (const [, what, seq] of log.matchAll(/msg="payout (signed|sent|replaced|confirmed)" payout=(\d+)/g)) {
      this.#newest = Math.max(this.#newest, Number(seq));
      if (what === "confirmed") this.#confirmed = Math.max(this.#confirmed, Number(seq));
      if (what === "replaced") this.replaced += 1;
    }
  }
}

/** Stage is where lives are lived. */
export interface Stage {
  readonly chains: KillChains;
  readonly post: Post;
  readonly random: Random;
  readonly pace: Pace;
  readonly points: readonly string[];
  readonly tally: Tally;
}

/** liveAndDie is one life: it starts, does what it comes to, and is killed at a random moment or at a named point. */
export async function liveAndDie(stage: Stage): Promise<void> {
  const { chains, post, random, points, tally } = stage;
  const paused = random(4) === 0;
  await chains.command(paused ? "pause" : "resume", {});
  if (random(10) === 0) {
    const name = faults[random(faults.length)];
    await chains.command("fault", { name, times: 1 + random(3) });
  }
  const kind = random(100);
  const point = kind < 40 ? points[random(points.length)] : undefined;
  const running = point === undefined ? post.start() : post.start("--crash-at", point);
  const strangers = paused && random(2) === 0 ? blocksOfOthers(chains, running) : undefined;
  // It may fail long before it is awaited.
  strangers?.catch(() => {});
  const how = await untilDeath(stage, running, kind < 55 ? (point ?? "starting") : "under load");
  const exit = await running.kill();
  await strangers;
  const log = await post.news();
  tally.read(log);
  tally.died(how);
  if (exit.signal === "SIGKILL" && how !== "not answering") return;
  tally.problems.push(`${how}: it ended with ${JSON.stringify(exit)}:\n${lastWords(log)}`);
}

/** untilDeath waits as long as this life is to last, and tells what ended it. */
async function untilDeath({ random, pace }: Stage, running: Running, wanted: string): Promise<string> {
  if (wanted === "starting") {
    await endsWithin(running, random(pace.early));
    return wanted;
  }
  if (wanted !== "under load") return (await endsWithin(running, pace.point)) ? wanted : "no crash point";
  const answers = await running.answering(startMs);
  await endsWithin(running, random(pace.late));
  return answers ? wanted : "not answering";
}

const strangerMs = 100;

/** Blocks without our payout: it is late, and gets a replacement. */
async function blocksOfOthers(chains: KillChains, running: Running): Promise<void> {
  while (!running.ended()) {
    await chains.command("foreign", { seconds: 600 });
    await endsWithin(running, strangerMs);
  }
}

function lastWords(log: string): string {
  return log
    .trim()
    .split("\n")
    .slice(-4)
    .map((line) => line.slice(0, 400))
    .join("\n");
}

async function endsWithin(running: Running, ms: number): Promise<boolean> {
  return Promise.race([running.exited.then(() => true), Bun.sleep(ms).then(() => false)]);
}
