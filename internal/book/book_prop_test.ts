import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SeenOutput } from "#internal/coin";
import {
  attemptsOf,
  decide,
  doneSince,
  dueDeposits,
  erroredDeposits,
  hold,
  killPayouts,
  releaseDeposit,
  reopenPayouts,
  replacePayout,
  settleByHand,
  settlePayout,
  signPayout,
  totalsOf,
  unconfirmedPayouts,
} from "./mod.ts";
import { anchorText, audit } from "./testaudit.ts";
import { attempt, firstAnchor, signedFor, type TestBook, testBook } from "./testbook.ts";

/** Payment is a transaction of the simulated chain: its outputs stand or fall together. */
interface Payment {
  readonly txid: string;
  readonly coin: string;
  readonly outputs: readonly SeenOutput[];
}

type Step =
  | { readonly kind: "bind"; readonly sky: number }
  | { readonly kind: "mine"; readonly pays: readonly Pay[]; readonly deep: boolean }
  | { readonly kind: "drop"; readonly depth: number }
  | { readonly kind: "rescan"; readonly depth: number; readonly deep: boolean }
  | { readonly kind: "decide"; readonly owed: number }
  | { readonly kind: "hold"; readonly from: number }
  | { readonly kind: "byHand"; readonly from: number }
  | { readonly kind: "release"; readonly from: number }
  | { readonly kind: "sign"; readonly count: number; readonly twice: boolean }
  | { readonly kind: "replace" }
  | { readonly kind: "settle"; readonly which: number }
  | { readonly kind: "kill" }
  | { readonly kind: "reopen"; readonly back: number }
  | { readonly kind: "restart" };

/** A new transaction, one that a reorg took back mined again, or another that spends its coin. */
interface Pay {
  readonly how: "new" | "again" | "other";
  readonly to: readonly number[];
  readonly pick: number;
}

const pay: fc.Arbitrary<Pay> = fc.record({
  how: fc.constantFrom("new" as const, "again" as const, "other" as const),
  to: fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
  pick: fc.nat(5),
});
const only = <K extends string>(kind: K) => ({ kind: fc.constant(kind) });
const weighted = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const steps: fc.Arbitrary<Step> = fc.oneof(
  weighted(2, fc.record({ ...only("bind"), sky: fc.nat(2) })),
  weighted(
    6,
    fc.record({
      ...only("mine"),
      pays: fc.array(pay, { maxLength: 3, size: "max" }),
      deep: fc.nat(3).map((n) => n === 0),
    }),
  ),
  weighted(3, fc.record({ ...only("drop"), depth: fc.constantFrom(1, 1, 2, 4) })),
  weighted(1, fc.record({ ...only("rescan"), depth: fc.constantFrom(1, 2, 5, 60), deep: fc.boolean() })),
  weighted(6, fc.record({ ...only("decide"), owed: fc.nat(5) })),
  weighted(1, fc.record({ ...only("hold"), from: fc.nat(9) })),
  weighted(1, fc.record({ ...only("byHand"), from: fc.nat(9) })),
  weighted(2, fc.record({ ...only("release"), from: fc.nat(3) })),
  weighted(6, fc.record({ ...only("sign"), count: fc.constantFrom(0, 1, 2, 3, 4), twice: fc.boolean() })),
  weighted(2, fc.record(only("replace"))),
  weighted(7, fc.record({ ...only("settle"), which: fc.nat(3) })),
  weighted(2, fc.record(only("kill"))),
  weighted(2, fc.record({ ...only("reopen"), back: fc.nat(3) })),
  weighted(1, fc.record(only("restart"))),
);

/** Player plays the steps on a book, as the chains and the workers would. */
class Player {
  readonly book: TestBook;
  readonly #blocks: Payment[][] = [];
  readonly #gone: Payment[] = [];
  #made = 0;
  #txids = 0;

  constructor(book: TestBook) {
    this.book = book;
  }

  #spent(): Set<string> {
    return new Set(this.#blocks.flat().map(({ coin }) => coin));
  }

  #payment(coin: string, to: readonly number[]): Payment {
    this.#made += 1;
    const txid = `t${this.#made}`;
    const output = (address: number, n: number): SeenOutput => ({
      txid,
      n,
      value: BigInt(this.#made * 1000 + n),
      // Two addresses of the pool are never bound.
      address: `btc000${address}`,
      inputs: [coin],
      coinbase: false,
    });
    return { txid, coin, outputs: to.map(output) };
  }

