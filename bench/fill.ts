/**
 * fill: makes a store whose pool is imported and of whose addresses some are bound, a process of its own.
 *
 *   bun bench/fill.ts JSON      see `Filling`
 *
 * It goes through the functions by which the daemon writes, so the rows are what a daemon would have written; only
 * the commits are larger. A million bindings take it a minute, through HTTP they would take three.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importPool } from "#internal/addrs";
import { bind, openBook, setAnchor, type Stamp } from "#internal/book";
import { systemClock } from "#internal/clock";
import type { Store } from "#internal/db";
import { accept, invariant, refuse } from "#internal/fault";
import { dummyLedger, dummySigner, type Node } from "#internal/skycoin";
import { poolOf, skycoinAddress } from "./addresses.ts";
import { seeded } from "./random.ts";

/** Filling says what store is to be made. */
export interface Filling {
  /** Where the store will be. */
  readonly dir: string;
  /** The pool file, an address a line: it is written here. */
  readonly pool: string;
  readonly size: number;
  /** So many of them are bound, each to another Skycoin address. */
  readonly bound: number;
  /** Where the bound addresses are listed, one a line. */
  readonly list: string;
  /** The store is for a daemon whose wallet is the dummy. */
  readonly dummySender: boolean;
}

const network = "mainnet";
/**
 * So many bindings in one commit. The last ones come in commits like a daemon's: a large commit leaves a long list of
 * free pages, which the commits after it write again and again until it is used up.
 */
const atOnce = 5_000;
const lastOnes = 20_000;
const lastAtOnce = 64;
const customerSeed = 0x5c1;
const boundAt = 1_700_000_000;

/** stampOf is what the stores of the benches are made for. */
export function stampOf(dummySender: boolean): Stamp {
  return { schema: 1, btc_network: network, dummy_scanner: true, dummy_sender: dummySender };
}

async function fill(filling: Filling): Promise<void> {
  mkdirSync(filling.dir, { recursive: true });
  // In the order of the scripts the import appends to its largest table, which takes a third of the time.
  const entries = poolOf(filling.size).sort((a, b) => Buffer.compare(a.script, b.script));
  writeFileSync(filling.pool, `${entries.map(({ address }) => address).join("\n")}\n`);
  const known = new Map(entries.map((entry) => [entry.address, entry]));
  const store = await openBook(join(filling.dir, "teller.db"), stampOf(filling.dummySender));
  // Every address is one that was made above: reading it again would only take time.
  const check = (text: string) => {
    const entry = known.get(text);
    return entry === undefined ? refuse("not of this pool") : accept(entry);
  };
  await importPool(store, { coin: "BTC", path: filling.pool, network, check });
  if (filling.dummySender)
    await anchorIn(store, dummyLedger({ clock: systemClock }).node, dummySigner().addresses);
  const random = seeded(customerSeed);
  const addresses: string[] = [];
  for (let left = filling.bound; left > 0; ) {
    const count = left > lastOnes ? Math.min(atOnce, left - lastOnes) : Math.min(lastAtOnce, left);
    left -= count;
    await store.write((tx) => {
      for (let i = 0; i < count; i++) {
        const sky = skycoinAddress(random);
        const bound = bind(tx, { sky, coin: "BTC", method: "direct", limit: 0, at: boundAt });
        invariant(bound.ok, "bench: the pool is too small");
        addresses.push(bound.value.address);
      }
    });
  }
  writeFileSync(filling.list, `${addresses.join("\n")}\n`);
  await store.close();
}

/** anchorIn stores the wallet's largest output as the first anchor: nobody is bound in a store that has none. */
export async function anchorIn(
  store: Store,
  node: Pick<Node, "outputs">,
  wallet: readonly string[],
): Promise<void> {
  const { unspent } = await node.outputs(wallet, new AbortController().signal);
  const [largest] = unspent.toSorted((a, b) => (a.coins < b.coins ? 1 : -1));
  invariant(largest !== undefined, "bench: the wallet is empty");
  const { uxid, address, coins } = largest;
  await store.write((tx) => setAnchor(tx, { uxid, address, coins, payout: 0 }));
}

if (import.meta.main) await fill(JSON.parse(process.argv[2] ?? "") as Filling);
