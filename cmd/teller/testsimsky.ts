import type { ManualClock } from "#internal/clock";
import { Fault, refuse } from "#internal/fault";
import { droplet, hours } from "#internal/money";
import {
  addressOf,
  addressText,
  decodeTransactionHex,
  type Ledger,
  memoryNode,
  newLedger,
  type Node,
  parseAddress,
  publicKeyOf,
  type Signer,
  signerOf,
  stockRules,
  type Transaction,
  transactionHex,
  txidOf,
  unsignedTransaction,
} from "#internal/skycoin";
import type { Dice } from "./testsimdice.ts";

const keyOf = (n: number) => Buffer.from(n.toString(16).padStart(64, "0"), "hex");
const purse = (n: number) => ({ address: addressOf(publicKeyOf(keyOf(n))), signer: signerOf([keyOf(n)]) });
const hot = purse(7);
const stranger = purse(9);
const cold = addressText(purse(99).address);

const customers = [0, 1, 2, 3, 4].map((i) => addressText(purse(1000 + i).address));

/** customer gives the i-th customer's Skycoin address. */
export const customer = (i: number): string => customers[i % customers.length] ?? "";

const read = (hex: string): Transaction => {
  const decoded = decodeTransactionHex(hex);
  if (!decoded.ok) throw new Error(decoded.refusal);
  return decoded.value;
};

/** SimSky is a Skycoin chain on a seed, with a publisher, a person who has the hot wallet as well, and a node that fails. */
export class SimSky {
  readonly signer: Signer = hot.signer;
  /** Transactions of the person, which pay nobody to whom anything is owed. */
  readonly persons = new Set<string>();
  /** How many of a hundred calls fail, and of how many the node says that it knows nothing. */
  faults = 0;
  absences = 0;
  /** The node refuses every payout to this address. */
  refused = "";
  /** Once a transaction left the wallet no change, only shallow reorgs can be told from what was paid. */
  sweeping = false;
  readonly #dice: Dice;
  readonly #clock: ManualClock;
  #ledger: Ledger;
  #older: Ledger | undefined;
  #states: Ledger[] = [];
  readonly #seen = new Map<string, Transaction>();

