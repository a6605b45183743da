import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { Fault } from "#internal/fault";

/** FileHeader is what the first pages of a store say. */
export interface FileHeader {
  readonly state: "absent" | "empty" | "present";
  readonly pageSize?: number;
}

const op = "db.open";
const metaBytes = 168;
const pageHeaderBytes = 24;
const magic = 0xbeefc0de;
const dataVersion = 2;
const metaPageFlag = 0x08;

/** Where the fields of a meta page lie, counted from the start of the page (lmdb-js 3.5, data version 2). */
const at = {
  flags: 18,
  magic: pageHeaderBytes,
  version: 28,
  pageSize: 48,
  lastPage: 144,
  commit: 152,
} as const;

function refuseFile(path: string, reason: string): Fault {
  return new Fault(op, "stop", `${path}: ${reason}; give another dbfile or restore the store from a copy`);
}

function readMeta(fd: number, path: string, offset: number): Buffer {
  const page = Buffer.alloc(metaBytes);
  if (readSync(fd, page, 0, metaBytes, offset) !== metaBytes)
    throw refuseFile(path, "too short to be a store");
  if (page.readUInt32LE(at.magic) !== magic) throw refuseFile(path, "not a store of teller");
  if ((page.readUInt16LE(at.flags) & metaPageFlag) === 0)
    throw refuseFile(path, "damaged: a header page is missing");
  const version = page.readUInt32LE(at.version) & 0xffff;
  if (version !== dataVersion)
    throw refuseFile(path, `has data version ${version}, this program reads ${dataVersion}`);
  return page;
}

/**
 * inspectHeader looks at a file before LMDB opens it: LMDB kills the process over a file that is
 * not its own. Throws a `Fault` (`stop`) that names the file and what is wrong with it.
 */
export function inspectHeader(path: string): FileHeader {
  if (!existsSync(path)) return { state: "absent" };
  const fd = openSync(path, "r");
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw refuseFile(path, "not a regular file");
    if (stat.size === 0) return { state: "empty" };
    const first = readMeta(fd, path, 0);
    const pageSize = first.readUInt32LE(at.pageSize);
    const powerOfTwo = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
    if (!powerOfTwo) throw refuseFile(path, `damaged: page size ${pageSize}`);
    const second = readMeta(fd, path, pageSize);
    const newest = first.readBigUInt64LE(at.commit) > second.readBigUInt64LE(at.commit) ? first : second;
    const needed = (newest.readBigUInt64LE(at.lastPage) + 1n) * BigInt(pageSize);
    if (BigInt(stat.size) < needed) {
      throw refuseFile(path, `cut off: ${stat.size} bytes, its header speaks of ${needed}`);
    }
    return { state: "present", pageSize };
  } finally {
    closeSync(fd);
  }
}
