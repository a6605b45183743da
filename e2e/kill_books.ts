import {
  attemptsOf,
  boundAddresses,
  depositsByStatus,
  type DepositInfo,
  events,
  latestPayout,
  type Payout,
  payoutOf,
  skyStatus,
  totalsOf,
} from "#internal/book";
import type { Reader } from "#internal/db";
import { addressText, decodeTransactionHex, type Node } from "#internal/skycoin";
import type { BoundAddress, Sent } from "./kill_load.ts";
import { never, textOf } from "./skynode_contract_build.ts";

/** Traffic is what customers did. */
export interface Traffic {
  readonly sent: readonly Sent[];
  readonly bound: readonly BoundAddress[];
}

/** customersOf gives every Skycoin address that bound something. */
export function customersOf(made: Traffic): string[] {
  return Array.from(new Set(made.bound.map(({ sky }) => sky)));
}

/** Books are what the store says at the end. */
export interface Books {
  readonly rows: readonly DepositInfo[];
  readonly payouts: readonly Payout[];
  /** Deposit address → Skycoin address, of every address that was given out. */
  readonly bindings: ReadonlyMap<string, string | undefined>;
  /** Deposit ids of the status lists, as often as they are in one. */
  readonly shown: readonly string[];
  /** `type subject` of every event, and whether their numbers have no gap. */
  readonly facts: readonly string[];
  readonly factsInOrder: boolean;
  /** Droplets sent, as the running total has them. */
  readonly sentTotal: bigint;
  readonly doneTotal: number;
}

/** Verdict is where the books and the chains disagree: ids of deposits (or a Skycoin address), and plain words. */
export interface Verdict {
  readonly lost: ReadonlySet<string>;
  readonly doubled: ReadonlySet<string>;
  /** Everything that is wrong, the lost and the doubled among it. */
  readonly problems: readonly string[];
}

const all = 1_000_000;

/** readBooks reads everything that is compared. */
export function readBooks(reader: Reader, made: Traffic): Books {
  const last = latestPayout(reader)?.seq ?? 0;
  const payouts = Array.from({ length: last }, (_, i) => payoutOf(reader, i + 1));
  const log = events(reader, 0, all);
  const totals = totalsOf(reader);
  return {
    rows: depositsByStatus(reader, undefined, { limit: all }),
    payouts: payouts.filter((payout) => payout !== undefined),
    bindings: new Map(made.bound.map(({ address }) => [address, boundAddresses(reader, "BTC", address)])),
    shown: customersOf(made).flatMap((sky) =>
      skyStatus(reader, sky, all).flatMap(({ row }) => (row.deposit_id === "" ? [] : [row.deposit_id])),
    ),
    facts: log.map(({ event }) => `${event.type} ${event.subject}`),
    factsInOrder: log.every(({ n }, i) => n === i + 1),
    sentTotal: totals.sent,
    doneTotal: totals.by_status.done,
  };
}

/** owedFor is what a deposit buys at 500 SKY for a BTC, cut to three decimals, in droplets. */
export function owedFor(satoshi: bigint): bigint {
  return ((satoshi * 500n * 1000n) / 10n ** 8n) * 1000n;
}

/** Ledger is what the Skycoin chain says at the end. */
export interface Ledger {
  /** Skycoin address → droplets. */
  readonly received: ReadonlyMap<string, bigint>;
  /** Droplets that left the hot wallet. */
  readonly spent: bigint;
  /** Txid → `block/outputs`, without the change, of every attempt at a payout that is in a block. */
  readonly confirmed: ReadonlyMap<string, string>;
}

const addressesAtOnce = 200;

