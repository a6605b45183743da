import { dlopen, FFIType } from "bun:ffi";
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Fault } from "#internal/fault";

/** Lock is held until released or until the process ends, however it ends. */
export interface Lock {
  release(): void;
}

const op = "db.lock";
const exclusiveNow = 2 | 4;

function flock(fd: number): boolean {
  // The soname differs between the two C libraries in use on Linux.
  for (const soname of ["libc.so.6", "libc.musl-x86_64.so.1", "libc.so"]) {
    try {
      const libc = dlopen(soname, { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } });
      return libc.symbols.flock(fd, exclusiveNow) === 0;
    } catch {}
  }
  throw new Fault(op, "stop", "no C library with flock found; the store cannot be locked");
}

/**
 * realStorePath follows symlinks in the directory and of the file itself, so that two names of one store meet at
 * one lock. A link to nothing counts as what it points to, because that is the file that LMDB would make.
 */
export function realStorePath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ELOOP") throw error;
    const there = join(realpathSync(dirname(path)), basename(path));
    const target = linkTarget(there);
    return target === undefined ? there : realStorePath(resolve(dirname(there), target));
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** lockStore takes the lock beside the store, or throws a `Fault` (`stop`) that names the process that has it. */
export function lockStore(path: string): Lock {
  const lockPath = `${path}.lock`;
  const fd = openSync(lockPath, "a+", 0o600);
  if (!flock(fd)) {
    const holder = readFileSync(lockPath, "utf8").trim();
    closeSync(fd);
    throw new Fault(
      op,
      "stop",
      `${path} is in use by another teller${holder === "" ? "" : ` (pid ${holder})`}`,
    );
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`);
  return { release: () => closeSync(fd) };
}
