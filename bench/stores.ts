import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bitcoinAddresses } from "./addresses.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import type { Loader } from "./loader.ts";

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
}

/** poolSize is the pool of the measurements that bind: enough for every round. */
export const poolSize = 300_000;

/** keepPool makes a store into which a pool of so many addresses was imported, and which reached the tip. */
export async function keepPool(bench: Bench, size: number): Promise<Kept> {
  const pool = join(bench.dir, `pool-${size}.txt`);
  const dir = join(bench.dir, `pool-${size}`);
  const kept = { dir, pool };
  if (existsSync(pool)) return kept;
  bench.say(`importing a pool of ${size} addresses`);
  writeFileSync(pool, `${bitcoinAddresses(size).join("\n")}\n`);
  await withDaemon(bench, kept, (daemon) => daemon.said("scanner reached the tip"));
  return kept;
}

/** keepBound makes a store with so many bindings, each for another Skycoin address; the load process remembers them. */
export async function keepBound(bench: Bench, load: Loader, from: Kept, count: number): Promise<Kept> {
  const dir = join(bench.dir, `bound-${count}`);
  cpSync(from.dir, dir, { recursive: true });
  bench.say(`binding ${count} addresses`);
  const kept = { dir, pool: from.pool };
  await withDaemon(bench, kept, async (daemon) => {
    await daemon.said("scanner started");
    await load.run({ kind: "bind", url: daemon.publicUrl, clients: 64, count, seed: 1 });
  });
  return kept;
}

/** withDaemon runs a daemon for as long as `fn` takes. */
export async function withDaemon<T>(
  bench: Bench,
  { dir, pool }: Kept,
  fn: (daemon: Daemon) => Promise<T>,
): Promise<T> {
  const daemon = await startDaemon(bench.exe, dir, pool);
  try {
    return await fn(daemon);
  } finally {
    await daemon.stop();
  }
}

/** onCopy runs a daemon that is ready on a fresh copy of a store, which is removed afterwards. */
export async function onCopy<T>(bench: Bench, kept: Kept, fn: (daemon: Daemon) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(`${kept.dir}-`);
  try {
    cpSync(kept.dir, dir, { recursive: true });
    return await withDaemon(bench, { dir, pool: kept.pool }, async (daemon) => {
      await daemon.said("scanner started");
      return fn(daemon);
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}
