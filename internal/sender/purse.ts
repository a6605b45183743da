import { type Anchor, anchorOf, attemptsOf, type Payout, setAnchor, totalsOf } from "#internal/book";
import { type Droplet, type Hours, hours, droplet } from "#internal/money";
import type { Outputs, Unspent } from "#internal/skycoin";
import { fewHours, inputLimit, leastChange, type Purse } from "./build.ts";
import type { Held, Meeting, SenderDeps } from "./deps.ts";

/** Balance is what the wallet could spend when it was looked at last. */
export interface Balance {
  readonly coins: Droplet;
  readonly hours: Hours;
}

/** Wealth is the wallet as the node shows it now. */
export interface Wealth {
  readonly outputs: Outputs;
  readonly spendable: readonly Unspent[];
  readonly balance: Balance;
}

const largestFirst = (a: Unspent, b: Unspent) =>
  a.coins === b.coins ? (a.uxid < b.uxid ? -1 : 1) : a.coins < b.coins ? 1 : -1;

/** wealth asks for the wallet's outputs. What is not a multiple of the node's precision is left alone. */
export async function wealth(deps: SenderDeps, meeting: Meeting): Promise<Wealth> {
  const outputs = await deps.node.outputs(deps.signer.addresses, meeting.signal);
  const precision = 10n ** BigInt(Math.max(0, 6 - meeting.health.maxDecimals));
  const free = outputs.unspent.filter((one) => !outputs.outgoing.has(one.uxid));
  const spendable = free.filter((one) => one.coins % precision === 0n).sort(largestFirst);
  const balance = {
    coins: droplet(free.reduce((sum, one) => sum + one.coins, 0n)),
    hours: hours(free.reduce((sum, one) => sum + one.hours, 0n)),
  };
  return { outputs, spendable, balance };
}

/**
 * takePurse gives what a payout may spend, the anchor first, or says why none may be built. The
 * first anchor of a store is the wallet's largest output, stored at once.
 */
export async function takePurse(deps: SenderDeps, meeting: Meeting, now: Wealth): Promise<Purse | Held> {
  const stored = deps.store.read(anchorOf) ?? (await firstAnchor(deps, now));
  if ("reason" in stored) return stored;
  const held = await checkAnchor(deps, meeting, stored, now);
  if (held !== undefined) return held;
  const anchor = now.spendable.find((one) => one.uxid === stored.uxid);
  if (anchor === undefined) {
    const reason = `the anchor ${stored.uxid} has more decimals than the node allows`;
    return { reason, passing: false, ledger: "agrees" };
  }
  return fillPurse(anchor, now.spendable, inputLimit(meeting.health) - 1);
}

/**
 * fillPurse takes so many outputs beside the anchor, the largest. Where those have few hours the last place
 * is for the output that has most, however small: a top-up of hours must count in a wallet of many outputs.
 */
function fillPurse(anchor: Unspent, spendable: readonly Unspent[], most: number): Purse {
  const all = spendable.filter((one) => one.uxid !== anchor.uxid);
  let others = all.slice(0, most);
  const hoursHere = [anchor, ...others].reduce((sum, one) => sum + one.hours, 0n);
  const [richest] = all.slice(most).sort((a, b) => (a.hours < b.hours ? 1 : -1));
  if (hoursHere < fewHours && richest !== undefined && richest.hours > 0n) {
    others = [...others.slice(0, -1), richest];
  }
  const beyond =
    all.reduce((sum, one) => sum + one.coins, 0n) - others.reduce((sum, one) => sum + one.coins, 0n);
  return { anchor, others, beyond };
}

/**
 * firstAnchor chooses where the chain of payouts begins. Nobody is bound before, so that a store with bindings always has
 * an anchor, and the ledger can always show whether it is an old copy.
 */
async function firstAnchor(deps: SenderDeps, now: Wealth): Promise<Anchor | Held> {
  const { bound } = deps.store.read(totalsOf);
  if (bound.BTC + bound.ETH > 0) {
    const reason = "the store has bindings and no anchor: it is not whole, and may not know what was paid";
    return { reason, passing: false, ledger: "differs" };
  }
  const largest = now.spendable[0];
  if (largest === undefined || largest.coins < leastChange) {
    const reason = "no unspents to spend: the hot wallet is empty; deposits open when it has been filled";
    return { reason, passing: true, ledger: "empty" };
  }
  const anchor = { uxid: largest.uxid, address: largest.address, coins: largest.coins, payout: 0 };
  await deps.store.write((tx) => setAnchor(tx, anchor));
  deps.log.watch("the store is new: the first payout will spend this output", {
    uxid: anchor.uxid,
    address: anchor.address,
  });
  return anchor;
}

/** nextSpent names the anchor in words that need no explanation. */
function nextSpent({ uxid, payout }: Anchor): string {
  return `output ${uxid}, which the next payout must spend${payout === 0 ? "" : ` (the change of payout ${payout})`},`;
}

/**
 * viewOf tells whether the anchor of an open payout was spent by a transaction that the store does not know. A node that
 * does not know the anchor says nothing.
 */
export async function viewOf(
  deps: SenderDeps,
  meeting: Meeting,
  payout: Payout,
): Promise<"agrees" | "differs" | undefined> {
  const output = await deps.node.uxout(payout.anchor.uxid, meeting.signal);
  if (output === undefined) return undefined;
  const { spent } = output;
  return spent === undefined || attemptsOf(payout).some(({ txid }) => txid === spent.txid)
    ? "agrees"
    : "differs";
}

/** checkAnchor asks the ledger whether our store knows all that was paid (`money-path` rule 2). */
async function checkAnchor(
  deps: SenderDeps,
  meeting: Meeting,
  anchor: Anchor,
  now: Wealth,
): Promise<Held | undefined> {
  const output = await deps.node.uxout(anchor.uxid, meeting.signal);
  if (output === undefined)
    return { reason: `the Skycoin node does not know ${nextSpent(anchor)} yet`, passing: true };
  if (output.spent !== undefined) {
    const { txid, blockSeq } = output.spent;
    const who = "an old copy of the store, a second teller, or a person with the same wallet";
    const then = `if it paid deposits of ours, say "teller adopt ${txid}", else "teller foreign ${txid}"`;
    const reason = `the anchor ${anchor.uxid} was spent by ${txid} in block ${blockSeq}, which this store does not know: ${who}; ${then}`;
    return { reason, passing: false, ledger: "differs" };
  }
  if (!deps.signer.addresses.includes(anchor.address)) {
    const reason = `the wallet has no key for ${anchor.address}, which holds the anchor`;
    return { reason, passing: false, ledger: "agrees" };
  }
  if (now.outputs.outgoing.has(anchor.uxid)) {
    const reason = `a transaction that this store does not know is about to spend the anchor ${anchor.uxid}`;
    return { reason, passing: false, ledger: "differs" };
  }
  const listed = now.outputs.unspent.some((one) => one.uxid === anchor.uxid);
  return listed
    ? undefined
    : { reason: `the Skycoin node does not list ${nextSpent(anchor)} yet`, passing: true };
}
