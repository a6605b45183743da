import {
  adoptPayout,
  anchorOf,
  type DepositInfo,
  dueDeposits,
  moveAnchor,
  recordRescan,
  settleByHand,
  type Who,
} from "#internal/book";
import { type Clock, unixSeconds } from "#internal/clock";
import type { Reader, Store } from "#internal/db";
import { accept, refuse, type Result } from "#internal/fault";
import type { Logger } from "#internal/log";
import type { Node } from "#internal/skycoin";
import { addressOwed, checkClaim, settledBy } from "./claims.ts";
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
  /** unseen names the coins whose chains were not looked at again since the start: what they bring may be owed. */
  readonly unseen: () => readonly string[];
  /** changed is called after a command that may let payouts go on. */
  readonly changed: () => void;
}

/** Said is who gives a command, and why. */
export type Said = Omit<Who, "at">;

/** Operator carries out commands. Each gives a sentence on what was done, or on why it was not. */
export interface Operator {
  /** adopt takes the transaction that spent the anchor for a payout of ours. */
  adopt(txid: string, said: Said, signal: AbortSignal): Promise<Result<string, string>>;
  /**
   * foreign says that the transaction that spent the anchor is none of ours. Its change is the next anchor, so that
   * whatever was spent after it is asked about as well; without change it is the wallet's largest output.
   */
  foreign(txid: string, said: Said, signal: AbortSignal): Promise<Result<string, string>>;
  /** paid settles a deposit by hand. */
  paid(deposit: string, txid: string, said: Said, signal: AbortSignal): Promise<Result<string, string>>;
  rescan(from: number, said: Said): Promise<Result<string, string>>;
}

const txidText = /^[0-9a-f]{64}$/;
const dueAtOnce = 1000;

function notTxid(text: string): Result<never, string> {
  return refuse(`${text.slice(0, 80)} is not a txid: 64 hex digits in small letters`);
}

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
    if (!txidText.test(txid)) return notTxid(txid);
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
      const outputs = paying.map(({ address, coins }) => ({ address, coins }));
      const stored = await store.write((tx) => {
        const deposits = depositsPaidBy(tx, txid, paying);
        if (!deposits.ok) return deposits;
        const facts = { ...attempt, change, block, anchor: found.value.anchor, outputs };
        const payout = adoptPayout(tx, { ...facts, deposits: deposits.value }, who(said));
        return payout.ok ? accept({ payout: payout.value, count: deposits.value.length }) : payout;
      });
      if (!stored.ok) return stored;
      return done(
        `${txid} is payout ${stored.value.payout} now; it paid ${stored.value.count} deposits`,
        said,
      );
    },

    async foreign(txid, said, signal) {
      const unseen = deps.unseen().join(" and ");
      if (unseen !== "") return refuse(`the chain of ${unseen} was not looked at again yet: who is owed?`);
      const found = await spenderOf(txid, signal);
      if (!found.ok) return found;
      const { anchor, change, largest } = found.value;
      const next = change ?? largest;
      if (next === undefined) return refuse("the wallet has nothing left that could be the next anchor");
      const moved = await store.write((tx) => {
        const refusal = whyOurs(tx, txid, found.value);
        return refusal === undefined ? moveAnchor(tx, anchor, next, who(said)) : refuse(refusal);
      });
      if (!moved.ok) return moved;
      return done(`${txid} is not ours; the next payout will spend ${next.uxid}`, said);
    },

    async paid(deposit, txid, said, signal) {
      if (!txidText.test(txid)) return notTxid(txid);
      const claim = { deposit, txid };
      const asked = store.read((reader) => checkClaim(reader, claim));
      if (!asked.ok) return asked;
      const { address } = asked.value;
      const amount = address === "" ? accept(0n) : await paidTo(deps, { txid, address }, signal);
      if (!amount.ok) return amount;
      const settled = await store.write((tx) => {
        const still = checkClaim(tx, claim);
        const refusal = still.ok ? still.value.refuses(amount.value) : still.refusal;
        return refusal === undefined ? settleByHand(tx, deposit, txid, who(said)) : refuse(refusal);
      });
      return settled.ok ? done(`${deposit} is settled: paid by ${txid}`, said) : settled;
    },

    async rescan(from, said) {
      if (deps.rescan === undefined) return refuse("no scanner runs");
      if (!Number.isSafeInteger(from)) return refuse("HEIGHT must be a whole number");
      const answer = await deps.rescan(from);
      if (!answer.ok) return answer;
      await store.write((tx) => recordRescan(tx, from, who(said)));
      return done(answer.value, said);
    },
  };
}

/** whyOurs names somebody whom the transaction, or one that would be passed over with it, pays and whom we owe. */
function whyOurs(reader: Reader, txid: string, { paying, later }: Found): string | undefined {
  const ours = [...paying, ...later].find(({ address }) => addressOwed(reader, address));
  if (ours === undefined) return undefined;
  const ways = ours.txid === txid ? "is it to be adopted, or were they paid by it?" : "were they paid by it?";
  return `${ours.txid} pays ${ours.address}, whose deposits wait for SKY here; ${ways}`;
}

function allDue(reader: Reader): DepositInfo[] {
  const all: DepositInfo[] = [];
  for (let from = 0; ; ) {
    const page = dueDeposits(reader, "waiting_send", { from, limit: dueAtOnce });
    all.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < dueAtOnce) return all;
    from = last.seq + 1;
  }
}

/**
 * depositsPaidBy finds, for each address, the oldest due deposits whose sum is exactly what it is paid, less
 * what the operator has said before that this transaction paid. Refused when there are none such: then it
 * is not what this store would have paid.
 */
function depositsPaidBy(reader: Reader, txid: string, paying: readonly Paying[]): Result<string[], string> {
  const due = allDue(reader);
  const sums = new Map<string, bigint>();
  for (const { address, coins } of paying) sums.set(address, (sums.get(address) ?? 0n) + coins);
  const paid: string[] = [];
  for (const [address, coins] of sums) {
    const left = coins - settledBy(reader, address, txid);
    let sum = 0n;
    for (const info of due) {
      if (info.sky_address !== address || sum >= left) continue;
      sum += info.sky_owed;
      paid.push(info.deposit_id);
    }
    if (sum !== left) {
      return refuse(
        `it pays ${coins} droplets to ${address}, which are not the oldest deposits that are due there`,
      );
    }
  }
  return accept(paid);
}
