import { closeSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import { Broken, Fault } from "#internal/fault";
import type { Bucket, Key, KeyPart } from "./bucket.ts";
import { commitFailure } from "./commit.ts";
import { inspectHeader } from "./header.ts";
import { lockStore, realStorePath } from "./lock.ts";
import { refuseNetworkFileSystem } from "./volume.ts";

/** Range bounds a walk over keys. `start` is included, `end` is not; in reverse, `start` is the upper bound. */
export interface Range<K extends Key> {
  readonly start?: K;
  readonly end?: K;
  readonly reverse?: boolean;
  /** At most so many rows. There is no walk without a limit. */
  readonly limit: number;
}

/** Reader sees one consistent state of the store for as long as its callback runs. */
export interface Reader {
  get<K extends Key, V>(from: Bucket<K, V>, key: K): V | undefined;
  has<K extends Key, V>(from: Bucket<K, V>, key: K): boolean;
  rows<K extends Key, V>(from: Bucket<K, V>, range: Range<K>): { key: K; value: V }[];
  keys<K extends Key, V>(from: Bucket<K, V>, range: Range<K>): K[];
}

/** Tx reads its own writes and changes the store; valid only inside the callback it was given to. */
export interface Tx extends Reader {
  put<K extends Key, V>(into: Bucket<K, V>, key: K, value: V): void;
  /** remove tells whether the row was there. */
  remove<K extends Key, V>(from: Bucket<K, V>, key: K): boolean;
}

/** Store is the open LMDB file. */
export interface Store {
  readonly path: string;
  /** created tells that the file did not exist before. */
  readonly created: boolean;
  /** read runs a synchronous callback on one state of the store. */
  read<T>(fn: (reader: Reader) => T): T;
  /**
   * write runs a synchronous callback as one atomic change; the promise resolves when it is on
   * disk. A callback that throws changes nothing, and its error is the promise's. A failed commit
   * makes the store refuse everything from then on and settles `failed`.
   */
  write<T>(fn: (tx: Tx) => T): Promise<T>;
  /** failed resolves with the reason when a commit could not be made durable: the process must end. */
  readonly failed: Promise<Error>;
  /** rowsRead counts rows handed to readers since the store was opened; tests hold queries to it. */
  rowsRead(): number;
  close(): Promise<void>;
}

const maxBuckets = 48;

function bounds<K extends Key>(range: Range<K>) {
  return {
    ...(range.start === undefined ? {} : { start: stored(range.start) }),
    ...(range.end === undefined ? {} : { end: stored(range.end) }),
    reverse: range.reverse ?? false,
    limit: range.limit,
    // The rows are collected at once, so the cursor need not keep a snapshot of its own.
    snapshot: false,
  };
}

/** LMDB's declarations ask for lists that may be changed; it never changes one. */
type StoredKey = KeyPart | KeyPart[];

const stored = (key: Key): StoredKey => key as StoredKey;

type Table = Database<string, StoredKey>;

/** AnyBucket is a bucket whose rows do not matter to the caller. */
export type AnyBucket = { readonly name: string };

/** Draft is a row of a busy bucket as the running callback has it. */
interface Draft {
  readonly value: unknown;
  /** Writes the row; undefined for one that the table has already. */
  readonly write: (() => void) | undefined;
}

/** Drafts are those of one table, by `draftName`. */
type Drafts = Map<string, Draft>;

/** draftName tells the keys of a table apart. */
function draftName(key: Key): string {
  return typeof key === "object" ? JSON.stringify(key) : `${typeof key} ${key}`;
}

/** Rows up to so many bytes are written from one buffer, which is made once. */
const rowBytes = 1 << 16;
/** The most bytes that a code unit of text needs in UTF-8. */
const mostBytesEach = 3;

/** syncFolder brings the name of a file to the disk: LMDB syncs what is in it, and that alone. */
function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

class LmdbStore implements Store, Tx {
  readonly path: string;
  readonly created: boolean;
  readonly failed: Promise<Error>;
  readonly #root: RootDatabase<string, StoredKey>;
  readonly #release: () => void;
  readonly #tables = new Map<string, Table>();
  #fail: (reason: Error) => void = () => {};
  #reason: Error | undefined;
  #closed = false;
  #inWrite = false;
  readonly #drafts = new Map<string, Drafts>();
  readonly #row = Buffer.alloc(rowBytes);
  #rowsRead = 0;

  constructor(path: string, buckets: readonly AnyBucket[]) {
    refuseNetworkFileSystem(path);
    const lock = lockStore(path);
    this.#release = () => lock.release();
    try {
      this.created = inspectHeader(path).state !== "present";
      this.#root = open<string, StoredKey>({
        path,
        noSubdir: true,
        maxDbs: maxBuckets,
        overlappingSync: false,
        encoding: "string",
      });
      // All tables are opened here: one opened inside a transaction would vanish with its roll-back.
      for (const { name } of buckets) {
        if (!this.#tables.has(name)) this.#tables.set(name, this.#root.openDB({ name, encoding: "string" }));
      }
      syncFolder(dirname(path));
    } catch (cause) {
      lock.release();
      throw cause;
    }
    this.path = path;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  #table(of: { readonly name: string }): Table {
    const table = this.#tables.get(of.name);
    if (table === undefined)
      throw new Broken(`db: bucket ${of.name} was not named when the store was opened`);
    return table;
  }

  get<K extends Key, V>(from: Bucket<K, V>, key: K): V | undefined {
    const drafts = this.#draftsOf(from);
    const draft = drafts?.get(draftName(key));
    if (draft !== undefined) return draft.value as V;
    const row = this.#table(from).get(stored(key));
    if (row === undefined) return undefined;
    this.#rowsRead += 1;
    const value = from.decode(row);
    drafts?.set(draftName(key), { value, write: undefined });
    return value;
  }

  has<K extends Key, V>(from: Bucket<K, V>, key: K): boolean {
    this.#writeDraft(from.name, key);
    return this.#table(from).doesExist(stored(key));
  }

  rows<K extends Key, V>(from: Bucket<K, V>, range: Range<K>): { key: K; value: V }[] {
    this.#writeDrafts(from.name);
    const rows: { key: K; value: V }[] = [];
    for (const row of this.#table(from).getRange(bounds(range))) {
      rows.push({ key: row.key as Key as K, value: from.decode(row.value) });
    }
    this.#rowsRead += rows.length;
    return rows;
  }

  keys<K extends Key, V>(from: Bucket<K, V>, range: Range<K>): K[] {
    this.#writeDrafts(from.name);
    const keys = Array.from(this.#table(from).getKeys(bounds(range)), (key) => key as Key as K);
    this.#rowsRead += keys.length;
    return keys;
  }

  put<K extends Key, V>(into: Bucket<K, V>, key: K, value: V): void {
    this.#mustBeInWrite();
    const drafts = this.#draftsOf(into);
    const write = () => this.#write(this.#table(into), stored(key), into.encode(value));
    if (drafts === undefined) write();
    else drafts.set(draftName(key), { value, write });
  }

  /** #write puts a row. Inside a transaction lmdb copies it at once; the promise that it also returns says nothing more. */
  #write(table: Table, key: StoredKey, text: string): void {
    if (text.length * mostBytesEach > rowBytes) return void table.put(key, text);
    // lmdb takes bytes as they are; for a text it would make a buffer of its own each time.
    const bytes = this.#row.subarray(0, this.#row.write(text));
    void (table as Database<string | Uint8Array, StoredKey>).put(key, bytes);
  }

  /** #draftsOf gives the drafts of a busy bucket's table; undefined where rows are read and written at once. */
  #draftsOf(of: { readonly name: string; readonly busy?: boolean }): Drafts | undefined {
    if (of.busy !== true || !this.#inWrite) return undefined;
    const known = this.#drafts.get(of.name);
    if (known !== undefined) return known;
    const made: Drafts = new Map();
    this.#drafts.set(of.name, made);
    return made;
  }

  /** #writeDrafts writes the busy rows that changed, of one table, so that a walk over it finds them. */
  #writeDrafts(name: string): void {
    const drafts = this.#drafts.get(name);
    if (drafts === undefined) return;
    for (const { write } of drafts.values()) write?.();
    drafts.clear();
  }

  /** #writeDraft writes the row with this key, if a busy bucket has changed it, and forgets the draft. */
  #writeDraft(name: string, key: Key): void {
    const drafts = this.#drafts.get(name);
    if (drafts === undefined) return;
    const draft = draftName(key);
    drafts.get(draft)?.write?.();
    drafts.delete(draft);
  }

  remove<K extends Key, V>(from: Bucket<K, V>, key: K): boolean {
    this.#mustBeInWrite();
    this.#writeDraft(from.name, key);
    return this.#table(from).removeSync(stored(key));
  }

  #mustBeInWrite(): void {
    if (!this.#inWrite) throw new Broken("db: a write outside of its transaction");
  }

  read<T>(fn: (reader: Reader) => T): T {
    this.#mustBeUsable();
    return fn(this);
  }

  #mustBeUsable(): void {
    if (this.#closed) throw new Fault("db.write", "stop", "the store is closed");
    if (this.#reason !== undefined) throw this.#reason;
  }

  async write<T>(fn: (tx: Tx) => T): Promise<T> {
    this.#mustBeUsable();
    let result: { value: T } | undefined;
    try {
      await this.#root.childTransaction(() => {
        result = { value: this.#runCallback(fn) };
      });
    } catch (error) {
      throw this.#settle(error);
    }
    if (result === undefined) throw new Broken("db: a commit without its callback");
    return result.value;
  }

  #runCallback<T>(fn: (tx: Tx) => T): T {
    this.#inWrite = true;
    try {
      const value = fn(this);
      if (value instanceof Promise) {
        value.catch(() => {});
        throw new Broken("db: an asynchronous callback in a transaction");
      }
      for (const name of this.#drafts.keys()) this.#writeDrafts(name);
      return value;
    } finally {
      this.#inWrite = false;
      this.#drafts.clear();
    }
  }

  /** The callback's own error goes to its caller; a failed commit ends the store. */
  #settle(error: unknown): unknown {
    const failure = commitFailure(error);
    if (failure === undefined) return error;
    this.#reason ??= failure;
    this.#fail(this.#reason);
    return this.#reason;
  }

  rowsRead(): number {
    return this.#rowsRead;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#root.close();
    this.#release();
  }
}

/**
 * openStore opens or creates the store at this path with these tables. Throws a `Fault` (`stop`) when another process
 * has it, when the file is not a store, or when it lies on a file system of another host.
 */
export function openStore(path: string, buckets: readonly AnyBucket[]): Store {
  process.umask(0o077);
  return new LmdbStore(realStorePath(path), buckets);
}
