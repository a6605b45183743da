import { type Clock, unixSeconds } from "#internal/clock";
import { Fault, invariant } from "#internal/fault";
import { droplet, type Droplet, hours } from "#internal/money";
import { addressOf, addressText, parseAddress } from "./address.ts";
import { nullHash } from "./hash.ts";
import { generateKeys, publicKeyOf } from "./keys.ts";
import { addOutput, appendBlock, beginChain, type Chain, emptyChain, setHead } from "./ledger_chain.ts";
import { ledgerOf } from "./ledger.ts";
import { memoryNode } from "./ledger_node.ts";
import { type Genesis, type Ledger, type LedgerOptions, stockRules } from "./ledger_types.ts";
import type { Node, Signer, Unspent } from "./node.ts";
import { signerOf } from "./signer.ts";
import type { Transaction } from "./transaction.ts";

/** Public by purpose: the coins of the dummy's chain are worth nothing. Source: `spec/teller.md` §15.1. */
const dummySeed = "survey tank about rely harbor client penalty antenna labor target jaguar bind";

/** 1,000,000 SKY in droplets, and a million coin hours for each. */
const dummyCoins = droplet(1_000_000_000_000n);
const dummyHours = hours(1_000_000_000_000n);
const dummyTime = 1_700_000_000;

/**
 * So much later comes the block behind a payout's, in seconds: the change of a payout gains
 * hours only from a block that others make, and without any a wallet that always spends its
 * change runs dry. This one gives it another million hours.
 */
const idleSeconds = 3_600;

/** Bounds of what is remembered: broadcasts, their outputs in all, transactions without a block, whole blocks. */
const mostBroadcasts = 10_000;
const mostOutputs = 200_000;
const mostPending = 256;
const history = 1_000;

function dummyKey(): Uint8Array {
  const keys = generateKeys(Buffer.from(dummySeed, "utf8"), 1);
  const key = keys.ok ? keys.value.secrets[0] : undefined;
  invariant(key !== undefined, "skycoin: no dummy key");
  return key;
}

/** dummySigner signs for the dummy wallet: one address, whose key follows from a text that is public. */
export function dummySigner(): Signer {
  return signerOf([dummyKey()]);
}

/** Broadcast is a transaction that was injected into the dummy's chain. */
export interface Broadcast {
  /** Its number since the start, from 0. */
  readonly seq: number;
  readonly txid: string;
  /** What it pays, without the change. */
  readonly outputs: readonly { readonly address: string; readonly coins: Droplet }[];
  readonly confirmed: boolean;
}

/** DummyRestore is where an earlier run of the dummy's chain ended, as a store remembers it. */
export interface DummyRestore {
  readonly head: { readonly seq: number; readonly hash: string };
  /** What the wallet can spend; `hours` are at the head. */
  readonly outputs: readonly Unspent[];
  /** Further blocks that `blockHash` is to answer for. */
  readonly blocks?: readonly { readonly seq: number; readonly hash: string }[];
}

/** DummyOptions say how the dummy's chain begins. */
export interface DummyOptions {
  readonly clock: Clock;
  readonly restore?: DummyRestore;
}

/**
 * DummyLedger is the chain of dummy mode. A transaction is confirmed only when somebody says
 * so; the chain then grows by its block and an empty one. Broadcasts are remembered in memory: the newest 10,000, fewer when they pay more than
 * 200,000 outputs together.
 */
export interface DummyLedger {
  readonly node: Node;
  readonly ledger: Ledger;
  /** broadcasts lists what was injected, oldest first. */
  broadcasts(): readonly Broadcast[];
  /** confirm puts one transaction into a block. False when it is not known, or cannot confirm any more. */
  confirm(which: { readonly txid: string } | { readonly seq: number }): boolean;
}

/**
 * dummyLedger begins the dummy's chain: with its genesis block, which gives 1,000,000 SKY to
 * the dummy wallet and is always the same, or where `restore` says. Throws a `Fault` (`stop`)
 * for a restore that this chain cannot have.
 */
