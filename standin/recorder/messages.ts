import { Broken } from "#internal/fault";
import type { Happening } from "./log.ts";

/** Message is an HTTP message that a process sent, request or answer. */
export interface Message {
  /** Its first line. */
  readonly start: string;
  readonly body: string;
  /** Place in the log of the call that its last byte went out with: from there on it has left. */
  readonly left: number;
}

interface Stream {
  readonly parts: Buffer[];
  /** Where each part ends in the stream, and its place in the log. */
  readonly ends: { readonly end: number; readonly place: number }[];
  length: number;
}

/**
 * messagesOf puts together every HTTP message that was sent, in the order in which they left. A message that
 * was cut off is left out. Throws `Broken` for what is no plain HTTP/1.1 with lengths.
 */
export function messagesOf(log: readonly Happening[]): Message[] {
  return streamsOf(log)
    .flatMap(messagesIn)
    .sort((a, b) => a.left - b.left);
}

function streamsOf(log: readonly Happening[]): Stream[] {
  const taken = new Map<string, number>();
  for (const { kind, pid, call, result } of log) {
    if (kind === "sendDone" && result > 0) taken.set(`${pid}:${call}`, result);
  }
  const open = new Map<string, Stream>();
  const all: Stream[] = [];
  for (const [place, { kind, pid, fd, call, bytes }] of log.entries()) {
    const name = `${pid}:${fd}`;
    if (kind === "closed") open.delete(name);
    const count = kind === "send" ? (taken.get(`${pid}:${call}`) ?? 0) : 0;
    if (count === 0) continue;
    const stream = open.get(name) ?? { parts: [], ends: [], length: 0 };
    if (!open.has(name)) all.push(stream);
    open.set(name, stream);
    stream.length += count;
    stream.parts.push(bytes.subarray(0, count));
    stream.ends.push({ end: stream.length, place });
  }
  return all;
}

const blank = "\r\n\r\n";

function messagesIn({ parts, ends }: Stream): Message[] {
  const bytes = Buffer.concat(parts);
  const messages: Message[] = [];
  for (let from = 0; from < bytes.length; ) {
    const headEnd = bytes.indexOf(blank, from);
    if (headEnd < 0) break;
    const head = bytes.toString("latin1", from, headEnd);
    if (!/^[^\r\n]*HTTP\/1\.1/.test(head) || /^transfer-encoding:/im.test(head))
      throw new Broken(`recorder: no plain HTTP was sent: ${head.slice(0, 200)}`);
    const start = headEnd + blank.length;
    const end = start + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const left = ends.find((part) => part.end >= end)?.place;
    if (left === undefined) break;
    messages.push({ start: head.split("\r\n", 1)[0] ?? "", body: bytes.toString("utf8", start, end), left });
    from = end;
  }
  return messages;
}
