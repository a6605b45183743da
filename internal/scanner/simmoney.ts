import {
  anchorOf,
  decide,
  type DepositInfo,
  depositInfo,
  depositsByStatus,
  doneSince,
  dueDeposits,
  erroredDeposits,
  type Payout,
  setAnchor,
  releaseDeposit,
  settlePayout,
  type SignedPayout,
  signPayout,
  unconfirmedPayouts,
} from "#internal/book";
import type { Reader, Store } from "#internal/db";
import { droplet } from "#internal/money";
import type { SimBlock, SimChain, SimPayment } from "./simchain.ts";

/** SimTx is a transaction of the simulated chain: its payments stand or fall together. */
export interface SimTx {
  readonly txid: string;
  readonly inputs: readonly string[];
  readonly payments: readonly SimPayment[];
}

/**
 * Pick says what a block has: a new transaction; or one that is not on the chain now, `again`, `malleated` (the same
 * inputs and outputs, another txid), or with its coins spent by an `other` one, alone or `joined` with a new coin.
 */
export interface Pick {
  readonly how: "new" | "again" | "malleated" | "other" | "joined";
  /** Which of those that may be mined; 0 is the newest. */
  readonly pick: number;
  /** Whom a new one pays, as places in the list of addresses; what is beyond it is not ours. */
  readonly to: readonly number[];
}

/** Payers make transactions, and never let one chain spend a coin twice. */
export class Payers {
  readonly #addresses: readonly string[];
  readonly #made: SimTx[] = [];
  #count = 0;

  constructor(addresses: readonly string[]) {
    this.#addresses = addresses;
  }

  /** mine adds a block with what is picked, as far as the chain may still have it. */
  mine(chain: SimChain, picks: readonly Pick[]): void {
    const spent = new Set(chain.blocks.flatMap(({ payments }) => payments.flatMap(({ inputs }) => inputs)));
    const block: SimTx[] = [];
    for (const pick of picks) {
      const tx = this.#choose(pick, spent);
      for (const coin of tx.inputs) spent.add(coin);
      block.push(tx);
      if (!this.#made.includes(tx)) this.#made.push(tx);
    }
    chain.mine(block.flatMap(({ payments }) => payments));
  }

  #choose({ how, pick, to }: Pick, spent: ReadonlySet<string>): SimTx {
    const free = this.#made.filter(({ inputs }) => inputs.every((coin) => !spent.has(coin)));
    const old = free.at(-1 - (pick % Math.max(1, free.length)));
    this.#count += 1;
    const coin = `c${this.#count}:0`;
    if (how === "new" || old === undefined) return this.#pay([coin], to);
    if (how === "again") return old;
    if (how === "other") return this.#pay(old.inputs, to);
    if (how === "joined") return this.#pay([...old.inputs, coin], to);
    const txid = `t${this.#count}`;
    return { ...old, txid, payments: old.payments.map((payment) => ({ ...payment, txid })) };
  }

  #pay(inputs: readonly string[], to: readonly number[]): SimTx {
    const txid = `t${this.#count}`;
    const payments = to.map((place, n) => ({
      ...{ txid, n, inputs },
      value: BigInt(this.#count * 10 + n),
      address: this.#addresses[place] ?? "not-ours",
    }));
    return { txid, inputs, payments };
  }
}

const perSatoshi = 1000n;
const owedFor = (info: DepositInfo) => info.deposit_value * perSatoshi;

