import type { Block, SeenOutput } from "#internal/coin";
import type { Reader, Tx } from "#internal/db";
import { invariant } from "#internal/fault";
import { takeAddress, lastSkyRow } from "./bind.ts";
import {
  addressDeposits,
  bindings,
  byHeight,
  byOutpoint,
  deposits,
  infos,
  skyRows,
  uncredited,
} from "./buckets.ts";
import { save, settledElsewhere, updateSkyRow } from "./deposits.ts";
import { record } from "./events.ts";
import type { Binding, ChainRules, Deposit, DepositInfo } from "./rows.ts";
import { take } from "./totals.ts";

/** Found is an output of a block that pays a pool address. */
interface Found {
  readonly rules: ChainRules;
  readonly block: Block;
  readonly output: SeenOutput;
  readonly at: number;
}

/** Seen tells what became of it; `watch` is a line that a person must read, or empty. */
interface Seen {
  readonly fresh: boolean;
  readonly watch: string;
}

/**
 * see records an output that pays a pool address: a new deposit, one that a reorg had taken back
 * and that is mined again, or one that is known already and stays as it is.
 */
export function see(tx: Tx, found: Found): Seen {
  const { output } = found;
  const id = `${output.txid}:${output.n}`;
  const known = tx.get(deposits, id);
  if (known !== undefined && !known.reversed) return { fresh: false, watch: "" };
  const rivals = findRivals(tx, output);
  const deposit =
    known === undefined
      ? firstSight(tx, found, rivals)
      : { ...known, height: found.block.height, reversed: false };
  const siblings = found.block.outputs.filter(({ txid }) => txid === output.txid);
  const settled = settleRivals(tx, { id, deposit, rivals, siblings, at: found.at });
  place(tx, id, settled.deposit, found);
  const watch = known === undefined && deposit.sky_address === "" ? unboundLine(id, deposit) : settled.watch;
  return { fresh: known === undefined, watch };
}

function unboundLine(id: string, deposit: Deposit): string {
  return `${id} paid ${deposit.value} to ${deposit.address}, which is not bound to anybody`;
}

/** place writes the deposit and where it is found: by block, by address, by what it spends. */
function place(tx: Tx, id: string, deposit: Deposit, found: Found): void {
  const { coin_type: coin, height, order } = deposit;
  tx.put(deposits, id, deposit);
  tx.put(byHeight, [coin, height, order], id);
  tx.put(uncredited, [coin, height, order], id);
  tx.put(addressDeposits, [deposit.address, order], id);
  for (const outpoint of deposit.inputs) tx.put(byOutpoint, [outpoint, id], "");
  record(
    tx,
    found.at,
    deposit.sky_address === "" ? "unbound_money" : "deposit_seen",
    id,
    deposit.value.toString(),
  );
  if (deposit.sky_address === "") return;
  updateSkyRow(tx, deposit.sky_address, deposit.status_seq, (row) => ({
    ...row,
    deposit_id: id,
    // The line may be that of a credited deposit whose place this one takes.
    status: deposit.processed ? row.status : "waiting_deposit",
    updated_at: found.at,
    height: deposit.processed ? 0 : height,
  }));
}

/** A deposit of another transaction that shares a coin with this one. */
interface Rival {
  readonly id: string;
  readonly deposit: Deposit;
  /** A payout was signed for it, or a person has paid it: its money has left, or will. */
  readonly paid: boolean;
  /** A person must look at it before it is paid. */
  readonly held: boolean;
}

function isPaid(info: DepositInfo | undefined): boolean {
  if (info === undefined) return false;
  return info.payout !== 0 || info.settled !== "" || info.held.startsWith(settledElsewhere);
}

function findRivals(tx: Reader, output: Pick<SeenOutput, "txid" | "inputs">): Rival[] {
  const rivals = new Map<string, Rival>();
  for (const outpoint of output.inputs) {
    const range = { start: [outpoint, ""], end: [outpoint, "\uffff"], limit: 10_000 } as const;
    for (const [, rivalId] of tx.keys(byOutpoint, range)) {
      const deposit = tx.get(deposits, rivalId);
      // Another output of the same transaction spends the same coin and comes back with it: it is no rival.
      if (deposit === undefined || deposit.tx === output.txid) continue;
      const info = tx.get(infos, rivalId);
      const held = (info ?? deposit).held !== "";
      rivals.set(rivalId, { id: rivalId, deposit, paid: isPaid(info), held });
    }
  }
  return [...rivals.values()];
}

/**
 * whyBarred says why a rival keeps a deposit on the best chain from being paid, or gives undefined. Two cannot stand on one
 * chain: the rival is of a chain that is gone, from below a height from which an operator had it scanned again.
 */
function whyBarred({ id, deposit, paid }: Rival, done: string): string | undefined {
  if (paid) return `spends the same coin as ${id}, which ${done}`;
  return deposit.reversed
    ? undefined
    : `spends the same coin as ${id}, which was on the chain before a rescan`;
}

/**
 * barringRival says which deposit bars this one, because it spends the same coin and was paid or may be; or undefined. One
 * that is not on the chain itself is looked at again when it is mined again.
 */
export function barringRival(reader: Reader, { tx: txid, inputs, reversed }: Deposit): string | undefined {
  return findRivals(reader, { txid, inputs })
    .filter(({ deposit }) => deposit.reversed || !reversed)
    .map((rival) => whyBarred(rival, "was paid"))
    .find((why) => why !== undefined);
}

/** standingRival names a deposit on the best chain that spends the same coin as this one and was paid, or will be by itself. */
export function standingRival(reader: Reader, { tx: txid, inputs }: Deposit): string | undefined {
  return findRivals(reader, { txid, inputs }).find(
    ({ deposit, paid, held }) => !deposit.reversed && deposit.replaced_by === "" && (paid || !held),
  )?.id;
}

