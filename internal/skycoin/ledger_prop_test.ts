import { expect, test } from "bun:test";
import fc from "fast-check";
import { newLedger } from "./ledger.ts";
import { genesis, type Pay, spend, who } from "./ledger_testing.ts";
import { type Ledger, type LedgerOutput, stockRules } from "./ledger_types.ts";
import { coinHours, snapshotHash } from "./uxout.ts";
import { nullHash, xorHashes } from "./hash.ts";

/** A step of a random run; `pick` chooses among unspent outputs. */
type Step =
  | { readonly do: "spend"; readonly pick: number; readonly parts: number; readonly burn: number }
  | { readonly do: "block"; readonly after: number }
  | { readonly do: "drop" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("spend" as const),
      pick: fc.nat(),
      parts: fc.integer({ min: 1, max: 4 }),
      burn: fc.integer({ min: 5, max: 60 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("block" as const), after: fc.nat(100_000) }) },
  { weight: 1, arbitrary: fc.constant({ do: "drop" as const }) },
);

const owners = [who.genesis, who.hot, who.customer];

function hoursOf(ledger: Ledger, output: LedgerOutput): bigint {
  const counted = coinHours(output, ledger.head().header.time);
  if (!counted.ok) throw new Error(counted.refusal);
  return counted.value;
}

/** Splits an output in up to four parts among three owners, burning some percent of its hours. */
function randomSpend(ledger: Ledger, at: Extract<Step, { do: "spend" }>): void {
  const unspent = ledger.unspent();
  const input = unspent[at.pick % unspent.length];
  if (input === undefined || input.coins < 10_000n) return;
  const hours = (hoursOf(ledger, input) * BigInt(100 - at.burn)) / 100n;
  const count = BigInt(at.parts);
  const each = (input.coins / count / 1000n) * 1000n;
  const pays = Array.from({ length: at.parts }, (_, i): Pay => {
    const last = i === at.parts - 1;
    const owner = owners[(at.pick + i) % owners.length] ?? who.hot;
    return [owner, last ? input.coins - each * (count - 1n) : each, hours / count + BigInt(i)];
  });
  ledger.inject(spend([input], pays), stockRules, 0);
}

function take(ledger: Ledger, at: Step): void {
  if (at.do === "spend") randomSpend(ledger, at);
  if (at.do === "block") ledger.makeBlock(stockRules, (ledger.head().time + at.after) * 1000);
  if (at.do === "drop") ledger.dropInvalid();
}

test("no run of spends and blocks makes or loses a coin, makes an hour, or spends an output twice", () => {
  const run = (steps: readonly Step[]): void => {
    const ledger = newLedger(genesis);
    for (const at of steps) {
      const headBefore = ledger.head();
      const hoursBefore = ledger.unspent().reduce((sum, output) => sum + hoursOf(ledger, output), 0n);
      take(ledger, at);
      const unspent = ledger.unspent();
      expect(unspent.reduce((sum, { coins }) => sum + coins, 0n)).toBe(genesis.coins);
      expect(ledger.unspentCount()).toBe(unspent.length);
      if (ledger.head().seq === headBefore.seq) continue;
      const { fee, time } = ledger.head().header;
      const made = unspent.filter(({ blockSeq }) => blockSeq === ledger.head().header.seq);
      const now = unspent.reduce((sum, { hours, time: since, coins }) => {
        const atParent = coinHours({ ...unspentAt, hours, time: since, coins }, headBefore.header.time);
        return sum + (atParent.ok ? atParent.value : 0n);
      }, 0n);
      // Counted at the parent's time, the block changed hours by its fee alone.
      expect(now).toBe(hoursBefore - fee);
      expect(made.length).toBeGreaterThan(0);
      expect(time).toBeGreaterThan(headBefore.header.time);
    }
    expectExact(ledger);
  };
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed=${seed}: SEED=${seed} bun test internal/skycoin/ledger_prop_test.ts`);
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), run), { seed, numRuns: 60 });
});

const unspentAt = { address: who.hot, srcTx: nullHash, blockSeq: 0n };

/** What a next block's header says of the unspent outputs must be what they are. */
function expectExact(ledger: Ledger): void {
  const hash = ledger.unspent().reduce((xor, output) => xorHashes(xor, snapshotHash(output)), nullHash);
  const [any] = ledger.unspent().toSorted((a, b) => (a.coins < b.coins ? 1 : -1));
  if (any === undefined) throw new Error("no coins left");
  for (const { txid } of ledger.pool()) ledger.forget(txid);
  ledger.inject(spend([any], [[who.hot, any.coins, hoursOf(ledger, any) / 2n]]), stockRules, 0);
  expect(ledger.makeBlock(stockRules, 0)?.header.uxHash).toBe(hash);
}