  constructor(dice: Dice, clock: ManualClock) {
    this.#dice = dice;
    this.#clock = clock;
    const genesis = {
      address: stranger.address,
      time: 1_700_000_000,
      coins: droplet(10n ** 12n),
      hours: hours(10n ** 14n),
    };
    this.#ledger = newLedger(genesis);
    if (!dice.one(3)) this.topUp();
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  #sign(
    from: typeof hot,
    inputs: readonly string[],
    pays: readonly (readonly [string, bigint])[],
    fee = 2n,
  ): Transaction {
    const has = inputs.reduce((sum, uxid) => sum + (this.#ledger.output(uxid)?.coins ?? 0n), 0n);
    const had = inputs.reduce((sum, uxid) => sum + (this.#ledger.output(uxid)?.hours ?? 0n), 0n);
    const paid = pays.reduce((sum, [, coins]) => sum + coins, 0n);
    const all = [...pays, ...(has > paid ? [[addressText(from.address), has - paid] as const] : [])];
    const outputs = all.map(([to, coins], i) => {
      const parsed = parseAddress(to);
      if (!parsed.ok) throw new Error(parsed.refusal);
      return {
        address: parsed.value,
        coins: droplet(coins),
        hours: hours(had / fee / BigInt(all.length) + BigInt(i)),
      };
    });
    const owners = inputs.map(() => addressText(from.address));
    return read(from.signer.sign(transactionHex(unsignedTransaction(inputs, outputs)), owners).raw);
  }

  #take(tx: Transaction): boolean {
    this.#seen.set(txidOf(tx), tx);
    return this.#ledger.inject(tx, stockRules, this.#clock.now()).ok;
  }

  /** block makes one, of all that waits or of some; of the stranger's alone where nothing waits. */
  block(): void {
    this.#clock.skip(10_000);
    this.#states.push(this.#ledger.snapshot().open());
    if (this.#states.length > 8) this.#states.shift();
    if (this.#ledger.makeBlock(stockRules, this.#clock.now()) !== undefined) return;
    this.#strangers([]);
    this.#ledger.makeBlock(stockRules, this.#clock.now());
  }

  #strangers(pays: readonly (readonly [string, bigint])[]): void {
    const [largest] = this.#ledger
      .unspent([stranger.address])
      .toSorted((a, b) => (a.coins < b.coins ? 1 : -1));
    if (largest !== undefined) this.#take(this.#sign(stranger, [largest.uxid], pays));
  }

  /** topUp brings coins into the wallet. */
  topUp(): void {
    const coins = BigInt(1 + this.#dice.below(300)) * 1_000_000n;
    this.#strangers([[addressText(hot.address), coins]]);
    this.block();
  }

  /** personSpends lets the person spend from the wallet, the output that the next payout must spend or another; in a block sooner or later. */
  personSpends(anchor: string | undefined): void {
    const own = this.#ledger.unspent([hot.address]);
    const chosen = this.#dice.one(2) ? own.find(({ uxid }) => uxid === anchor) : this.#dice.pick(own);
    if (chosen === undefined) return;
    const all = own.length > 2 && this.#dice.one(3);
    const part = chosen.coins / 2n - ((chosen.coins / 2n) % 1000n);
    if (all) this.sweeping = true;
    const tx = this.#sign(
      hot,
      [chosen.uxid],
      [[cold, all || part === 0n ? chosen.coins : part]],
      this.#dice.one(2) ? 2n : 4n,
    );
    if (this.#take(tx)) this.persons.add(txidOf(tx));
  }

  /** personPays lets the person pay somebody from the wallet, in a block at once, and gives the transaction. */
  personPays(to: string, coins: bigint): string | undefined {
    const chosen = this.#ledger.unspent([hot.address]).find((output) => output.coins > coins);
    if (chosen === undefined) return undefined;
    const tx = this.#sign(hot, [chosen.uxid], [[to, coins]]);
    if (!this.#take(tx)) return undefined;
    this.block();
    const txid = txidOf(tx);
    this.persons.add(txid);
    return this.#ledger.confirmed(txid) === undefined ? undefined : txid;
  }

  /** received gives the droplets that were ever paid to an address on this chain. */
  received(to: string): bigint {
    const parsed = parseAddress(to);
    const all = parsed.ok ? this.#ledger.history(parsed.value) : [];
    return all.reduce((sum, { coins }) => sum + coins, 0n);
  }

  /** reorg replaces the newest blocks by others, with some of what was in them or waited. */
  reorg(): void {
    const depth = 1 + this.#dice.below(this.sweeping ? 2 : 5);
    const base = this.#states.at(-depth);
    if (base === undefined) return;
    const height = this.#ledger.head().seq;
    this.#states = this.#states.slice(0, -depth);
    this.#ledger = base.snapshot().open();
    for (const { txid } of this.#ledger.pool()) this.#ledger.forget(txid);
    while (this.#ledger.head().seq <= height) {
      for (const tx of this.#seen.values()) if (this.#dice.one(2)) this.#take(tx);
      this.block();
    }
    this.#ledger.dropInvalid();
    if (this.#dice.one(2)) this.heal();
  }

  /** forget takes waiting transactions out of the pool of every node. */
  forget(): void {
    for (const { txid } of this.#ledger.pool()) if (this.#dice.one(2)) this.#ledger.forget(txid);
  }

  /** heal hands all that anybody ever sent to the nodes again. */
  heal(): void {
    for (let before = -1; before !== this.#ledger.pool().length; ) {
      before = this.#ledger.pool().length;
      for (const tx of this.#seen.values()) this.#take(tx);
    }
  }

  /** setBack lets the node show an older copy; comeBack ends that. */
  setBack(): void {
    this.#older = this.#dice.pick(this.#states)?.snapshot().open();
  }

  comeBack(): void {
    this.#older = undefined;
  }

  /** node shows the chain as the sender and the operator see it. */
  node(): Node {
    const base = () => memoryNode(this.#older ?? this.#ledger, { clock: this.#clock, rules: stockRules });
    const fault = () => {
      if (this.#dice.below(100) < this.faults)
        throw new Fault("sim.sky", "retry", "the Skycoin node does not answer");
    };
    const around = async <T>(call: () => Promise<T>): Promise<T> => {
      fault();
      const answer = await call();
      fault();
      return answer;
    };
    const perhaps = async <T>(call: () => Promise<T | undefined>): Promise<T | undefined> =>
      this.#dice.below(100) < this.absences ? undefined : around(call);
    return {
      health: (s) => around(() => base().health(s)),
      blockHash: (n, s) => perhaps(() => base().blockHash(n, s)),
      outputs: (a, s) => around(() => base().outputs(a, s)),
      uxout: (u, s) => perhaps(() => base().uxout(u, s)),
      transaction: (t, s) => perhaps(() => base().transaction(t, s)),
      rawTransaction: (t, s) => perhaps(() => base().rawTransaction(t, s)),
      verify: (h, s) =>
        around(async () => {
          const pays = read(h).outputs.map(({ address }) => addressText(address));
          return pays.includes(this.refused) ? refuse("not to this address") : base().verify(h, s);
        }),
      inject: (h, s) =>
        around(async () => {
          const answer = await base().inject(h, s);
          this.#seen.set(txidOf(read(h)), read(h));
          return answer;
        }),
    };
  }
}