/** readLedger asks the node what each customer has, and what became of each payout. */
export async function readLedger(
  node: Node,
  question: { customers: readonly string[]; payouts: readonly Payout[]; funded: bigint },
): Promise<Ledger> {
  const received = new Map<string, bigint>();
  const { customers } = question;
  for (let from = 0; from < customers.length; from += addressesAtOnce) {
    const { unspent } = await node.outputs(customers.slice(from, from + addressesAtOnce), never);
    for (const { address, coins } of unspent) received.set(address, (received.get(address) ?? 0n) + coins);
  }
  const own = await node.outputs(
    [0, 1, 2, 3, 4].map((n) => textOf("hot", n)),
    never,
  );
  const confirmed = new Map<string, string>();
  for (const { txid } of question.payouts.flatMap(attemptsOf)) {
    const status = await node.transaction(txid, never);
    const raw = await node.rawTransaction(txid, never);
    if (status?.confirmed === true && raw !== undefined) {
      confirmed.set(txid, placed(status.blockSeq, outputsOf(raw)));
    }
  }
  const left = own.unspent.reduce((sum, { coins }) => sum + coins, 0n);
  return { received, confirmed, spent: question.funded - left };
}

interface Paid {
  readonly address: string;
  readonly coins: bigint;
}

const placed = (block: number | undefined, outputs: readonly Paid[]) =>
  `${block}/${outputs.map(({ address, coins }) => `${address}=${coins}`).join()}`;

function outputsOf(raw: string): readonly Paid[] {
  const tx = decodeTransactionHex(raw);
  if (!tx.ok) throw new Error(`the node gives a transaction that does not decode: ${tx.refusal}`);
  const outputs = tx.value.outputs.map(({ address, coins }) => ({ address: addressText(address), coins }));
  return outputs.slice(0, -1);
}

const sumOf = (values: readonly bigint[]) => values.reduce((sum, value) => sum + value, 0n);

/** Notes collects what is wrong. */
class Notes implements Verdict {
  readonly lost = new Set<string>();
  readonly doubled = new Set<string>();
  readonly problems: string[] = [];

  lose(what: string, why: string): void {
    this.lost.add(what);
    this.problems.push(`lost ${what}: ${why}`);
  }

  double(what: string, why: string): void {
    this.doubled.add(what);
    this.problems.push(`doubled ${what}: ${why}`);
  }

  expect(what: string, found: unknown, wanted: unknown): void {
    if (found !== wanted) this.problems.push(`${what} is ${found}, not ${wanted}`);
  }
}

/** compare holds what we sent against the store, and the store against the ledger, deposit by deposit. */
export function compare(made: Traffic, books: Books, ledger: Ledger): Verdict {
  const notes = new Notes();
  const rows = Map.groupBy(books.rows, ({ deposit_id }) => deposit_id);
  const shown = Map.groupBy(books.shown, (id) => id);
  const onLedger = transactionsByDeposit(books, ledger);
  for (const sent of made.sent) {
    const { id } = sent;
    const [row, more] = rows.get(id) ?? [];
    if (more !== undefined) notes.double(id, "two rows");
    notes.expect(`${id}: status lines`, shown.get(id)?.length ?? 0, 1);
    if (row === undefined) notes.lose(id, "no row");
    else compareRow(notes, sent, row, onLedger.get(id) ?? []);
  }
  notes.expect("the number of rows", books.rows.length, made.sent.length);
  notes.expect("deposits that are done", books.doneTotal, made.sent.length);
  comparePayouts(notes, books, ledger);
  compareSums(notes, made, ledger);
  const owed = sumOf(made.sent.map(({ value }) => owedFor(value)));
  notes.expect("what left the hot wallet", ledger.spent, owed);
  notes.expect("the sum of what was sent", books.sentTotal, owed);
  const given = made.bound.map(({ address }) => address);
  notes.expect("addresses that were given out once", new Set(given).size, given.length);
  for (const { address, sky } of made.bound)
    notes.expect(`the owner of ${address}`, books.bindings.get(address), sky);
  compareFacts(notes, made.sent, books);
  return notes;
}

