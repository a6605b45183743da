import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Disk, type Happening, keepsPromises, type Random, type Trust } from "../standin/recorder/mod.ts";
import type { Look } from "./powercut_child.ts";
import type { Fact } from "./powercut_world.ts";

/** Power cuts, played from a log: the store is rebuilt as each might have left it, and looked at. */

/** Cuts says how many power cuts are played and what the disk is worth. */
export interface Cuts {
  readonly log: readonly Happening[];
  readonly facts: readonly Fact[];
  readonly count: number;
  readonly random: Random;
  readonly trust?: Trust;
}

/** Outcome is what was found: how many stores were looked at, and what is wrong with which. */
export interface Outcome {
  readonly looked: number;
  readonly problems: readonly string[];
  /** Facts that had left, over all cuts. */
  readonly facts: number;
}

const child = join(import.meta.dir, "powercut_child.ts");
/** Stores of one child; they lie in memory, so not too many at a time. */
const atOnce = 50;
const childMs = 60_000;
const children = 2;

/** playCuts plays power cuts at random points. */
export async function playCuts({ log, facts, count, random, trust = keepsPromises }: Cuts): Promise<Outcome> {
  const points = Array.from({ length: count }, () => pointIn(log, facts, random)).sort((a, b) => a - b);
  const disk = new Disk(trust);
  let at = 0;
  const outcome = { looked: 0, problems: [] as string[], facts: 0 };
  for (let first = 0; first < points.length; first += atOnce) {
    const dir = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "teller-cuts-"));
    try {
      const cuts = points.slice(first, first + atOnce).map((point, i) => {
        for (; at < point; at++) disk.step(log[at] as Happening);
        const path = join(dir, `${i}`, "teller.db");
        mkdirSync(join(dir, `${i}`));
        const left = disk.cut(random);
        if (left !== undefined) writeFileSync(path, left);
        return { path, point, facts: facts.filter(({ left }) => left < point).length };
      });
      const found = await lookAtAll(dir, { facts, cuts });
      outcome.looked += found.size;
      for (const [i, words] of found) {
        outcome.facts += cuts[i]?.facts ?? 0;
        if (words !== "") outcome.problems.push(`cut at ${cuts[i]?.point} of ${log.length}: ${words}`);
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  }
  return outcome;
}

/** pointIn chooses when the power goes: at any time, or, half of the times, just when something has left. */
function pointIn(log: readonly Happening[], facts: readonly Fact[], random: Random): number {
  const fact = random(2) === 0 ? facts[random(facts.length)] : undefined;
  return fact === undefined ? random(log.length + 1) : fact.left + 1;
}

/** lookAtAll lets children look at every store, one child for each processor of a small machine. Empty words are good. */
async function lookAtAll(dir: string, look: Look): Promise<Map<number, string>> {
  const job = join(dir, "job.json");
  writeFileSync(job, JSON.stringify(look));
  const found = new Map<number, string>();
  const lanes = Array.from({ length: children }, (_, lane) => lookAt(job, lane, look.cuts.length, found));
  await Promise.all(lanes);
  return found;
}

/** lookAt has one child look at every so manieth store; where a store takes its reader down, that is told, and another goes on. */
async function lookAt(job: string, lane: number, count: number, found: Map<number, string>): Promise<void> {
  for (let next = lane; next < count; ) {
    const run = Bun.spawn([process.execPath, child, job, `${next}`, `${children}`], {
      stdout: "pipe",
      stderr: "ignore",
      timeout: childMs,
      killSignal: "SIGKILL",
    });
    const said = await new Response(run.stdout).text();
    await run.exited;
    if (said === "") throw new Error("a child said nothing");
    for (const [, verdict, i, words = ""] of said.matchAll(/^(looking|fine|bad) (\d+)(?: (.*))?$/gm)) {
      next = Number(i) + children;
      if (verdict === "looking") found.set(Number(i), `its reader died (${run.signalCode ?? run.exitCode})`);
      else found.set(Number(i), verdict === "fine" ? "" : words);
    }
  }
}
