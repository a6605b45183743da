/**
 * How other programs spend: Skycoin's command line and its node. Teller pays by rules of its
 * own; these two are here so that the recorded results of the real programs can be held
 * against our choice of inputs, our fee and our encoding. Source: `spec/skycoin.md` §10.
 */
import { accept, refuse, type Result } from "#internal/fault";
import { droplet, type Droplet, hours } from "#internal/money";
import type { Address } from "./address.ts";
import { type Candidate, chooseInputs } from "./choose.ts";
import { remainingHours, requiredFee, type Rules, type Spend, validate } from "./validate.ts";
import { type Transaction, unsignedTransaction } from "./transaction.ts";
import type { Output } from "./uxout.ts";

/** Owned is an unspent output that may be spent. */
export type Owned = Spend & Candidate;

/** Payment is what one destination is to get. */
export interface Payment {
  readonly address: Address;
  readonly coins: Droplet;
}

/** Order is what both programs are told. */
export interface Order {
  readonly unspent: readonly Owned[];
  readonly to: readonly Payment[];
  readonly rules: Rules;
}

const dropletsPerCoin = 1_000_000n;

const total = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Split is a way to share hours out. */
export interface Split {
  readonly change: bigint;
  readonly each: readonly bigint[];
}

/** splitHours shares input hours like the command line, before its cap: half to the change, the rest evenly. */
export function splitHours(
  inputHours: bigint,
  destinations: number,
  haveChange: boolean,
  burnFactor: bigint,
): Split {
  const rest = remainingHours(inputHours, burnFactor);
  const change = haveChange ? (rest + 1n) / 2n : 0n;
  const count = BigInt(destinations);
  const share = (rest - change) / count;
  const first = (rest - change) % count;
  return {
    change,
    each: Array.from({ length: destinations }, (_, i) => share + (BigInt(i) < first ? 1n : 0n)),
  };
}

/** No destination keeps more hours than whole coins (at least one); what is above goes to the change. */
function capped(split: Split, to: readonly Payment[]): Split {
  let { change } = split;
  const each = split.each.map((share, i) => {
    const whole = (to[i]?.coins ?? 0n) / dropletsPerCoin;
    const kept = change > 0n ? least(share, whole > 1n ? whole : 1n) : share;
    change += share - kept;
    return kept;
  });
  return { change, each };
}

/** commandLineSpend builds what `createRawTransaction` builds. */
export function commandLineSpend(order: Order, changeAddress: Address): Result<Transaction, string> {
  const { to, rules } = order;
  if (to.some((payment) => payment.coins === 0n)) return refuse("Cannot send 0 coins");
  const wanted = total(to.map((payment) => payment.coins));
  const chosen = chooseInputs(order.unspent, { coins: wanted, hours: 0n, burnFactor: rules.burnFactor });
  if (!chosen.ok) return chosen;
  const spends = chosen.value;
  const changeCoins = total(spends.map((spend) => spend.coins)) - wanted;
  const inputHours = total(spends.map((spend) => spend.hours));
  const split = capped(splitHours(inputHours, to.length, changeCoins > 0n, rules.burnFactor), to);
  const tx = build(spends, to, split, { address: changeAddress, coins: droplet(changeCoins) });
  const found = validate({ tx, spends, rules, form: "unsigned" });
  return found.ok ? accept(tx) : refuse(found.refusal.text);
}

function build(spends: readonly Owned[], to: readonly Payment[], split: Split, change: Payment): Transaction {
  const outputs: Output[] = to.map((payment, i) => ({ ...payment, hours: hours(split.each[i] ?? 0n) }));
  if (change.coins > 0n) outputs.push({ ...change, hours: hours(split.change) });
  const uxids = spends.map((spend) => spend.uxid);
  return unsignedTransaction(uxids, outputs);
}

/** shareByCoins shares hours out by coins; what is left over goes first to those that got none, then to the first ones. */
export function shareByCoins(coins: readonly bigint[], allocated: bigint): Result<readonly bigint[], string> {
  const name = "DistributeCoinHoursProportional coins array";
  if (coins.length === 0) return refuse(`${name} must not be empty`);
  if (coins.includes(0n)) return refuse(`${name} has a zero value`);
  const sum = total(coins);
  const shares = coins.map((n) => (n * allocated) / sum);
  let left = allocated - total(shares);
  for (const onlyEmpty of [true, false]) {
    for (const [i, share] of shares.entries()) {
      if (left === 0n) break;
      if (onlyEmpty && share !== 0n) continue;
      shares[i] = share + 1n;
      left -= 1n;
    }
  }
  return accept(shares);
}

/** Tenths are the share factor of the node's `auto` mode: 0 to 10. */
type Tenths = 0 | 5 | 10;

/** nodeSpend builds what a node builds in mode `auto`/`share` without a change address. */
export function nodeSpend(order: Order, factor: Tenths): Result<Transaction, string> {
  const { to, rules } = order;
  if (to.some((payment) => payment.coins === 0n)) return refuse("To.Coins must not be zero");
  const wanted = total(to.map((payment) => payment.coins));
  const chosen = chooseInputs(order.unspent, { coins: wanted, hours: 0n, burnFactor: rules.burnFactor });
  if (!chosen.ok) return chosen;
  let spends = chosen.value;
  let changeCoins = total(spends.map((spend) => spend.coins)) - wanted;
  const inputHours = total(spends.map((spend) => spend.hours));
  const rest = remainingHours(inputHours, rules.burnFactor);
  const allocated = (rest * BigInt(factor)) / 10n;
  let changeHours = rest - allocated;
  if (changeCoins === 0n && changeHours > 0n) {
    const extra = cheapest(order.unspent.filter((owned) => !spends.includes(owned)));
    if (extra === undefined) return nodeSpend(order, 10);
    const fee =
      requiredFee(inputHours + extra.hours, rules.burnFactor) - requiredFee(inputHours, rules.burnFactor);
    if (fee >= changeHours) return nodeSpend(order, 10);
    spends = [...spends, extra];
    changeCoins = extra.coins;
    changeHours += extra.hours - fee;
  }
  const shares = shareByCoins(
    to.map((payment) => payment.coins),
    allocated,
  );
  if (!shares.ok) return shares;
  const change = { address: lowestOwner(spends), coins: droplet(changeCoins) };
  return accept(build(spends, to, { change: changeHours, each: shares.value }, change));
}

function cheapest(unspent: readonly Owned[]): Owned | undefined {
  const before = (a: bigint | number | string, b: bigint | number | string): number =>
    a < b ? -1 : a > b ? 1 : 0;
  const order = (a: Owned, b: Owned): number =>
    before(a.hours, b.hours) ||
    before(a.coins, b.coins) ||
    before(a.blockSeq, b.blockSeq) ||
    before(a.uxid, b.uxid);
  return unspent.toSorted(order)[0];
}

/** The wire form puts the version first; all versions are 0, so key hashes decide as in the text form. */
function lowestOwner(spends: readonly Owned[]): Address {
  const [lowest] = spends.map((spend) => spend.address).toSorted();
  if (lowest === undefined) throw new RangeError("skycoin: no inputs");
  return lowest;
}
