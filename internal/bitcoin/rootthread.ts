import { Worker } from "node:worker_threads";
import type { Clock } from "#internal/clock";
import { messageOf } from "#internal/fault";
import type { Logger } from "#internal/log";
import { rootReader } from "./roots.ts";
import { BadBlock } from "./walk.ts";

/** Bytes are a block's, alone in their memory, so that they can be handed to another thread. */
export type Bytes = Buffer<ArrayBuffer>;

/** RootQuestion is what the thread is sent: the bytes of a block, or that it should end. */
export type RootQuestion = ArrayBuffer | "end";

/** RootAnswer is what it says about a block, in the order of the questions. */
export type RootAnswer = { readonly root: string } | { readonly bad: string };

/** RootThread gives the merkle roots of blocks, computed on a thread of its own as long as it can be had. */
export interface RootThread {
  /**
   * rootOf gives what a `RootReader` gives, and takes the bytes away. `again` brings them once more, for the main
   * thread, should the other one die over them. When the signal aborts, the thread answers what it was asked and ends.
   */
  rootOf(raw: Bytes, again: () => Bytes, signal: AbortSignal): Promise<string>;
}

/** RootThreadOptions are what it needs from outside. */
export interface RootThreadOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** What the thread runs; for tests. */
  readonly file?: string | URL;
}

/** The executable has its files in a place of its own, where no file of a disk can be put. */
const threadFile = import.meta.path.startsWith("/$bunfs/")
  ? "/$bunfs/root/internal/bitcoin/worker.js"
  : new URL("./worker.ts", import.meta.url);

/** A thread of which nothing is heard for so long has nothing to do, or is stuck. */
const quietMs = 60_000;
const lookMs = 10_000;

/** rootThread makes a `RootThread`. The thread is started for the first block, and again after it had nothing to do. */
export function rootThread({ clock, log, file = threadFile }: RootThreadOptions): RootThread {
  const rootHere = rootReader();
  let running: Running | undefined;
  let givenUp = false;

  const end = (thread: Running) => {
    if (running !== thread) return;
    running = undefined;
    thread.end();
    log.debug("the thread for merkle roots ends", { blocks: thread.answers });
  };
  const giveUp = (reason: string) => {
    running = undefined;
    if (!givenUp) log.warn("merkle roots are computed on the main thread from now on", { reason });
    givenUp = true;
  };
  const mind = async (thread: Running) => {
    while (running === thread) {
      await clock.sleep(lookMs, thread.over.signal);
      if (running !== thread || clock.mono() - thread.heardAt < quietMs) continue;
      if (thread.idle()) end(thread);
      else thread.die("its thread does not answer");
    }
  };
  const start = (signal: AbortSignal) => {
    const thread = new Running(file, clock, (reason) => {
      if (running === thread) giveUp(reason);
    });
    running = thread;
    log.debug("merkle roots are computed on a thread of their own");
    signal.addEventListener("abort", () => end(thread), { once: true, signal: thread.over.signal });
    void mind(thread);
    return thread;
  };
  const askThread = async (raw: Bytes, signal: AbortSignal): Promise<RootAnswer | undefined> => {
    try {
      return await (running ?? start(signal)).ask(raw);
    } catch (error) {
      giveUp(messageOf(error));
      return undefined;
    }
  };
  return {
    async rootOf(raw, again, signal) {
      if (givenUp || signal.aborted) return rootHere(raw);
      const answer = await askThread(raw, signal);
      if (answer === undefined) return rootHere(again());
      if ("bad" in answer) throw new BadBlock(answer.bad);
      return answer.root;
    },
  };
}

/** Running is a thread and who waits for its answers, in order. */
class Running {
  /** Aborted when the thread is over, or left alone. */
  readonly over = new AbortController();
  answers = 0;
  heardAt: number;
  readonly #clock: Clock;
  readonly #worker: Worker;
  readonly #waiting: ((answer: RootAnswer | undefined) => void)[] = [];
  readonly #died: (reason: string) => void;

  constructor(file: string | URL, clock: Clock, died: (reason: string) => void) {
    this.#clock = clock;
    this.heardAt = clock.mono();
    this.#died = died;
    this.#worker = new Worker(file);
    this.#worker.on("message", (answer: RootAnswer) => {
      this.heardAt = clock.mono();
      this.answers++;
      this.#waiting.shift()?.(answer);
    });
    this.#worker.on("error", (error: unknown) => this.die(messageOf(error)));
    this.#worker.on("exit", () => this.die("its thread ended"));
    // It never keeps the process from ending.
    this.#worker.unref();
  }

  idle(): boolean {
    return this.#waiting.length === 0;
  }

  ask(raw: Bytes): Promise<RootAnswer | undefined> {
    if (this.idle()) this.heardAt = this.#clock.mono();
    return new Promise((resolve) => {
      this.#worker.postMessage(raw.buffer satisfies RootQuestion, [raw.buffer]);
      this.#waiting.push(resolve);
    });
  }

  /** end lets it answer what it was asked and then end by itself: one that is stopped from outside can take the process along. */
  end(): void {
    this.over.abort();
    this.#worker.postMessage("end" satisfies RootQuestion);
  }

  /** die leaves the thread alone: nobody waits for it any more. */
  die(reason: string): void {
    this.#died(reason);
    this.over.abort();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }
}
