import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import {
  freeAddresses,
  importAddresses,
  type PoolEntry,
  poolImport,
  retireAddresses,
  setPoolImport,
} from "#internal/book";
import type { Store } from "#internal/db";
import { Fault, messageOf, type Result } from "#internal/fault";
import type { CoinType } from "#internal/money";
import { parsePool, shown } from "./file.ts";

/** AddressCheck reads an address of one coin on one network, or says what is wrong with it. */
export type AddressCheck = (
  text: string,
) => Result<{ readonly address: string; readonly script: Uint8Array }, string>;

/** PoolImport is what an import changed. */
export interface PoolImport {
  readonly changed: boolean;
  readonly added: number;
  readonly retired: number;
}

/** PoolFile is where a coin's addresses stand, and how they are read. */
export interface PoolFile {
  readonly coin: CoinType;
  readonly path: string;
  readonly network: string;
  readonly check: AddressCheck;
  /**
   * watch is given the scripts (hex) of every address of a file that changed, before the first of them can be bound:
   * whoever scans must know them by then, or a block with their money may pass.
   */
  readonly watch?: (scripts: readonly string[]) => void;
  /** breath is awaited between pieces of a large file, so that reading one holds up nobody. */
  readonly breath?: () => Promise<void>;
}

const op = "addrs.import";
/** So many addresses are written in one commit: a large one would hold up a bind, and cost memory. */
const chunk = 2000;
const largestFile = 1 << 30;
const coinNames: Readonly<Record<CoinType, string>> = { BTC: "bitcoin", ETH: "ethereum", SKY: "skycoin" };

function fingerprint(path: string, network: string): string {
  const hash = new Bun.CryptoHasher("sha256").update(`${network}\n`);
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(1 << 16);
    let total = 0;
    for (let n = readSync(fd, buffer); n > 0; n = readSync(fd, buffer)) {
      total += n;
      if (total > largestFile) throw new Error(`more than ${largestFile} bytes`);
      hash.update(buffer.subarray(0, n));
    }
    return hash.digest("hex");
  } finally {
    closeSync(fd);
  }
}

function read<T>(path: string, coin: CoinType, fn: () => T): T {
  try {
    return fn();
  } catch (cause) {
    const message = `${path}: Load deposit ${coinNames[coin]} address list failed: ${messageOf(cause)}`;
    throw new Fault(op, "stop", message, { cause });
  }
}

async function checked({ path, coin, check, breath }: PoolFile): Promise<PoolEntry[]> {
  const text = read(path, coin, () => readFileSync(path, "utf8"));
  const parsed = parsePool(path, text, coin);
  if (!parsed.ok) throw new Fault(op, "stop", `${path}: ${parsed.refusal}`);
  const spelled = new Map<string, string>();
  const entries: PoolEntry[] = [];
  for (const { address, place } of parsed.value) {
    const refuse = (reason: string) => new Fault(op, "stop", `${path}: ${place}: ${reason}`);
    const answer = check(address);
    if (!answer.ok) throw refuse(`Invalid deposit address \`${shown(address)}\`: ${answer.refusal}`);
    const script = Buffer.from(answer.value.script).toString("hex");
    const before = spelled.get(script);
    if (before !== undefined)
      throw refuse(`Duplicate deposit address \`${shown(address)}\`, the same as \`${before}\``);
    spelled.set(script, address);
    entries.push({ address: answer.value.address, script });
    if (entries.length % chunk === 0) await breath?.();
  }
  return entries;
}

/** retireMissing takes free addresses out of the pool that the file no longer has. */
async function retireMissing(store: Store, coin: CoinType, listed: ReadonlySet<string>): Promise<number> {
  let retired = 0;
  let start = "";
  for (;;) {
    const page = store.read((reader) => freeAddresses(reader, coin, start, chunk));
    const missing = page.filter((address) => !listed.has(address));
    if (missing.length > 0) await store.write((tx) => retireAddresses(tx, coin, missing));
    retired += missing.length;
    const last = page.at(-1);
    if (last === undefined || page.length < chunk) return retired;
    start = `${last}\u0000`;
  }
}

/**
 * importPool brings a pool file into the store if its content, or the network, changed since the last
 * import. It checks all of it before it writes any of it; an import that was cut off is done again.
 * Throws a `Fault` (`stop`) that names file, line and reason.
 */
export async function importPool(store: Store, pool: PoolFile): Promise<PoolImport> {
  const { coin, path } = pool;
  const print = read(path, coin, () => fingerprint(path, pool.network));
  const known = store.read((reader) => poolImport(reader, coin));
  if (known === print) return { changed: false, added: 0, retired: 0 };
  const entries = await checked(pool);
  for (let i = 0; i < entries.length; i += chunk) {
    pool.watch?.(entries.slice(i, i + chunk).map((entry) => entry.script));
    await pool.breath?.();
  }
  // From here on the store has neither pool whole: cut off now, either file must be read again.
  await store.write((tx) => setPoolImport(tx, coin, ""));
  let added = 0;
  for (let i = 0; i < entries.length; i += chunk) {
    const part = entries.slice(i, i + chunk);
    added += await store.write((tx) => importAddresses(tx, coin, part));
  }
  const retired = await retireMissing(store, coin, new Set(entries.map((entry) => entry.address)));
  await store.write((tx) => setPoolImport(tx, coin, print));
  return { changed: true, added, retired };
}