  #toMine({ how, to, pick }: Pay): Payment | undefined {
    const spent = this.#spent();
    const back = this.#gone.filter(({ coin }) => !spent.has(coin));
    const old = back[pick % Math.max(1, back.length)];
    if (how === "new" || old === undefined) return this.#payment(`c${this.#made + 1}:0`, to);
    return how === "again" ? old : this.#payment(old.coin, to);
  }

  async #mine(step: Extract<Step, { kind: "mine" }>): Promise<void> {
    const block: Payment[] = [];
    this.#blocks.push(block);
    for (const one of step.pays) {
      const payment = this.#toMine(one);
      if (payment !== undefined && !this.#spent().has(payment.coin)) block.push(payment);
    }
    const outputs = block.flatMap((payment) => payment.outputs);
    await this.book.mine(outputs, { confirmations: step.deep ? 3 : 1 });
  }

  async #drop(depth: number): Promise<void> {
    this.#gone.push(...this.#blocks.splice(Math.max(0, this.#blocks.length - depth)).flat());
    await this.book.drop(depth);
  }

  #open(): number | undefined {
    return this.book.store.read((reader) => unconfirmedPayouts(reader, 1))[0]?.seq;
  }

  #due(status: "waiting_decide" | "waiting_send", limit: number): string[] {
    return this.book.store
      .read((reader) => dueDeposits(reader, status, { limit }))
      .map((info) => info.deposit_id);
  }

  async #sign({ count, twice }: { count: number; twice: boolean }): Promise<void> {
    const { store } = this.book;
    const ids = this.#due("waiting_send", count);
    const stored = await Promise.all(
      (twice ? [1, 2] : [1]).map(() => {
        this.#txids += 1;
        const signed = store.read((reader) => signedFor(reader, `p${this.#txids}`, ids));
        return store.write((tx) => signPayout(tx, signed));
      }),
    );
    expect(stored.filter((payout) => payout !== undefined).length).toBeLessThanOrEqual(1);
  }

  async #settle(which: number): Promise<void> {
    const seq = this.#open();
    if (seq === undefined) return;
    const [, next] = this.book.store.read((reader) => unconfirmedPayouts(reader, 2));
    const attempts = attemptsOf(this.book.payout(seq)).filter(
      // A payout after it spends the change of one attempt: on that branch it is this one that confirms.
      ({ change }) => next === undefined || change.uxid === next.anchor.uxid,
    );
    const attempt = attempts[which % Math.max(1, attempts.length)];
    if (attempt === undefined) return;
    const block = { seq, hash: `b${seq}` };
    await this.book.store.write((tx) =>
      settlePayout(tx, { seq, txid: attempt.txid, block, at: this.book.at }),
    );
  }

  async play(step: Step): Promise<void> {
    const { book } = this;
    book.at += 1;
    const { store, at } = book;
    const open = this.#open();
    switch (step.kind) {
      case "bind":
        if (store.read(totalsOf).free.BTC > 2) await book.bindTo(`sky${step.sky}`);
        return;
      case "mine":
        return this.#mine(step);
      case "drop":
        return this.#drop(step.depth);
      case "rescan":
        return book.rescan(step.depth, { confirmations: step.deep ? 3 : 1 });
      case "decide": {
        const owed = BigInt(step.owed) * 1000n;
        const ids = this.#due("waiting_decide", 2);
        await store.write((tx) => {
          for (const id of ids) decide(tx, { id, owed, decimals: 3, at });
        });
        return;
      }
      case "hold": {
        const ids = [...this.#due("waiting_decide", 9), ...this.#due("waiting_send", 9)];
        const id = ids[step.from];
        if (id !== undefined) await store.write((tx) => hold(tx, id, "look at it", at));
        return;
      }
      case "byHand": {
        const listed = store.read((reader) => erroredDeposits(reader, { limit: 100 }));
        const ids = [...this.#due("waiting_send", 10), ...listed.map((info) => info.deposit_id)];
        const id = ids[step.from % Math.max(1, ids.length)];
        const who = { who: "ann", why: "by hand", at };
        if (id !== undefined) await store.write((tx) => settleByHand(tx, id, "hand", who));
        return;
      }
      case "release": {
        const listed = store.read((reader) => erroredDeposits(reader, { limit: 100 }));
        const id = listed[step.from % Math.max(1, listed.length)]?.deposit_id;
        const who = { who: "ann", why: "looked at", at };
        if (id !== undefined) await store.write((tx) => releaseDeposit(tx, id, who));
        return;
      }
      case "sign":
        return this.#sign(step);
      case "replace": {
        if (open === undefined) return;
        this.#txids += 1;
        const { anchor, fee } = book.payout(open);
        const next = attempt(`p${this.#txids}`, { inputs: [anchor.uxid], fee: fee + 1n, signed_at: at });
        await store.write((tx) => replacePayout(tx, open, next));
        return;
      }
      case "settle":
        return this.#settle(step.which);
      case "kill":
        if (open !== undefined) await store.write((tx) => killPayouts(tx, open, "proof", at));
        return;
      case "reopen": {
        const done = store.read((reader) => doneSince(reader, 10));
        const from = done[Math.min(step.back, done.length - 1)]?.seq;
        if (from !== undefined) await store.write((tx) => reopenPayouts(tx, from, at));
        return;
      }
      case "restart":
        return book.reopen();
    }
  }
}

/** expectedAnchor is what the next payout must spend: what the oldest open one spends, or the change of the last confirmed. */
function expectedAnchor(book: TestBook): string {
  const [open] = book.store.read((reader) => unconfirmedPayouts(reader, 1));
  const [last] = book.store.read((reader) => doneSince(reader, Number.MAX_SAFE_INTEGER));
  return open?.anchor.uxid ?? last?.change.uxid ?? firstAnchor.uxid;
}

test("for any order of what chains, workers, people and restarts do, every count and list is what a full scan says and nothing is paid twice", async () => {
  let paid = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 25, maxLength: 60, size: "max" }), async (script) => {
      const book = await testBook(6);
      try {
        const player = new Player(book);
        for (const sky of [0, 1]) await player.play({ kind: "bind", sky });
        for (const step of script) {
          await player.play(step);
          expect(audit(book.store)).toEqual([]);
          expect(anchorText(book.store)).toBe(expectedAnchor(book));
        }
        if (book.store.read(totalsOf).sent > 0n) paid += 1;
      } finally {
        await book.close();
      }
    }),
    { numRuns: 200 },
  );
  // The steps must lead somewhere, or the test looks at empty stores.
  expect(paid).toBeGreaterThan(20);
}, 60_000);
