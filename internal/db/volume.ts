import { readFileSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Fault } from "#internal/fault";

/** Volume is what the machine says of the file system that a folder lies on. */
export interface Volume {
  /** The type in statfs(2). */
  readonly magic: number;
  /** Its device in stat(2), `major:minor`. */
  readonly device: string;
  /** The text of `/proc/self/mountinfo`; empty where there is none. */
  readonly mounts: string;
}

/** File systems on which `flock` and memory maps do not reach the other host (statfs magic numbers). */
const networkMagics = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x5346414f, "AFS"],
  [0x73757245, "Coda"],
  [0x00c36400, "Ceph"],
  [0x01021997, "9P"],
]);

/** The same by the names of mounts. All of FUSE has one magic number, whether it leads to another host or not. */
const networkTypes: ReadonlySet<string> = new Set([
  ...["nfs", "nfs4", "smbfs", "cifs", "smb3", "afs", "coda", "ceph", "9p", "lustre"],
  ...["fuse.sshfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs"],
  ...["fuse.gcsfuse", "fuse.davfs", "fuse.curlftpfs"],
]);

/** volumeOf asks the machine about a folder. */
export function volumeOf(folder: string): Volume {
  const { dev } = statSync(folder, { bigint: true });
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xfff_ff00n);
  return {
    magic: Number(statfsSync(folder).type) >>> 0,
    device: `${major}:${minor}`,
    mounts: mountinfo(),
  };
}

function mountinfo(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}

/** typeOf finds the name of the file system that has this device; undefined where no mount has it. */
function typeOf({ device, mounts }: Volume): string | undefined {
  const line = mounts.split("\n").find((one) => one.split(" ", 3)[2] === device);
  return line?.split(" - ", 2)[1]?.split(" ", 1)[0];
}

/** refuseNetworkFileSystem throws a `Fault` (`stop`) where a store would lie on a file system of another host. */
export function refuseNetworkFileSystem(path: string, volume = volumeOf(dirname(path))): void {
  const type = typeOf(volume);
  const named = type !== undefined && networkTypes.has(type) ? type : undefined;
  const name = networkMagics.get(volume.magic) ?? named;
  if (name !== undefined) {
    throw new Fault("db.lock", "stop", `${path} lies on ${name}; a store needs a disk of this machine`);
  }
}
