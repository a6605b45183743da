import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Daemon, type DaemonOptions, startDaemon } from "./daemon.ts";
import type { Filling } from "./fill.ts";

/** Bench is what every measurement needs. */
export interface Bench {
  readonly exe: string;
  /** A scratch directory on a real disk: what is measured is made of commits. */
  readonly dir: string;
  readonly rounds: number;
  /** say tells how far the run is. */
  say(text: string): void;
}

/** Kept is a store that is ready to be copied, so that each round begins with the same one. */
export interface Kept {
  readonly dir: string;
  readonly pool: string;
  /** A file with the bound addresses, one a line. */
  readonly list: string;
}

/** Wanted is what a store is to have in it. */
export interface Wanted {
  readonly size: number;
  readonly bound: number;
  /** False for a daemon that pays through a Skycoin node. Without it: true. */
  readonly dummySender?: boolean;
}

/** poolSize is the pool of the measurements that bind: enough for every round. */
export const poolSize = 300_000;

/** million is the store of a large shop: a million addresses are bound, and some are free. */
export const million: Wanted = { size: 1_100_000, bound: 1_000_000 };

/** keepStore makes a store with a pool of so many addresses and so many of them bound; once for all measurements. */
export async function keepStore(bench: Bench, wanted: Wanted): Promise<Kept> {
  const { size, bound, dummySender = true } = wanted;
  const name = `${size}-${bound}-${dummySender}`;
  const kept = {
    dir: join(bench.dir, name),
    pool: join(bench.dir, `${name}.pool`),
    list: join(bench.dir, `${name}.list`),
  };
  if (existsSync(kept.list)) return kept;
  bench.say(`making a store with ${size} addresses, ${bound} of them bound`);
  const filling: Filling = { ...kept, size, bound, dummySender };
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "fill.ts"), JSON.stringify(filling)], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  if ((await child.exited) !== 0) throw new Error("bench: the store cannot be made");
  return kept;
}

/** withDaemon runs a daemon for as long as `fn` takes. */
export async function withDaemon<T>(
  bench: Bench,
  { dir, pool, sky }: Kept & Pick<DaemonOptions, "sky">,
  fn: (daemon: Daemon) => Promise<T>,
): Promise<T> {
  const daemon = await startDaemon({ exe: bench.exe, dir, pool, sky });
  try {
    return await fn(daemon);
  } finally {
    await daemon.stop();
  }
}

/** onCopy runs a daemon that is ready on a fresh copy of a store, which `prepare` may change before, and which is removed afterwards. */
export async function onCopy<T>(
  bench: Bench,
  kept: Kept & Pick<DaemonOptions, "sky"> & { readonly prepare?: (dir: string) => Promise<void> },
  fn: (daemon: Daemon) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(`${kept.dir}-`);
  try {
    cpSync(kept.dir, dir, { recursive: true });
    await kept.prepare?.(dir);
    return await withDaemon(bench, { ...kept, dir }, async (daemon) => {
      await daemon.open();
      return fn(daemon);
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}
