import { Broken } from "#internal/fault";
import type { Happening } from "./log.ts";

/** Random gives a whole number below `limit`. */
export type Random = (limit: number) => number;

/** Trust says which promises of the system the disk keeps. A disk that keeps none is the control of a test. */
export interface Trust {
  /** fdatasync and fsync bring what was written before to the disk. */
  readonly syncs: boolean;
  /** A write through a descriptor with O_DSYNC is on the disk when it comes back. */
  readonly dsync: boolean;
}

/** keepsPromises is a disk as it should be. */
export const keepsPromises: Trust = { syncs: true, dsync: true };

const pageSize = 4096;
/** A disk writes so much at once or not at all. */
const sectorSize = 512;
/** One page in so many that are not synced is left half written. */
const tornEvery = 4;

/** Version is a page as one write left it. */
interface Version {
  readonly call: string;
  readonly bytes: Buffer;
  /** The write came back, so that a sync that begins now covers it. */
  ended: boolean;
}

interface Page {
  durable: Buffer;
  /** Newer than what is durable, oldest first. */
  readonly newer: Version[];
}

/** What a sync that has begun will have made durable when it comes back. */
interface Promised {
  readonly size: number;
  readonly versions: readonly { readonly number: number; readonly version: Version }[];
}

const noPage = Buffer.alloc(pageSize);

/**
 * Disk follows a log and knows at each point what is surely on the disk and what only may be. It counts
 * a write as possible from before its call, and as covered by a sync only when it came back before the sync began.
 */
export class Disk {
  readonly #trust: Trust;
  readonly #pages = new Map<number, Page>();
  readonly #dirty = new Set<number>();
  readonly #promised = new Map<string, Promised>();
  readonly #writes = new Map<string, readonly number[]>();
  readonly #folders = new Map<string, boolean>();
  #created = false;
  /** The name of the file is on disk: its folder was synced after it was made. */
  #named = false;
  #durableSize = 0;
  #size = 0;

  constructor(trust: Trust = keepsPromises) {
    this.#trust = trust;
  }

  /** step takes the next happening in. */
  step(happening: Happening): void {
    const { kind } = happening;
    const call = `${happening.pid}:${happening.call}`;
    if (kind === "write") this.#write(call, happening);
    else if (kind === "writeDone") this.#written(call, happening.result);
    else if (kind === "sync") this.#promised.set(call, this.#promise());
    else if (kind === "syncDone") this.#synced(call, happening.result);
    else if (kind === "opened") this.#created = true;
    else if (kind === "syncFolder") this.#folders.set(call, this.#created);
    else if (kind === "syncFolderDone")
      this.#named ||= this.#folders.get(call) === true && happening.result === 0;
    else if (kind === "truncate") this.#truncate(happening.at);
    else if (kind === "mapped") throw new Broken("recorder: the file is written through memory");
  }

  #page(number: number): Page {
    const known = this.#pages.get(number);
    if (known !== undefined) return known;
    const page: Page = { durable: noPage, newer: [] };
    this.#pages.set(number, page);
    return page;
  }

  #write(call: string, { at, bytes, dsync }: Happening): void {
    const numbers: number[] = [];
    for (let from = at; from < at + bytes.length; ) {
      const number = Math.floor(from / pageSize);
      const start = from - number * pageSize;
      const length = Math.min(pageSize - start, at + bytes.length - from);
      const page = this.#page(number);
      const next = Buffer.from(page.newer.at(-1)?.bytes ?? page.durable);
      bytes.copy(next, start, from - at, from - at + length);
      page.newer.push({ call, bytes: next, ended: false });
      this.#dirty.add(number);
      numbers.push(number);
      from += length;
    }
    this.#size = Math.max(this.#size, at + bytes.length);
    this.#writes.set(call, numbers);
    if (dsync) this.#promised.set(call, { size: 0, versions: this.#versionsOf(call, numbers) });
  }

  #versionsOf(call: string, numbers: readonly number[]) {
    return numbers.flatMap((number) => {
      const version = this.#page(number).newer.find((one) => one.call === call);
      return version === undefined ? [] : [{ number, version }];
    });
  }

  #written(call: string, result: number): void {
    const numbers = this.#writes.get(call) ?? [];
    this.#writes.delete(call);
    for (const { version } of this.#versionsOf(call, numbers)) version.ended = true;
    const promised = this.#promised.get(call);
    this.#promised.delete(call);
    if (promised !== undefined && result >= 0 && this.#trust.dsync) this.#settle(promised);
  }

  #promise(): Promised {
    const versions = Array.from(this.#dirty, (number) => {
      const version = this.#page(number).newer.findLast(({ ended }) => ended);
      return version === undefined ? [] : [{ number, version }];
    });
    return { size: this.#size, versions: versions.flat() };
  }

  #synced(call: string, result: number): void {
    const promised = this.#promised.get(call);
    this.#promised.delete(call);
    if (promised !== undefined && result === 0 && this.#trust.syncs) this.#settle(promised);
  }

  #settle({ size, versions }: Promised): void {
    this.#durableSize = Math.max(this.#durableSize, size);
    for (const { number, version } of versions) {
      const page = this.#page(number);
      const at = page.newer.indexOf(version);
      // Another sync, or a write through O_DSYNC, may have been there before.
      if (at < 0) continue;
      page.durable = version.bytes;
      page.newer.splice(0, at + 1);
      if (page.newer.length === 0) this.#dirty.delete(number);
    }
  }

  #truncate(size: number): void {
    if (size < this.#size) throw new Broken("recorder: a file that gets shorter is not played again");
    this.#size = size;
  }

  /** whole gives the file as the running system sees it. */
  whole(): Buffer {
    return this.#build(this.#size, (page) => page.newer.at(-1)?.bytes ?? page.durable);
  }

  /**
   * cut gives the file as a power cut now might leave it: of each page that is not synced what is durable,
   * any version written since, or a mixture of two, sector by sector. Undefined where the file's name is lost.
   */
  cut(random: Random): Buffer | undefined {
    if (!this.#named && random(2) === 0) return undefined;
    // In a hundred pages that are not synced so many have been written.
    const favour = random(101);
    const size = random(2) === 0 ? this.#durableSize : this.#size;
    return this.#build(Math.max(size, this.#durableSize), (page) => {
      const one = () => {
        if (page.newer.length === 0 || random(100) >= favour) return page.durable;
        return page.newer[random(page.newer.length)]?.bytes ?? page.durable;
      };
      return page.newer.length > 0 && random(tornEvery) === 0 ? torn(one(), one(), random) : one();
    });
  }

  #build(size: number, choose: (page: Page) => Buffer): Buffer {
    const file = Buffer.alloc(size);
    for (const [number, page] of this.#pages) {
      if (number * pageSize < size) choose(page).copy(file, number * pageSize);
    }
    return file;
  }
}

function torn(one: Buffer, other: Buffer, random: Random): Buffer {
  const mixed = Buffer.from(one);
  for (let from = 0; from < pageSize; from += sectorSize) {
    if (random(2) === 0) other.copy(mixed, from, from, from + sectorSize);
  }
  return mixed;
}
