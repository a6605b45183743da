import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { droplet, hours } from "#internal/money";
import { addressText, type NodeHealth, parseAddress, type Unspent, validate } from "#internal/skycoin";
import { buildPayout, inputLimit, leastChange, outputRoom, type Purse, reach, sizeLimit } from "./build.ts";

const hot = "XNHxqcTq6j3FNDXTt7VRigjYgG9i4rAYg2";
const health: NodeHealth = {
  coin: "skycoin",
  version: "0.27.1",
  head: { seq: 9, hash: "h", time: 0 },
  openConnections: 1,
  burnFactor: 10n,
  maxTransactionSize: 32_768,
  maxDecimals: 3,
};

function unspent(i: number, coins: bigint, ownHours: bigint): Unspent {
  const uxid = i.toString(16).padStart(64, "0");
  return { uxid, address: hot, coins: droplet(coins), hours: hours(ownHours), blockSeq: 1, srcTx: "00" };
}

function customer(i: number): string {
  const wire = `00${i.toString(16).padStart(40, "0")}`;
  return addressText(wire as Parameters<typeof addressText>[0]);
}

const order = (outputs: { address: string; coins: bigint }[], own = health) => ({
  outputs: outputs.map(({ address, coins }) => ({ address, coins: droplet(coins) })),
  changeAddress: hot,
  health: own,
});

/** judge holds a draft against the node's rules as our validator has them. */
function judge(draft: ReturnType<typeof buildPayout>, own = health) {
  const spends = draft.inputs.map((input) => {
    const parsed = parseAddress(input.address);
    if (!parsed.ok) throw new Error(parsed.refusal);
    return { ...input, address: parsed.value };
  });
  const rules = { burnFactor: own.burnFactor, maxSize: own.maxTransactionSize, maxDecimals: own.maxDecimals };
  return validate({ tx: draft.transaction, spends, rules, form: "unsigned" });
}

describe("a payout", () => {
  test("spends the anchor first, and leaves change to the wallet", () => {
    const purse = {
      anchor: unspent(1, 5_000_000n, 50_000n),
      others: [unspent(2, 9_000_000n, 5n)],
      beyond: 0n,
    };
    const draft = buildPayout(purse, order([{ address: customer(1), coins: 1_000_000n }]));
    expect(draft.inputs.map((input) => input.uxid)).toEqual([purse.anchor.uxid]);
    expect(draft.change).toMatchObject({ address: hot, coins: 4_000_000n });
    expect(judge(draft).ok).toBe(true);
  });

  test("burns half of many hours, and only what it must of few", () => {
    const pay = [{ address: customer(1), coins: 1_000_000n }];
    const rich = buildPayout(
      { anchor: unspent(1, 5_000_000n, 1_000_000n), others: [], beyond: 0n },
      order(pay),
    );
    expect(BigInt(rich.change.hours)).toBe(499_999n);
    const poor = buildPayout({ anchor: unspent(1, 5_000_000n, 1000n), others: [], beyond: 0n }, order(pay));
    expect(BigInt(poor.change.hours)).toBe(899n);
  });

  test("gives customers no hours when there are none to spare", () => {
    const draft = buildPayout(
      { anchor: unspent(1, 5_000_000n, 20n), others: [], beyond: 0n },
      order([{ address: customer(1), coins: 1000n }]),
    );
    expect(draft.transaction.outputs.map((output) => BigInt(output.hours))).toEqual([0n, 18n]);
    expect(judge(draft).ok).toBe(true);
  });

  test("takes an output with hours along when the anchor has few", () => {
    const purse = { anchor: unspent(1, 5_000_000n, 0n), others: [unspent(2, 1000n, 500n)], beyond: 0n };
    const draft = buildPayout(purse, order([{ address: customer(1), coins: 1000n }]));
    expect(draft.inputs).toHaveLength(2);
    expect(judge(draft).ok).toBe(true);
  });

  test("without customers puts small outputs together", () => {
    const most = inputLimit(health);
    expect(most).toBe(82);
    const others = Array.from({ length: most - 1 }, (_, i) => unspent(i + 2, 2000n, 10n));
    const draft = buildPayout({ anchor: unspent(1, 2000n, 10n), others, beyond: 0n }, order([]));
    expect(draft.inputs).toHaveLength(most);
    expect(BigInt(draft.change.coins)).toBe(2000n * BigInt(most));
    expect(judge(draft).ok).toBe(true);
  });

  test("is never larger than 16,000 bytes, nor than half of what the node takes", () => {
    expect(sizeLimit(health)).toBe(16_000);
    expect(sizeLimit({ ...health, maxTransactionSize: 5000 })).toBe(2500);
    const small = { ...health, maxTransactionSize: 16_384 };
    expect(outputRoom(small, inputLimit(small))).toBeGreaterThan(50);
    const room = outputRoom(health, 1);
    const outputs = Array.from({ length: room }, (_, i) => ({ address: customer(i + 1), coins: 1000n }));
    const draft = buildPayout(
      { anchor: unspent(1, 10n ** 9n, 10n ** 6n), others: [], beyond: 0n },
      order(outputs),
    );
    expect(draft.unsignedHex.length / 2).toBeLessThanOrEqual(16_000);
    expect(room).toBeGreaterThan(420);
  });
});

test("whatever a wallet holds, a payout keeps all of the node's rules and loses no droplet", () => {
  const purses = fc.record({
    anchor: fc.record({ coins: fc.bigInt(2n, 10n ** 9n), hours: fc.bigInt(1n, 10n ** 9n) }),
    others: fc.array(fc.record({ coins: fc.bigInt(1n, 10n ** 8n), hours: fc.bigInt(0n, 10n ** 6n) }), {
      maxLength: 81,
    }),
    wanted: fc.array(fc.bigInt(1n, 10n ** 7n), { minLength: 1, maxLength: 40 }),
    burnFactor: fc.constantFrom(2n, 10n, 100n),
  });
  fc.assert(
    fc.property(purses, ({ anchor, others, wanted, burnFactor }) => {
      const purse: Purse = {
        anchor: unspent(1, anchor.coins * 1000n, anchor.hours),
        others: others
          .map((one, i) => unspent(i + 2, one.coins * 1000n, one.hours))
          .sort((a, b) => (a.coins < b.coins ? 1 : -1)),
        beyond: 0n,
      };
      const own = { ...health, burnFactor };
      let left = reach(purse);
      const pays = wanted.flatMap((coins, i) => {
        if (coins * 1000n > left) return [];
        left -= coins * 1000n;
        return [{ address: customer(i + 1), coins: coins * 1000n }];
      });
      if (pays.length === 0) return;
      const draft = buildPayout(purse, order(pays, own));
      expect(draft.inputs[0]?.uxid).toBe(purse.anchor.uxid);
      expect(draft.change.coins >= leastChange).toBe(true);
      const spent = draft.inputs.reduce((sum, one) => sum + one.coins, 0n);
      expect(draft.transaction.outputs.reduce((sum, one) => sum + one.coins, 0n)).toBe(spent);
      const verdict = judge(draft, own);
      const enough = draft.inputs.reduce((sum, one) => sum + one.hours, 0n) > 1n;
      if (enough) expect(verdict).toEqual({ ok: true, value: undefined });
    }),
    { numRuns: 300 },
  );
});
