import { accept, refuse, type Result } from "#internal/fault";
import { type Hash, largestU64, nullHash } from "./hash.ts";
import { appendBlock, type Body, type Chain, spentBy, unspentOutput } from "./ledger_chain.ts";
import type { Manner, LedgerBlock, LedgerOutput, Pending, PublisherRules } from "./ledger_types.ts";
import { type Case, checks, findSpends, type Rules, validate, type Violation } from "./validate.ts";
import { sizeOf, type Transaction, txidOf } from "./transaction.ts";
import { uxidOf } from "./uxout.ts";

/** Pool holds transactions that are not in a block yet. Conflicting ones may be in it together. */
export type Pool = Map<Hash, Pending>;

/** prepare looks up what a transaction spends, so that it can be judged. */
export function prepare(
  chain: Chain,
  tx: Transaction,
  rules: Rules,
  form: Manner["form"],
): Result<Case, Violation> {
  const spends = findSpends(tx, (uxid) => unspentOutput(chain, uxid), chain.head.header.time);
  return spends.ok ? accept({ tx, rules, form, spends: spends.value }) : spends;
}

/** checkUser judges a transaction as a node judges what its own user hands in. */
export function checkUser(
  chain: Chain,
  tx: Transaction,
  rules: Rules,
  manner: Manner,
): Result<void, Violation> {
  // A node looks at the null address first, and only then for the outputs that are spent.
  const user = checks.user({ tx, rules, form: manner.form, spends: [] });
  if (!user.ok && manner.order === "inject") return user;
  const judged = prepare(chain, tx, rules, manner.form);
  return judged.ok ? validate(judged.value, manner.order) : judged;
}

/** put adds a transaction, or takes note that it came in again. */
export function put(pool: Pool, tx: Transaction, now: number, valid: boolean): Hash {
  const txid = txidOf(tx);
  pool.set(txid, { txid, tx, size: sizeOf(tx), received: now, checked: now, valid });
  return txid;
}

/** checkForeign judges what another node passes on: it need not keep the soft rules. The answer tells whether it does. */
export function checkForeign(chain: Chain, tx: Transaction, rules: Rules): Result<boolean, Violation> {
  const judged = prepare(chain, tx, rules, "signed");
  if (!judged.ok) return judged;
  const hard = checks.hard(judged.value);
  return hard.ok ? accept(checks.soft(judged.value).ok) : hard;
}

/** sorted lists the pool by txid, the order in which a node keeps it. */
export function sorted(pool: Pool): readonly Pending[] {
  return Array.from(pool.values()).toSorted((a, b) => (a.txid < b.txid ? -1 : 1));
}

/** incomingOutputs are what the pool would make in a block on top of the head. */
export function incomingOutputs(chain: Chain, pool: Pool): readonly LedgerOutput[] {
  const { seq, header } = chain.head;
  return sorted(pool).flatMap(({ txid, tx }) => {
    const srcTx = seq === 0 ? nullHash : txid;
    return tx.outputs.map((output) => {
      const made = { ...output, srcTx, time: header.time, blockSeq: header.seq };
      return { ...made, uxid: uxidOf(srcTx, output), spent: undefined };
    });
  });
}

/**
 * stillKept judges a pending transaction again by what can change: its inputs may be gone, and
 * soft rules go by the node that asks. What else is hard was judged when it came in; hours
 * only grow.
 */
function stillKept(chain: Chain, { tx }: Pending, rules: Rules): boolean {
  const judged = prepare(chain, tx, rules, "signed");
  return judged.ok && checks.soft(judged.value).ok;
}

/** refreshPool marks what does not keep the rules now. */
export function refreshPool(chain: Chain, pool: Pool, rules: Rules, now: number): void {
  for (const entry of pool.values()) {
    pool.set(entry.txid, { ...entry, checked: now, valid: stillKept(chain, entry, rules) });
  }
}

