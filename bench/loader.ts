import { join } from "node:path";
import type { Done, Job } from "./load.ts";

/** Loader is the load process. */
export interface Loader {
  /** run lets it do a job. Throws when an answer was not 200: then the figure would mean nothing. */
  run(job: Job): Promise<Done>;
}

/** withLoader runs a load process for as long as `fn` takes. */
export async function withLoader<T>(fn: (load: Loader) => Promise<T>): Promise<T> {
  const load = startLoader();
  try {
    return await fn(load);
  } finally {
    await load.stop();
  }
}

function startLoader(): Loader & { stop(): Promise<void> } {
  let answer: (done: Done) => void = () => {};
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "load.ts")], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    ipc: (message: Done) => answer(message),
  });
  return {
    async run(job) {
      const coming = new Promise<Done>((resolve) => {
        answer = resolve;
      });
      child.send(job);
      const done = await Promise.race([coming, child.exited]);
      if (typeof done === "number") throw new Error(`bench: the load process ended with ${done}`);
      if (done.refused > 0) {
        throw new Error(`bench: ${done.refused} of ${done.count} requests refused:\n${done.firstRefused}`);
      }
      return done;
    },
    async stop() {
      child.disconnect();
      await child.exited;
    },
  };
}
