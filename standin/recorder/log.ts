import { Broken } from "#internal/fault";

/** Kind is what a process did. `…Done` tells that a call came back; the bytes are in the record before it. */
export type Kind =
  | "opened"
  | "write"
  | "writeDone"
  | "sync"
  | "syncDone"
  | "truncate"
  | "truncateDone"
  | "send"
  | "sendDone"
  | "mapped"
  | "closed"
  | "syncFolder"
  | "syncFolderDone";

/** Happening is one record of a log. Its place in the log is its place in time. */
export interface Happening {
  readonly kind: Kind;
  readonly pid: number;
  readonly fd: number;
  /** Number of the call in its process; a call and its `…Done` have the same. */
  readonly call: number;
  /** Offset of a write, length of a truncation. */
  readonly at: number;
  /** What the call gave back; 0 before it did. */
  readonly result: number;
  /** The descriptor was opened with O_DSYNC: a write through it is on disk when it comes back. */
  readonly dsync: boolean;
  /** The descriptor was opened with O_CREAT. */
  readonly create: boolean;
  readonly bytes: Buffer;
}

const kinds: Readonly<Record<number, Kind>> = {
  1: "opened",
  2: "write",
  3: "sync",
  4: "truncate",
  5: "send",
  6: "mapped",
  7: "closed",
  8: "syncFolder",
  102: "writeDone",
  103: "syncDone",
  104: "truncateDone",
  105: "sendDone",
  108: "syncFolderDone",
};

/** Offsets of the fields of `struct record` in recorder.c. */
const head = { kind: 0, pid: 4, fd: 8, flags: 12, call: 16, at: 24, result: 32, length: 40, size: 48 };
const dsyncFlag = 1;
const createFlag = 2;

/** readLog takes a log apart. A last record that was cut off, by a kill, is left out. */
export function readLog(log: Buffer): Happening[] {
  const happenings: Happening[] = [];
  for (let from = 0; from + head.size <= log.length; ) {
    const length = Number(log.readBigUInt64LE(from + head.length));
    const end = from + head.size + length;
    if (end > log.length) break;
    const kind = kinds[log.readUInt32LE(from + head.kind)];
    if (kind === undefined) throw new Broken(`recorder: no record begins at byte ${from} of the log`);
    const flags = log.readUInt32LE(from + head.flags);
    happenings.push({
      kind,
      pid: log.readUInt32LE(from + head.pid),
      fd: log.readUInt32LE(from + head.fd),
      call: Number(log.readBigUInt64LE(from + head.call)),
      at: Number(log.readBigInt64LE(from + head.at)),
      result: Number(log.readBigInt64LE(from + head.result)),
      dsync: (flags & dsyncFlag) !== 0,
      create: (flags & createFlag) !== 0,
      bytes: log.subarray(from + head.size, end),
    });
    from = end;
  }
  return happenings;
}