/** dropGone takes out what spends outputs that are gone: it can never confirm. */
export function dropGone(chain: Chain, pool: Pool): readonly Hash[] {
  const gone = sorted(pool).filter(({ tx }) =>
    tx.inputs.some((uxid) => unspentOutput(chain, uxid) === undefined),
  );
  for (const { txid } of gone) pool.delete(txid);
  return gone.map(({ txid }) => txid);
}

interface Ranked {
  readonly entry: Pending;
  readonly fee: bigint;
  /** Coin hours a kilobyte, cut to 64 bits before the division, as the nodes do. */
  readonly rate: bigint;
}

function rank(chain: Chain, entry: Pending): Ranked | undefined {
  const spends = findSpends(entry.tx, (uxid) => unspentOutput(chain, uxid), chain.head.header.time);
  if (!spends.ok) return undefined;
  const paid = entry.tx.outputs.reduce((sum, output) => sum + output.hours, 0n);
  const fee = spends.value.reduce((sum, spend) => sum + spend.hours, 0n) - paid;
  const weight = fee * 1024n > largestU64 ? largestU64 : fee * 1024n;
  return { entry, fee, rate: weight / BigInt(entry.size) };
}

function better(a: Ranked, b: Ranked): number {
  if (a.rate !== b.rate) return a.rate > b.rate ? -1 : 1;
  return a.entry.txid < b.entry.txid ? -1 : 1;
}

/** cut keeps transactions from the front up to the first that does not fit; smaller ones behind it wait as well. */
function cut(ranked: readonly Ranked[], room: number): readonly Ranked[] {
  let used = 0;
  const end = ranked.findIndex(({ entry }) => {
    used += entry.size;
    return used > room;
  });
  return end < 0 ? ranked : ranked.slice(0, end);
}

/** apart keeps of transactions that spend the same output the first. */
function apart(ranked: readonly Ranked[]): readonly Ranked[] {
  const spent = new Set<Hash>();
  return ranked.filter(({ entry }) => {
    if (entry.tx.inputs.some((uxid) => spent.has(uxid))) return false;
    for (const uxid of entry.tx.inputs) spent.add(uxid);
    return true;
  });
}

/** Filling says what goes into a block: by whose rules, when, and perhaps one transaction only. */
export interface Filling {
  readonly publisher: PublisherRules;
  /** In unix seconds. */
  readonly time: number;
  readonly only: Hash | undefined;
}

/** fillBlock chooses pending transactions for a block as a publisher does, and appends it. Source: `spec/skycoin.md` §11. */
export function fillBlock(
  chain: Chain,
  pool: Pool,
  { publisher, time, only }: Filling,
): LedgerBlock | undefined {
  const wanted = Array.from(pool.values()).filter(({ txid }) => only === undefined || txid === only);
  const ranked = wanted
    .filter((entry) => stillKept(chain, entry, publisher))
    .flatMap((entry) => rank(chain, entry) ?? []);
  const chosen = apart(cut(ranked.toSorted(better), publisher.maxBlockSize));
  if (chosen.length === 0) return undefined;
  const fee = chosen.reduce((sum, ranking) => sum + ranking.fee, 0n);
  const body: Body = { time, fee, txs: chosen.map(({ entry }) => entry.tx) };
  const block = appendBlock(chain, body);
  for (const { entry } of chosen) pool.delete(entry.txid);
  return block;
}

/** adopt appends a block that another ledger has made. Refused when it does not fit on the head. */
export function adopt(
  chain: Chain,
  pool: Pool,
  block: LedgerBlock,
  txs: readonly Transaction[],
): Result<void, string> {
  if (block.header.parent !== chain.head.hash) return refuse(`block ${block.seq} is on another chain`);
  const inputs = spentBy(chain, txs);
  if (!inputs.ok) return inputs;
  const made = appendBlock(chain, { time: block.time, fee: block.header.fee, txs });
  for (const txid of made.txids) pool.delete(txid);
  return made.hash === block.hash ? accept(undefined) : refuse(`block ${block.seq} has another hash here`);
}