/**
 * giveBack returns the places that a deposit has taken, because it is gone before it counted: else nobody would look
 * at those whose places they are.
 */
export function giveBack(tx: Tx, id: string, gone: Deposit, at: number): void {
  for (const { id: rivalId, deposit } of findRivals(tx, { txid: gone.tx, inputs: gone.inputs })) {
    if (deposit.replaced_by !== id) continue;
    tx.put(deposits, rivalId, { ...deposit, replaced_by: "" });
    const info = tx.get(infos, rivalId);
    if (info !== undefined) save(tx, info, { ...info, replaced_by: "", updated_at: at });
  }
}

const isFree = ({ paid, deposit }: Rival) => !paid && deposit.reversed && deposit.replaced_by === "";

/** The rival whose place and rate an output takes: unpaid, of the same address if there is one, else of the same customer. */
function heir(
  rivals: readonly Rival[],
  to: { readonly address: string; readonly sky: string },
): Rival | undefined {
  // What was credited comes first: a person waits to hear of it.
  const free = rivals
    .filter(isFree)
    .toSorted((a, b) => Number(b.deposit.processed) - Number(a.deposit.processed));
  const same = free.find((rival) => rival.deposit.address === to.address);
  return same ?? free.find((rival) => to.sky !== "" && rival.deposit.sky_address === to.sky);
}

/** A rival that no output of the same transaction pays again: whoever comes first ends it. */
function leftOver(rivals: readonly Rival[], siblings: readonly SeenOutput[]): Rival | undefined {
  const paidAgain = new Set(siblings.map(({ address }) => address));
  return rivals.find((rival) => isFree(rival) && !paidAgain.has(rival.deposit.address));
}

function firstSight(tx: Tx, found: Found, rivals: readonly Rival[]): Deposit {
  const { output, block, rules } = found;
  const binding = tx.get(bindings(rules.coin), output.address);
  const inherited = heir(rivals, { address: output.address, sky: binding?.sky_address ?? "" })?.deposit;
  if (binding === undefined) takeAddress(tx, rules.coin, output.address);
  return {
    coin_type: rules.coin,
    address: output.address,
    value: output.value,
    height: block.height,
    shown_height: output.shownHeight ?? block.height,
    tx: output.txid,
    n: output.n,
    processed: false,
    order: take(tx, "next_order"),
    sky_address: binding?.sky_address ?? "",
    buy_method: binding?.buy_method ?? rules.buyMethod,
    status_seq: binding === undefined ? 0 : (inherited?.status_seq ?? statusSeq(tx, binding, found)),
    rate: inherited?.rate ?? rules.rate,
    max_decimals: inherited?.max_decimals ?? rules.maxDecimals,
    coinbase: output.coinbase,
    inputs: output.inputs,
    reversed: false,
    replaced_by: "",
    held: binding === undefined ? "the address was not bound when the money came" : "",
  };
}

/** The first deposit of a binding keeps the binding's line; each further one takes the next. */
function statusSeq(tx: Tx, binding: Binding, found: Found): number {
  const own = tx.get(skyRows, [binding.sky_address, binding.seq]);
  invariant(own !== undefined, `book: no status line ${binding.seq} for ${binding.sky_address}`);
  if (own.deposit_id === "") return binding.seq;
  const last = lastSkyRow(tx, binding.sky_address);
  invariant(last !== undefined, `book: no status list for ${binding.sky_address}`);
  const seq = last.seq + 1;
  tx.put(skyRows, [binding.sky_address, seq], {
    address: binding.address,
    coin_type: binding.coin_type,
    bound: last.row.bound,
    deposit_id: "",
    status: "waiting_deposit",
    updated_at: found.at,
    height: 0,
  });
  return seq;
}

/**
 * settleRivals decides between a deposit and those that spend the same coin. One unpaid rival is
 * replaced, each output of a transaction taking the place of its own; after a paid one the new deposit is held, because the coin was paid for already.
 */
function settleRivals(
  tx: Tx,
  arrival: {
    id: string;
    deposit: Deposit;
    rivals: readonly Rival[];
    siblings: readonly SeenOutput[];
    at: number;
  },
): { deposit: Deposit; watch: string } {
  const { id, rivals, at } = arrival;
  let deposit: Deposit = { ...arrival.deposit, replaced_by: "" };
  let watch = "";
  for (const rival of rivals) {
    const reason = whyBarred(rival, "has a payout");
    if (reason === undefined) continue;
    if (deposit.held === "") deposit = { ...deposit, held: reason };
    watch = `${id} ${reason}`;
  }
  const { address, sky_address: sky } = deposit;
  const replaced = heir(rivals, { address, sky }) ?? leftOver(rivals, arrival.siblings);
  if (replaced !== undefined) replace(tx, replaced, id, at);
  if (deposit.processed) restoreInfo(tx, id, deposit, at);
  return { deposit, watch };
}

function replace(tx: Tx, rival: Rival, by: string, at: number): void {
  tx.put(deposits, rival.id, { ...rival.deposit, replaced_by: by });
  const info = tx.get(infos, rival.id);
  if (info !== undefined) save(tx, info, { ...info, replaced_by: by, updated_at: at });
  record(tx, at, "deposit_replaced", rival.id, by);
}

/** A credited deposit that is back keeps its mark until it is deep enough again; its hold and place are settled now. */
function restoreInfo(tx: Tx, id: string, deposit: Deposit, at: number): void {
  const info = tx.get(infos, id);
  invariant(info !== undefined, `book: ${id} is not in deposit_info`);
  save(tx, info, {
    ...info,
    replaced_by: "",
    held: deposit.held === "" ? info.held : deposit.held,
    updated_at: at,
  });
}
