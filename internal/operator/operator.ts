import {
  adoptPayout,
  anchorOf,
  depositInfo,
  dueDeposits,
  moveAnchor,
  payoutByTransaction,
  settleByHand,
  type Who,
} from "#internal/book";
import { type Clock, unixSeconds } from "#internal/clock";
import type { Store } from "#internal/db";
import { accept, refuse, type Result } from "#internal/fault";
import type { Logger } from "#internal/log";
import type { Node } from "#internal/skycoin";
import { type Found, findSpender, paidTo, type Paying } from "./find.ts";

/** OperatorDeps is what the commands need of the house. */
export interface OperatorDeps {
  readonly store: Store;
  readonly node: Node;
  /** Every address of the hot wallet. */
  readonly walletAddresses: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** rescan of the BTC scanner, where it runs. */
  readonly rescan: ((from: number) => Promise<Result<string, string>>) | undefined;
  /** changed is called after a command that may let payouts go on. */
  readonly changed: () => void;
}

/** Said is who gives a command, and why. */
export type Said = Omit<Who, "at">;

/** Operator carries out commands. Each gives a sentence on what was done, or on why it was not. */
export interface Operator {
  /** adopt takes the transaction that spent the anchor for a payout of ours. */
  adopt(txid: string, said: Said, signal: AbortSignal): Promise<Result<string, string>>;
  /** foreign says that the transaction that spent the anchor is none of ours; the largest output is the next anchor. */
  foreign(txid: string, said: Said, signal: AbortSignal): Promise<Result<string, string>>;
  /** paid settles a deposit by hand. */
  paid(deposit: string, txid: string, said: Said, signal: AbortSignal): Promise<Result<string, string>>;
  rescan(from: number, said: Said): Promise<Result<string, string>>;
}

const txidText = /^[0-9a-f]{64}$/;
const dueAtOnce = 1000;

/** operator makes the commands. */
export function operator(deps: OperatorDeps): Operator {
  const { store, log } = deps;
  const who = (said: Said): Who => ({ ...said, at: unixSeconds(deps.clock) });
  const done = (text: string, said: Said): Result<string, string> => {
    log.watch(text, { by: said.who, why: said.why });
    deps.changed();
    return accept(text);
  };
  const spenderOf = async (txid: string, signal: AbortSignal): Promise<Result<Found, string>> => {
    if (!txidText.test(txid)) return refuse(`${txid.slice(0, 80)} is not a txid: 64 hex digits`);
    const anchor = store.read(anchorOf);
    if (anchor === undefined) return refuse("nothing was ever paid: there is no anchor");
    return findSpender(deps, { txid, anchor: anchor.uxid }, signal);
  };

  return {
    async adopt(txid, said, signal) {
      const found = await spenderOf(txid, signal);
      if (!found.ok) return found;
      const { change, attempt, block, paying } = found.value;
      if (change === undefined)
        return refuse(`${txid} leaves nothing to the wallet; it is no payout of ours`);
      const deposits = depositsPaidBy(deps, paying);
      if (!deposits.ok) return deposits;
      const adopted = {
        ...attempt,
        change,
        block,
        anchor: found.value.anchor,
        outputs: paying,
        deposits: deposits.value,
      };
      const stored = await store.write((tx) => adoptPayout(tx, adopted, who(said)));
      if (!stored.ok) return stored;
      return done(`${txid} is payout ${stored.value} now; it paid ${deposits.value.length} deposits`, said);
    },

    async foreign(txid, said, signal) {
      const found = await spenderOf(txid, signal);
      if (!found.ok) return found;
      const owedTo = new Set(allDue(deps).map((info) => info.sky_address));
      const ours = found.value.paying.find(({ address }) => owedTo.has(address));
      if (ours !== undefined)
        return refuse(`${txid} pays ${ours.address}, which is owed SKY here; is it to be adopted?`);
      const next = found.value.largest;
      if (next === undefined) return refuse("the wallet has nothing left that could be the next anchor");
      const moved = await store.write((tx) => moveAnchor(tx, found.value.anchor, next, who(said)));
      if (!moved.ok) return moved;
      return done(`${txid} is not ours; the next payout will spend ${next.uxid}`, said);
    },

    async paid(deposit, txid, said, signal) {
      const refusal = await whyNotPaid(deps, { deposit, txid }, signal);
      if (refusal !== undefined) return refuse(refusal);
      const settled = await store.write((tx) => settleByHand(tx, deposit, txid, who(said)));
      return settled.ok ? done(`${deposit} is settled: paid by ${txid}`, said) : settled;
    },

    async rescan(from, said) {
      if (deps.rescan === undefined) return refuse("no scanner runs");
      if (!Number.isSafeInteger(from)) return refuse("HEIGHT must be a whole number");
      const answer = await deps.rescan(from);
      return answer.ok ? done(answer.value, said) : answer;
    },
  };
}

function allDue(deps: OperatorDeps) {
  const all = [];
  for (let from = 0; ; ) {
    const page = deps.store.read((reader) => dueDeposits(reader, "waiting_send", { from, limit: dueAtOnce }));
    all.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < dueAtOnce) return all;
    from = last.seq + 1;
  }
}

/**
 * depositsPaidBy finds, for each output, the oldest due deposits of its address whose sum is exactly what it
 * pays. Refused when there are none such: then it is not what this store would have paid.
 */
function depositsPaidBy(deps: OperatorDeps, paying: readonly Paying[]): Result<string[], string> {
  const due = allDue(deps);
  const paid: string[] = [];
  for (const { address, coins } of paying) {
    let sum = 0n;
    const taken: string[] = [];
    for (const info of due.filter((one) => one.sky_address === address)) {
      if (sum >= coins) break;
      sum += info.sky_owed;
      taken.push(info.deposit_id);
    }
    if (sum !== coins) {
      return refuse(
        `it pays ${coins} droplets to ${address}, which are not the oldest deposits that are due there`,
      );
    }
    paid.push(...taken);
  }
  return accept(paid);
}

/** whyNotPaid looks at the chain: the transaction must be there, and pay at least what is owed. */
async function whyNotPaid(
  deps: OperatorDeps,
  claim: { deposit: string; txid: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { deposit, txid } = claim;
  const info = deps.store.read((reader) => depositInfo(reader, deposit));
  if (info === undefined) return `there is no credited deposit ${deposit}`;
  if (!txidText.test(txid)) return `${txid.slice(0, 80)} is not a txid: 64 hex digits`;
  // Nothing is owed on the Skycoin chain for these: the operator's word on what settled them is kept as it is.
  if (info.sky_address === "" || info.status === "done") return undefined;
  if (info.status === "waiting_decide") return `${deposit} is not decided yet: nobody knows what it is owed`;
  const own = deps.store.read((reader) => payoutByTransaction(reader, txid));
  if (own !== undefined) return `${txid} is payout ${own.seq} of this store, which does not have ${deposit}`;
  const paid = await paidTo(deps, { txid, address: info.sky_address }, signal);
  if (!paid.ok) return paid.refusal;
  if (paid.value < info.sky_owed) {
    return `${txid} pays ${paid.value} droplets to ${info.sky_address}, which is owed ${info.sky_owed}`;
  }
  return undefined;
}
