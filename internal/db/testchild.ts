import { writeSync } from "node:fs";
import { messageOf } from "#internal/fault";
import { bucket, commitFailure, openStore, type Store } from "./mod.ts";

/** childPath is this file, to be run in a process of its own: `bun testchild.ts MODE PATH...`. */
export const childPath = import.meta.path;

/** left and right always get the same rows, so that a torn transaction shows. */
export const left = bucket<number, number>("left", Number);
export const right = bucket<number, number>("right", Number);

const say = (line: string) => writeSync(1, `${line}\n`);
const buckets = [left, right];
const put = (store: Store, n: number) =>
  store.write((tx) => {
    tx.put(left, n, n);
    tx.put(right, n, n);
  });

/** Opens each path and tells what came of it. */
async function openEach(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    say(`trying ${path}`);
    try {
      const store = openStore(path, buckets);
      say(
        store.created
          ? "created"
          : `rows ${store.read((reader) => reader.keys(left, { limit: 100 })).length}`,
      );
      await store.close();
    } catch (error) {
      say(`refused ${error instanceof Error ? error.name : ""}: ${messageOf(error)}`);
    }
  }
}

/** Holds the store open until it is killed. */
async function hold(path: string): Promise<void> {
  openStore(path, buckets);
  say("open");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

/** Writes from many sides at once and tells each row that is on disk, until it is killed. */
async function writeOn(path: string): Promise<void> {
  const store = openStore(path, buckets);
  let next = store.read((reader) => reader.keys(left, { reverse: true, limit: 1 }))[0] ?? 0;
  const writer = async () => {
    for (;;) {
      next += 1;
      const n = next;
      await put(store, n);
      say(`ack ${n}`);
    }
  };
  await Promise.all(Array.from({ length: 12 }, writer));
}

/** Makes three writes, one after the other, and tells when each begins and when it is acknowledged. */
async function threeWrites(path: string): Promise<void> {
  const store = openStore(path, buckets);
  for (let n = 1; n <= 3; n++) {
    say(`begin ${n}`);
    await put(store, n);
    say(`ack ${n}`);
  }
  await store.close();
}

/** Makes three hundred writes at once. */
async function burst(path: string): Promise<void> {
  const store = openStore(path, buckets);
  await put(store, 0);
  say("begin burst");
  await Promise.all(Array.from({ length: 300 }, (_, i) => put(store, i + 1)));
  say("ack burst");
  await store.close();
}

/** Writes until the disk fails (whoever started this makes it fail), and tells what that does to a store. */
async function untilFailure(path: string): Promise<void> {
  process.on("unhandledRejection", (reason) => say(`unhandled ${messageOf(reason)}`));
  const store = openStore(path, buckets);
  void store.failed.then((error) => say(`failed ${messageOf(error)}`));
  let broken = false;
  for (let round = 0; round < 20 && !broken; round++) {
    const numbers = Array.from({ length: 8 }, (_, i) => round * 8 + i + 1);
    const settled = await Promise.allSettled(numbers.map((n) => put(store, n)));
    for (const [i, one] of settled.entries()) {
      if (one.status === "fulfilled") say(`ack ${numbers[i]}`);
      else say(`rejected ${numbers[i]} ${one.reason instanceof Error ? one.reason.name : ""}`);
      broken ||= one.status === "rejected";
    }
  }
  await put(store, 999).catch((error: unknown) => say(`then ${messageOf(error)}`));
  await store.close();
  say("closed");
}

/** Writes from many sides, each until it is refused, and tells what nobody caught. */
async function untilFull(path: string): Promise<void> {
  process.on("unhandledRejection", (reason) => {
    const failure = commitFailure(reason);
    say(failure === undefined ? `unhandled ${messageOf(reason)}` : `unheld ${messageOf(failure)}`);
  });
  const store = openStore(path, buckets);
  void store.failed.then((error) => say(`failed ${messageOf(error)}`));
  let next = 3;
  const writer = async () => {
    while (next < 10_000) {
      next += 1;
      const n = next;
      try {
        await put(store, n);
      } catch (error) {
        say(`rejected ${n} ${messageOf(error)}`);
        return;
      }
      say(`ack ${n}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, writer));
  // lmdb's own promise is rejected by its next attempt to write.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await store.close();
}

const modes: Readonly<Record<string, (paths: readonly string[]) => Promise<void>>> = {
  open: openEach,
  hold: ([path = ""]) => hold(path),
  write: ([path = ""]) => writeOn(path),
  three: ([path = ""]) => threeWrites(path),
  burst: ([path = ""]) => burst(path),
  fail: ([path = ""]) => untilFailure(path),
  full: ([path = ""]) => untilFull(path),
};

if (import.meta.main) {
  const [mode = "", ...paths] = process.argv.slice(2);
  await modes[mode]?.(paths);
}
