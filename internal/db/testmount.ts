import { dlopen, FFIType, ptr } from "bun:ffi";
import { spawnSync } from "node:child_process";
import { openSync, read, writeSync } from "node:fs";
import { promisify } from "node:util";
import { childPath } from "./testchild.ts";

/**
 * Real mounts in a mount namespace of their own, which is gone with its process. A mount of a `fuse.…` type is
 * a file system of this process that knows its root folder and nothing else: to the kernel it is as real as sshfs.
 */

/** unshared begins a command in a mount namespace of its own; as somebody else than root in a user namespace too. */
const unshared = process.getuid?.() === 0 ? ["unshare", "-m"] : ["unshare", "-rm"];

/** mountsHere tells whether this machine lets us mount something, FUSE included. */
export function mountsHere(): boolean {
  const [command = "", ...flags] = unshared;
  const tried = spawnSync(command, [...flags, "sh", "-c", "mount -t tmpfs none /mnt && : <>/dev/fuse"]);
  return tried.status === 0;
}

/** onMount mounts a file system of this type at a folder, opens a store there, and gives what that said. */
export async function onMount(type: string, folder: string, store: string): Promise<string> {
  const child = Bun.spawn([...unshared, process.execPath, import.meta.path, type, folder, store], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  const said = await child.stdout.text();
  await child.exited;
  return said;
}

const opcodes = { lookup: 1, getattr: 3, statfs: 17, init: 26, forget: 2, batchForget: 42 };
const noEntry = -2;
const noSuchCall = -38;
const requestHead = 40;

/** attributes of the one folder: its inode is 1. */
function attributes(): Buffer {
  const out = Buffer.alloc(104);
  out.writeBigUInt64LE(60n, 0);
  out.writeBigUInt64LE(1n, 16);
  out.writeUInt32LE(0o40755, 76);
  out.writeUInt32LE(2, 80);
  return out;
}

function greeting(): Buffer {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt32LE(1 << 16, 20);
  return out;
}

/** answerTo gives what a request of the kernel is answered with: bytes, or an error number. */
function answerTo(opcode: number): Buffer | number {
  if (opcode === opcodes.init) return greeting();
  if (opcode === opcodes.getattr) return attributes();
  if (opcode === opcodes.statfs) return Buffer.alloc(80);
  return opcode === opcodes.lookup ? noEntry : noSuchCall;
}

const readSome = promisify(read);

/** serve answers the kernel until the process ends. */
async function serve(fd: number): Promise<void> {
  const request = Buffer.alloc(1 << 17);
  for (;;) {
    const { bytesRead } = await readSome(fd, request, 0, request.length, null);
    if (bytesRead < requestHead) return;
    const opcode = request.readUInt32LE(4);
    if (opcode === opcodes.forget || opcode === opcodes.batchForget) continue;
    const answer = answerTo(opcode);
    const body = typeof answer === "number" ? Buffer.alloc(0) : answer;
    const head = Buffer.alloc(16);
    head.writeUInt32LE(16 + body.length, 0);
    head.writeInt32LE(typeof answer === "number" ? answer : 0, 4);
    request.copy(head, 8, 8, 16);
    writeSync(fd, Buffer.concat([head, body]));
  }
}

function mount(type: string, folder: string, options: string): void {
  const text = (value: string) => ptr(Buffer.from(`${value}\0`));
  const { u64, ptr: pointer, i32 } = FFIType;
  const libc = dlopen("libc.so.6", {
    mount: { args: [pointer, pointer, pointer, u64, pointer], returns: i32 },
  });
  const failed = libc.symbols.mount(text("test"), text(folder), text(type), 0n, text(options));
  if (failed !== 0) throw new Error(`mount of ${type} failed`);
}

async function main([type = "", folder = "", store = ""]: readonly string[]): Promise<void> {
  if (type.startsWith("fuse.")) {
    const fd = openSync("/dev/fuse", "r+");
    mount(type, folder, `fd=${fd},rootmode=40000,user_id=0,group_id=0`);
    void serve(fd);
  } else mount(type, folder, "");
  const child = Bun.spawn([process.execPath, childPath, "open", store], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  await child.exited;
  process.exit(0);
}

if (import.meta.main) await main(process.argv.slice(2));