/** A payout has several transactions when it was replaced; of all that carry a deposit one may be on the ledger. */
function transactionsByDeposit(books: Books, ledger: Ledger): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const payout of books.payouts) {
    const there = attemptsOf(payout).filter(({ txid }) => ledger.confirmed.has(txid));
    for (const id of payout.deposits) {
      found.set(id, [...(found.get(id) ?? []), ...there.map(({ txid }) => txid)]);
    }
  }
  return found;
}

function compareRow(notes: Notes, sent: Sent, row: DepositInfo, txids: readonly string[]): void {
  const { id, sky, address, value } = sent;
  const owed = owedFor(value);
  if (row.status !== "done") notes.lose(id, `it is ${row.status} ${row.held}`);
  notes.expect(`${id}: sky_owed`, row.sky_owed, owed);
  notes.expect(`${id}: sky_sent`, row.sky_sent, owed);
  notes.expect(`${id}: sky_address`, row.sky_address, sky);
  notes.expect(`${id}: deposit`, `${row.deposit_address} ${row.deposit_value}`, `${address} ${value}`);
  notes.expect(`${id}: error`, row.error, owed === 0n ? "Skycoin send amount is 0" : "");
  if (owed > 0n && txids.length === 0) notes.lose(id, "no transaction on the ledger pays it");
  if (txids.length > (owed > 0n ? 1 : 0)) notes.double(id, `${txids.join()} pay it`);
  notes.expect(`${id}: txid`, row.txid, txids[0] ?? "");
}

/** What a payout is said to pay is what its deposits are owed, and what its transaction on the ledger pays. */
function comparePayouts(notes: Notes, books: Books, ledger: Ledger): void {
  const owed = new Map(books.rows.map((row) => [row.deposit_id, row]));
  for (const payout of books.payouts) {
    const { seq, state, block, outputs, deposits } = payout;
    const there = attemptsOf(payout).flatMap(({ txid }) => ledger.confirmed.get(txid) ?? []);
    const wanted = state === "confirmed" ? placed(block?.seq, outputs) : "";
    notes.expect(`payout ${seq}, which is ${state}: its place on the ledger`, there.join(" and "), wanted);
    const sums = new Map<string, bigint>();
    for (const id of deposits) {
      const row = owed.get(id);
      if (row !== undefined) sums.set(row.sky_address, (sums.get(row.sky_address) ?? 0n) + row.sky_owed);
    }
    const shares = Array.from(sums, ([address, coins]) => ({ address, coins }));
    notes.expect(`payout ${seq}: its outputs`, placed(seq, outputs), placed(seq, shares));
  }
}

/** An address that has too little or too much counts itself where none of its deposits was found to be wrong. */
function compareSums(notes: Notes, made: Traffic, ledger: Ledger): void {
  const sentTo = Map.groupBy(made.sent, ({ sky }) => sky);
  for (const sky of customersOf(made)) {
    const deposits = sentTo.get(sky) ?? [];
    const owed = sumOf(deposits.map(({ value }) => owedFor(value)));
    const has = ledger.received.get(sky) ?? 0n;
    if (has === owed) continue;
    notes.problems.push(`${sky} has ${has} droplets, owed are ${owed}`);
    const found = has < owed ? notes.lost : notes.doubled;
    if (!deposits.some(({ id }) => found.has(id))) found.add(sky);
  }
}

/** Each fact about a deposit is told once; numbers have no gap. */
function compareFacts(notes: Notes, sent: readonly Sent[], books: Books): void {
  const told = new Map<string, number>();
  for (const fact of books.facts) told.set(fact, (told.get(fact) ?? 0) + 1);
  notes.expect("events without a gap", books.factsInOrder, true);
  for (const { id, value } of sent) {
    const decided = owedFor(value) > 0n ? "deposit_decided" : "deposit_done";
    for (const type of ["deposit_seen", "deposit_credited", decided]) {
      notes.expect(`events: ${type} ${id}`, told.get(`${type} ${id}`) ?? 0, 1);
    }
  }
}
