import type { Clock } from "#internal/clock";
import { Broken } from "#internal/fault";

/** Part is something that runs until the signal aborts. */
export interface Part {
  readonly name: string;
  /** run resolves only after the signal aborted; ending earlier, or throwing, ends the process. */
  run(signal: AbortSignal): Promise<void>;
}

/** PartFailure names the part that ended first, and why. */
export interface PartFailure {
  readonly part: string;
  readonly cause: unknown;
}

/** Supervisor watches parts that are running. */
export interface Supervisor {
  /** stop asks every part to end. */
  stop(): void;
  /** failed resolves when a part ends although nobody asked; it stays pending otherwise. */
  readonly failed: Promise<PartFailure>;
  /** ended resolves to true when all parts have ended, or to false when the deadline came first. */
  ended(deadlineMs: number): Promise<boolean>;
}

/** supervise starts all parts and watches them. When one fails, the others are asked to stop. */
export function supervise(parts: readonly Part[], clock: Clock): Supervisor {
  const controller = new AbortController();
  let report: (failure: PartFailure) => void = () => {};
  const failed = new Promise<PartFailure>((resolve) => {
    report = resolve;
  });
  const watch = async (part: Part) => {
    try {
      await part.run(controller.signal);
      if (!controller.signal.aborted) throw new Broken(`${part.name} ended although nobody asked`);
    } catch (cause) {
      if (!controller.signal.aborted || cause instanceof Broken) report({ part: part.name, cause });
      controller.abort();
    }
  };
  const all = Promise.all(parts.map(watch));
  return {
    failed,
    stop: () => controller.abort(),
    async ended(deadlineMs) {
      const late = new AbortController();
      const ended = await Promise.race([
        all.then(() => true),
        clock.sleep(deadlineMs, late.signal).then(() => false),
      ]);
      late.abort();
      return ended;
    },
  };
}
