import { adoptPayout, anchorOf, type DepositInfo, dueDeposits, moveAnchor } from "#internal/book";
import type { Reader } from "#internal/db";
import { accept, refuse, type Result } from "#internal/fault";
import { addressOwed, paidWith, settledBy } from "./claims.ts";
import type { Desk, Operator } from "./deps.ts";
import { type Found, findSpender, type Paying } from "./find.ts";
import { notTxid, txidText } from "./txid.ts";

const dueAtOnce = 1000;

/** anchorCommands are those that say whose the transaction is that spent the anchor. */
export function anchorCommands(desk: Desk): Pick<Operator, "adopt" | "foreign"> {
  const { store } = desk;
  return {
    async adopt(txid, said, signal) {
      const found = await spenderOf(desk, txid, signal);
      if (!found.ok) return found;
      const { change, attempt, block, paying } = found.value;
      if (change === undefined)
        return refuse(`${txid} leaves nothing to the wallet; it is no payout of ours`);
      const outputs = paying.map(({ address, coins }) => ({ address, coins }));
      const stored = await store.write((tx) => {
        const deposits = depositsPaidBy(tx, txid, paying);
        if (!deposits.ok) return deposits;
        const facts = { ...attempt, change, block, anchor: found.value.anchor, outputs };
        const settled = settledWith(tx, txid, paying);
        const payout = adoptPayout(tx, { ...facts, deposits: deposits.value, settled }, desk.who(said));
        return payout.ok ? accept({ payout: payout.value, count: deposits.value.length }) : payout;
      });
      if (!stored.ok) return stored;
      const { payout, count } = stored.value;
      return desk.done(`${txid} is payout ${payout} now; it paid ${count} deposits`, said);
    },

    async foreign(txid, said, signal, although = []) {
      const unseen = desk.unseen().join(" and ");
      if (unseen !== "") return refuse(`the chain of ${unseen} was not looked at again yet: who is owed?`);
      const found = await spenderOf(desk, txid, signal);
      if (!found.ok) return found;
      const { anchor, change, largest, paying, later } = found.value;
      const next = change ?? largest;
      if (next === undefined) return refuse("the wallet has nothing left that could be the next anchor");
      const spite = although.length === 0 ? "" : `, although it pays ${although.join(", ")}`;
      const who = desk.who({ ...said, why: `${said.why}${spite}` });
      const moved = await store.write((tx) => {
        const refusal = whyOurs(tx, { txid, paid: [...paying, ...later], although });
        return refusal === undefined ? moveAnchor(tx, anchor, next, who) : refuse(refusal);
      });
      if (!moved.ok) return moved;
      return desk.done(`${txid} is not ours${spite}; the next payout will spend ${next.uxid}`, said);
    },
  };
}

async function spenderOf(desk: Desk, txid: string, signal: AbortSignal): Promise<Result<Found, string>> {
  if (!txidText.test(txid)) return notTxid(txid);
  const anchor = desk.store.read(anchorOf);
  if (anchor === undefined) return refuse("nothing was ever paid: there is no anchor");
  return findSpender(desk, { txid, anchor: anchor.uxid }, signal);
}

/** Disowned is a transaction that is to be none of ours, with what it and those passed over with it pay. */
interface Disowned {
  readonly txid: string;
  readonly paid: readonly Paying[];
  /** Addresses of which the operator says that what they are paid is not for the deposits that wait here. */
  readonly although: readonly string[];
}

/** whyOurs names somebody who is paid and whom we owe, and of whom the operator has not said that these are two things. */
function whyOurs(reader: Reader, { txid, paid, although }: Disowned): string | undefined {
  const owed = paid.filter(({ address }) => addressOwed(reader, address));
  const ours = owed.find(({ address }) => !although.includes(address));
  const idle = although.find((address) => !owed.some((one) => one.address === address));
  if (idle !== undefined) return `${idle} is not paid by it, or waits for nothing here: leave --although out`;
  if (ours === undefined) return undefined;
  const ways = ours.txid === txid ? "is it to be adopted, or were they paid by it?" : "were they paid by it?";
  const neither = `If neither, say so: --although ${ours.address}`;
  return `${ours.txid} pays ${ours.address}, whose deposits wait for SKY here; ${ways} ${neither}`;
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

/** settledWith lists the deposits that the operator has said before that this transaction paid. */
function settledWith(reader: Reader, txid: string, paying: readonly Paying[]): string[] {
  const addresses = new Set(paying.map(({ address }) => address));
  const known = [...addresses].flatMap((address) => paidWith(reader, address, txid));
  // What was settled before it was decided is owed nothing that could be paid again.
  const settled = known.filter((info) => info.settled !== "" && info.payout === 0 && info.sky_owed > 0n);
  return settled.map((info) => info.deposit_id);
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
