import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "#internal/fault";
import { mountsHere, onMount } from "./testmount.ts";
import { refuseNetworkFileSystem, type Volume, volumeOf } from "./volume.ts";

const path = "/srv/teller/teller.db";
const fuse = 0x65735546;
const none = 0;

/** Lines of `/proc/self/mountinfo`, each of a folder /srv/teller, with the magic number that statfs gives there. */
const mounts = {
  nfs: {
    magic: 0x6969,
    line: "211 27 0:52 / /srv/teller rw,relatime shared:97 - nfs 10.0.0.5:/export rw,vers=3,rsize=1048576,hard,proto=tcp",
  },
  nfs4: {
    magic: 0x6969,
    line: "212 27 0:53 / /srv/teller rw,relatime - nfs4 nas.lan:/export rw,vers=4.2,hard,proto=tcp,sec=sys",
  },
  cifs: {
    magic: 0xff534d42,
    line: "213 27 0:54 / /srv/teller rw,relatime shared:99 - cifs //nas/share rw,vers=3.1.1,cache=strict,uid=0",
  },
  smb3: {
    magic: 0xfe534d42,
    line: "214 27 0:55 /sub /srv/teller rw - smb3 //nas/my\\040share rw,vers=3.1.1",
  },
  "9p": {
    magic: 0x01021997,
    line: "215 27 0:56 / /srv/teller rw,relatime - 9p drvfs rw,aname=drvfs;path=C:\\134,trans=fd,rfd=8,wfd=8",
  },
  "fuse.sshfs": {
    magic: fuse,
    line: "216 27 0:57 / /srv/teller rw,nosuid,nodev,relatime shared:101 - fuse.sshfs me@host:/data rw,user_id=0,group_id=0",
  },
  "fuse.glusterfs": {
    magic: fuse,
    line: "217 27 0:58 / /srv/teller rw,relatime - fuse.glusterfs gl1:/vol rw,user_id=0,group_id=0,allow_other",
  },
  ceph: { magic: 0x00c36400, line: "218 27 0:59 / /srv/teller rw - ceph 10.0.0.9:6789:/ rw,name=admin,acl" },
  overlay: {
    magic: 0x794c7630,
    line: "219 27 0:60 / /srv/teller rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w",
  },
  ext4: {
    magic: 0xef53,
    line: "220 27 253:1 /teller /srv/teller rw,relatime shared:1 - ext4 /dev/vda1 rw,discard",
  },
  xfs: {
    magic: 0x58465342,
    line: "221 27 259:3 / /srv/teller rw,noatime - xfs /dev/nvme0n1p3 rw,attr2,inode64",
  },
  btrfs: {
    magic: 0x9123683e,
    line: "222 27 0:61 /@data /srv/teller rw - btrfs /dev/sda2 rw,ssd,subvol=/@data",
  },
  tmpfs: { magic: 0x01021994, line: "223 27 0:62 / /srv/teller rw,nosuid,nodev - tmpfs tmpfs rw,size=1024k" },
  fuseblk: {
    magic: fuse,
    line: "224 27 8:17 / /srv/teller rw,relatime - fuseblk /dev/sdb1 rw,user_id=0,group_id=0",
  },
  "fuse.fuse-overlayfs": {
    magic: fuse,
    line: "225 27 0:63 / /srv/teller rw,relatime - fuse.fuse-overlayfs fuse-overlayfs rw,user_id=0,group_id=0",
  },
} as const;
type Mount = keyof typeof mounts;

const rest = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
300 27 0:99 / /mnt/backup rw,relatime - nfs4 nas.lan:/backup rw,vers=4.2
`;

/** shown is what a machine says of a folder on this mount, among others. */
function shown(mount: Mount, change: Partial<Volume> = {}): Volume {
  const { magic, line } = mounts[mount];
  return { magic, device: line.split(" ")[2] ?? "", mounts: `${rest}${line}\n`, ...change };
}

function refusal(volume: Volume): string {
  try {
    refuseNetworkFileSystem(path, volume);
  } catch (error) {
    return messageOf(error);
  }
  return "";
}

describe("a store on", () => {
  for (const mount of ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph"] as const) {
    test(`${mount} is refused, also where only one of magic number and name tells it`, () => {
      for (const volume of [shown(mount), shown(mount, { mounts: "" }), shown(mount, { magic: none })])
        expect(refusal(volume)).toMatch(/^\/srv\/teller\/teller\.db lies on \w+; a store needs a disk/);
    });
  }

  for (const mount of ["fuse.sshfs", "fuse.glusterfs"] as const) {
    test(`${mount} is refused by its name, which is all that tells it from a disk`, () => {
      expect(refusal(shown(mount))).toContain(`lies on ${mount};`);
      expect(refusal(shown(mount, { mounts: "" }))).toBe("");
    });
  }

  for (const mount of [
    "overlay",
    "ext4",
    "xfs",
    "btrfs",
    "tmpfs",
    "fuseblk",
    "fuse.fuse-overlayfs",
  ] as const) {
    test(`${mount} is taken, whatever else is mounted`, () => {
      expect(refusal(shown(mount))).toBe("");
      expect(refusal(shown(mount, { mounts: "" }))).toBe("");
    });
  }

  test("a device that no line of mountinfo names is taken: what cannot be told is not refused", () => {
    expect(refusal(shown("ext4", { device: "0:777" }))).toBe("");
  });
});

test("this machine's own folder has a device that its mountinfo names", () => {
  const volume = volumeOf(realpathSync(tmpdir()));
  if (volume.mounts === "") return console.log("skipped: this machine has no /proc/self/mountinfo");
  expect(volume.device).toMatch(/^\d+:\d+$/);
  expect(volume.magic).toBeGreaterThan(0);
  expect(refusal(volume)).toBe("");
});

const real = mountsHere();
if (!real) console.log("skipped: this machine mounts no file system in a namespace of its own");

describe.skipIf(!real)("a store on a real mount", () => {
  for (const { type, says } of [
    {
      type: "fuse.sshfs",
      says: "refused Fault: STORE lies on fuse.sshfs; a store needs a disk of this machine",
    },
    { type: "fuse.local", says: "refused Error: ENOSYS: function not implemented, open 'STORE.lock'" },
    { type: "tmpfs", says: "created" },
  ]) {
    test(`of type ${type}: ${says.replace("STORE", "it")}`, async () => {
      const dir = realpathSync(mkdtempSync(join(tmpdir(), "db-volume-")));
      mkdirSync(join(dir, "at"));
      const store = join(dir, "at", "a.db");
      const said = await onMount(type, join(dir, "at"), store);
      rmSync(dir, { recursive: true });
      expect(said.replaceAll(store, "STORE")).toBe(`trying STORE\n${says}\n`);
    });
  }
});
