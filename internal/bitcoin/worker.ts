/**
 * worker: the entry point of the thread that computes merkle roots, see `rootthread.ts`. The executable has it as a
 * file of its own (`scripts/build.ts`).
 */
import { parentPort } from "node:worker_threads";
import type { RootAnswer, RootQuestion } from "./rootthread.ts";
import { rootReader } from "./roots.ts";
import { BadBlock } from "./walk.ts";

const rootOf = rootReader();

function answerTo(raw: Uint8Array): RootAnswer {
  try {
    return { root: rootOf(raw) };
  } catch (error) {
    // Whatever else goes wrong ends this thread, and the main thread finds out what it was.
    if (!(error instanceof BadBlock)) throw error;
    return { bad: error.message };
  }
}

parentPort?.on("message", (question: RootQuestion) => {
  if (question === "end") parentPort?.close();
  else parentPort?.postMessage(answerTo(new Uint8Array(question)));
});