export function dummyLedger({ clock, restore }: DummyOptions): DummyLedger {
  const owner = addressOf(publicKeyOf(dummyKey()));
  const genesis: Genesis = { address: owner, time: dummyTime, coins: dummyCoins, hours: dummyHours };
  const options: LedgerOptions = { keep: new Set([owner]), history };
  const chain =
    restore === undefined ? beginChain(genesis, options) : restored(genesis, options, restore, clock);
  const ledger = ledgerOf(chain, new Map());
  const list = broadcastList(addressText(owner));
  const injected = (txid: string, tx: Transaction): void => {
    list.add(txid, tx);
    forgetOldest(ledger);
  };
  const confirm = (txid: string): boolean => {
    if (list.confirmed(txid)) return true;
    if (ledger.makeBlock(stockRules, clock.now(), txid) === undefined) return false;
    // A node drops what has lost against the block a minute later; until then it cannot list outputs.
    ledger.dropInvalid();
    appendBlock(chain, { time: chain.head.time + idleSeconds, fee: 0n, txs: [] });
    list.confirm(txid);
    return true;
  };
  return {
    ledger,
    node: memoryNode(ledger, { clock, rules: stockRules, injected }),
    broadcasts: list.all,
    confirm(which) {
      const txid = "txid" in which ? which.txid : list.txidOf(which.seq);
      return txid !== undefined && confirm(txid);
    },
  };
}

/** Attempts for the same deposits pile up while nobody confirms; the oldest go. */
function forgetOldest(ledger: Ledger): void {
  const pool = ledger.pool();
  if (pool.length <= mostPending) return;
  const oldest = pool.reduce((a, b) => (b.received < a.received ? b : a));
  ledger.forget(oldest.txid);
}

function restored(genesis: Genesis, options: LedgerOptions, restore: DummyRestore, clock: Clock): Chain {
  const begun = beginChain(genesis, options);
  const { seq, hash } = restore.head;
  if (seq === 0) {
    if (hash === begun.head.hash) return begun;
    throw new Fault("skycoin.dummy", "stop", "the store is not of this dummy chain", { details: { hash } });
  }
  const time = Math.max(unixSeconds(clock), genesis.time + seq);
  const header = { version: 0, fee: 0n, parent: nullHash, bodyHash: nullHash, uxHash: nullHash };
  const head = {
    seq,
    hash,
    time,
    header: { ...header, time: BigInt(time), seq: BigInt(seq) },
    txids: [],
    size: 0,
  };
  const chain = emptyChain(head, options);
  for (const block of [...(restore.blocks ?? []), begun.head]) chain.hashes.set(block.seq, block.hash);
  setHead(chain, head);
  for (const output of restore.outputs) restoreOutput(chain, output);
  return chain;
}

function restoreOutput(chain: Chain, { uxid, address, coins, hours, blockSeq, srcTx }: Unspent): void {
  const owner = parseAddress(address);
  if (!owner.ok) throw new Fault("skycoin.dummy", "stop", owner.refusal, { details: { address } });
  // Its hours at its making are not known: those at the head are counted on from there.
  const time = chain.head.header.time;
  addOutput(chain, { address: owner.value, coins, hours, srcTx, time, blockSeq: BigInt(blockSeq) }, uxid);
}

function broadcastList(wallet: string) {
  const entries = new Map<string, Broadcast>();
  let next = 0;
  let outputs = 0;
  const drop = (entry: Broadcast): void => {
    entries.delete(entry.txid);
    outputs -= entry.outputs.length;
  };
  return {
    add(txid: string, tx: Transaction): void {
      if (entries.has(txid)) return;
      const paid = tx.outputs.map(({ address, coins }) => ({ address: addressText(address), coins }));
      const entry: Broadcast = {
        seq: next++,
        txid,
        outputs: paid.filter(({ address }) => address !== wallet),
        confirmed: false,
      };
      entries.set(txid, entry);
      outputs += entry.outputs.length;
      for (const oldest of entries.values()) {
        if (entries.size <= mostBroadcasts && outputs <= mostOutputs) break;
        drop(oldest);
      }
    },
    confirm(txid: string): void {
      const entry = entries.get(txid);
      if (entry !== undefined) entries.set(txid, { ...entry, confirmed: true });
    },
    confirmed: (txid: string): boolean => entries.get(txid)?.confirmed === true,
    txidOf: (seq: number): string | undefined => entries.values().find((entry) => entry.seq === seq)?.txid,
    all: (): readonly Broadcast[] => Array.from(entries.values()),
  };
}