/** SimSender pays what is due in a store, as the sender would with a Skycoin chain behind it. */
export class SimSender {
  readonly #store: Store;
  /** What each payout was signed for; nothing may change it any more. */
  readonly #signed = new Map<number, readonly string[]>();
  readonly #wrong: string[] = [];
  #count = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  async begin(): Promise<void> {
    const anchor = { uxid: "ux0", address: "hot", coins: droplet(10n ** 15n), payout: 0 };
    await this.#store.write((tx) => setAnchor(tx, anchor));
  }

  async #decide(): Promise<void> {
    await this.#store.write((tx) => {
      for (const info of dueDeposits(tx, "waiting_decide", { limit: 1000 })) {
        decide(tx, { id: info.deposit_id, owed: owedFor(info), decimals: 3, at: 1 });
      }
    });
  }

  #payoutOf(reader: Reader, due: readonly DepositInfo[]): SignedPayout {
    this.#count += 1;
    const txid = `p${this.#count}`;
    const anchor = anchorOf(reader)?.uxid ?? "none";
    const sums = new Map<string, bigint>();
    for (const info of due) sums.set(info.sky_address, (sums.get(info.sky_address) ?? 0n) + info.sky_owed);
    return {
      ...{ txid, raw: `raw-${txid}`, inputs: [anchor], fee: 1n, signed_at: 1, anchor },
      change: { uxid: `change-${txid}`, address: "hot", coins: droplet(10n ** 14n) },
      built_on: { seq: 1, hash: "head" },
      outputs: Array.from(sums, ([address, coins]) => ({ address, coins: droplet(coins) })),
      shares: due.map((info) => ({ id: info.deposit_id, coins: info.sky_owed })),
    };
  }

  async settle(): Promise<void> {
    const [open] = this.#store.read((reader) => unconfirmedPayouts(reader, 1));
    if (open === undefined) return;
    const { seq, txid } = open;
    await this.#store.write((tx) => settlePayout(tx, { seq, txid, block: { seq, hash: `s${seq}` }, at: 1 }));
  }

  /** pay settles what is open and makes a payout of the oldest so many; what happens until it is signed, it does not know. */
  async pay(count: number, meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    await this.settle();
    await this.#decide();
    const built = this.#store.read((reader) => {
      const due = dueDeposits(reader, "waiting_send", { limit: count });
      return due.length === 0 ? undefined : this.#payoutOf(reader, due);
    });
    await meanwhile();
    if (built === undefined) return;
    const ids = built.shares.map(({ id }) => id);
    const { payout, before } = await this.#store.write((tx) => {
      const rows = ids.map((id) => depositInfo(tx, id));
      return { before: rows, payout: signPayout(tx, built) };
    });
    if (payout === undefined) return;
    this.#signed.set(payout.seq, payout.deposits);
    const marked = before.filter((info) => info?.reversed || info?.replaced_by !== "" || info.held !== "");
    this.#wrong.push(...marked.map((info) => `${info?.deposit_id} was signed for though it is marked`));
  }

  /** payAll pays until nothing is due and nothing is open. */
  async payAll(): Promise<void> {
    const busy = () =>
      this.#store.read(
        (reader) =>
          dueDeposits(reader, "waiting_decide", { limit: 1 }).length +
          dueDeposits(reader, "waiting_send", { limit: 1 }).length +
          unconfirmedPayouts(reader, 1).length,
      ) > 0;
    while (busy()) await this.pay(50);
  }

  /** release lets every deposit go on that is only held because it may be the money of another: a person has looked. */
  async release(): Promise<void> {
    const who = { who: "sim", why: "another coin", at: 1 };
    await this.#store.write((tx) => {
      for (const { deposit_id: id, held } of erroredDeposits(tx, { limit: 10_000 }))
        if (held.startsWith("it may be the money of")) releaseDeposit(tx, id, who);
    });
  }

  /** wrong gives what of the payouts is not as it must be: what was signed stays, no deposit and no coin is paid twice. */
  wrong(chain: SimChain): string[] {
    return this.#store.read((reader) => {
      const wrong = [...this.#wrong];
      for (const [seq, ids] of this.#signed) {
        for (const info of ids.map((id) => depositInfo(reader, id))) {
          const stays = info?.payout === seq && ["waiting_confirm", "done"].includes(info.status);
          if (!stays) wrong.push(`${info?.deposit_id} of payout ${seq} is ${info?.status}, ${info?.payout}`);
        }
      }
      const payouts = payoutsOf(reader);
      const paid = payouts.flatMap(({ deposits }) => deposits);
      if (new Set(paid).size !== paid.length) wrong.push(`paid twice: ${paid.join(" ")}`);
      for (const [coin, txids] of spenders(chain, paid))
        if (txids.size > 1) wrong.push(`${coin} is paid for in ${[...txids].join(" and ")}`);
      const sent = payouts.flatMap(({ outputs }) => outputs).reduce((sum, { coins }) => sum + coins, 0n);
      const credited = depositsByStatus(reader, undefined, { limit: 10_000 });
      const most = credited.reduce((sum, info) => sum + owedFor(info), 0n);
      if (sent > most) wrong.push(`${sent} droplets are paid, ${most} were ever credited`);
      return wrong;
    });
  }

  /** unpaid gives the deposits of this chain, deep enough and bound, for whose coins nobody is paid. */
  unpaid(chain: SimChain, deep: readonly SimPayment[]): string[] {
    return this.#store.read((reader) => {
      const coins = spenders(
        chain,
        payoutsOf(reader).flatMap(({ deposits }) => deposits),
      );
      return deep
        .map((payment) => ({ payment, info: depositInfo(reader, idOf(payment)) }))
        .filter(({ info }) => info?.sky_address !== "" && info?.status !== "done")
        .filter(({ payment }) => !payment.inputs.some((coin) => coins.has(coin)))
        .map(({ payment }) => idOf(payment));
    });
  }
}

/** idOf gives the key of the deposit that a payment is. */
export const idOf = (payment: SimPayment) => `${payment.txid}:${payment.n}`;

function payoutsOf(reader: Reader): Payout[] {
  return [...doneSince(reader, 10_000), ...unconfirmedPayouts(reader, 10_000)];
}

/** spenders gives for each coin the transactions that spend it and of which a deposit is paid. */
function spenders(chain: SimChain, paid: readonly string[]): Map<string, Set<string>> {
  const ids = new Set(paid);
  const coins = new Map<string, Set<string>>();
  for (const payment of chain.ever().filter((one) => ids.has(idOf(one)))) {
    for (const coin of payment.inputs) coins.set(coin, (coins.get(coin) ?? new Set()).add(payment.txid));
  }
  return coins;
}

/** deepIn gives what the blocks of a branch pay to these addresses, so many blocks deep. */
export function deepIn(
  blocks: readonly SimBlock[],
  addresses: readonly string[],
  confirmations: number,
): SimPayment[] {
  const tip = blocks.at(-1)?.height ?? 0;
  return blocks
    .filter(({ height }) => tip - height + 1 >= confirmations)
    .flatMap(({ payments }) => payments)
    .filter(({ address }) => addresses.includes(address));
}
