import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** PidFile is a written pid file. */
export interface PidFile {
  /** remove deletes the file if it still names the process that wrote it. It never throws. */
  remove(): void;
}

/**
 * writePidFile writes the decimal pid, without a newline, with mode 0644 (`spec/teller.md §1.5`). A reader
 * sees the old file or the whole new one. Missing directories are made. Throws when it cannot be written.
 * It is no lock: call it while holding the one of the store.
 */
export function writePidFile(path: string, pid: number = process.pid): PidFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const draft = `${path}.${pid}.new`;
  try {
    writeFileSync(draft, String(pid));
    chmodSync(draft, 0o644);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  return {
    remove() {
      try {
        if (readFileSync(path, "utf8").trim() === String(pid)) rmSync(path);
      } catch {
        // A file that is gone or not ours to delete is as good as removed.
      }
    },
  };
}
