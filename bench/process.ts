import { readFileSync } from "node:fs";

/** cpuSeconds is the processor time that all threads of a process have used. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  // Linux counts in hundredths of a second (proc(5), utime and stime).
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** rssAnonMb is the memory that belongs to the process alone, in megabytes (10^6 bytes). */
export function rssAnonMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return (Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6;
}

/** writtenBytes counts what the process has handed to write calls: the store's pages and the log; no sockets. */
export function writtenBytes(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
}

/** saidBy waits until a child has printed what the pattern finds, and gives that. Throws when it ends before. */
export async function saidBy(
  child: { readonly stdout: ReadableStream<Uint8Array> },
  pattern: RegExp,
): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  const reader = child.stdout.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`bench: a process ended before it said ${pattern}:\n${text.slice(-4000)}`);
    text += decoder.decode(value, { stream: true });
    const found = pattern.exec(text)?.[1];
    if (found === undefined) continue;
    reader.releaseLock();
    return found;
  }
}
