import { existsSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "#internal/fault";

const source = join(import.meta.dir, "recorder.c");

/**
 * buildRecorder compiles the recorder into this folder and gives the path of the shared object;
 * undefined where there is no C compiler for Linux. Throws a `Fault` when the compiler fails.
 */
export function buildRecorder(dir: string): string | undefined {
  const cc = Bun.which("cc");
  if (cc === null || process.platform !== "linux") return undefined;
  const library = join(dir, "recorder.so");
  const flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"];
  const made = Bun.spawnSync([cc, ...flags, "-o", library, source, "-ldl"], { stderr: "pipe" });
  if (made.exitCode !== 0 || !existsSync(library))
    throw new Fault("recorder.build", "stop", `the recorder cannot be compiled: ${made.stderr.toString()}`);
  return library;
}

/** recorderEnv gives the environment under which a process is recorded. `file` has no links in it. */
export function recorderEnv(library: string, file: string, log: string): Record<string, string> {
  return { LD_PRELOAD: library, RECORDER_FILE: file, RECORDER_LOG: log };
}
