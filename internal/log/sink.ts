import { closeSync, openSync, writeSync } from "node:fs";

/** Sink takes whole lines for one file descriptor. It never throws for a full disk or a reader that went away. */
export interface Sink {
  /** write hands so many lines (one unless told) to the system before it returns, or keeps them for the next try. */
  write(lines: string, count?: number): void;
  /** reopen opens the path again and goes on there. On failure it keeps the old file and throws. */
  reopen(): void;
  close(): void;
}

/** At most so many bytes wait for a descriptor that takes nothing now; what comes on top is lost and counted. */
const waitingLimit = 1 << 20;

/** Target is where a sink writes: a descriptor that belongs to somebody else, or a file of its own. */
export type Target = { readonly fd: number } | { readonly path: string };

/**
 * openSink makes a sink. A file is created with mode 0600 and appended to; that may throw.
 * `lossLine` makes the line that tells how many lines were lost before it.
 */
export function openSink(target: Target, lossLine: (lost: number) => string): Sink {
  let fd = "fd" in target ? target.fd : openLog(target.path);
  let waiting: Uint8Array = new Uint8Array(0);
  let lost = 0;
  let closed = false;

  /** flush writes what waits, and keeps what the descriptor does not take. */
  const flush = () => {
    const [written, fault] = writeAll(fd, waiting);
    waiting = waiting.subarray(written);
    if (fault === "EPIPE" || fault === "EBADF") waiting = new Uint8Array(0);
  };
  const add = (lines: string) => {
    const bytes = Buffer.from(lines);
    waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes]);
    flush();
  };

  return {
    write(lines, count = 1) {
      if (closed) return;
      if (waiting.length > 0) flush();
      if (waiting.length + lines.length > waitingLimit) {
        lost += count;
        return;
      }
      if (lost > 0 && waiting.length === 0) {
        const before = lost;
        lost = 0;
        add(lossLine(before));
      }
      add(lines);
    },
    reopen() {
      if (closed || !("path" in target)) return;
      const next = openLog(target.path);
      flush();
      closeSync(fd);
      fd = next;
    },
    close() {
      if (closed) return;
      flush();
      closed = true;
      if ("path" in target) closeSync(fd);
    },
  };
}

function openLog(path: string): number {
  return openSync(path, "a", 0o600);
}

/** writeAll writes as much as the descriptor takes; it gives that number of bytes, and why it stopped early. */
function writeAll(fd: number, bytes: Uint8Array): readonly [number, string | undefined] {
  let done = 0;
  try {
    while (done < bytes.length) done += writeSync(fd, bytes, done);
    return [done, undefined];
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return [done, code];
  }
}
