import { describe, expect, test } from "bun:test";
import { manualClock } from "#internal/clock";
import { Fault } from "#internal/fault";
import { type DummyLedger, dummyLedger, dummySigner } from "./ledger_dummy.ts";
import { address, type Pay, unsigned, who } from "./ledger_testing.ts";
import { addressText } from "./address.ts";
import type { Unspent } from "./node.ts";
import { decodeTransactionHex, outputIds, transactionHex } from "./transaction.ts";

const signal = new AbortController().signal;
const signer = dummySigner();
const [wallet = ""] = signer.addresses;
const customer = addressText(who.customer);

function begin(): DummyLedger {
  return dummyLedger({ clock: manualClock() });
}

async function anchorOf(dummy: DummyLedger): Promise<Unspent> {
  const { unspent } = await dummy.node.outputs([wallet], signal);
  const [anchor] = unspent;
  if (anchor === undefined || unspent.length !== 1) throw new Error("one anchor expected");
  return anchor;
}

/** A payout of the wallet: so many coins to the customer, half of the hours burned. */
function payout(
  anchor: Unspent,
  coins: bigint,
  more: readonly Pay[] = [],
): { raw: string; txid: string; change: string } {
  const paid = more.reduce((sum, [, value]) => sum + value, coins);
  const tx = unsigned(
    [anchor.uxid],
    [[who.customer, coins, 1n], ...more, [address(wallet), anchor.coins - paid, anchor.hours / 2n]],
  );
  const signed = signer.sign(transactionHex(tx), [wallet]);
  const read = decodeTransactionHex(signed.raw);
  const change = read.ok ? outputIds(read.value).at(-1) : undefined;
  return { ...signed, change: change ?? "" };
}

describe("a fresh dummy", () => {
  test("has one wallet, whose address follows from the documented seed, with 1,000,000 SKY", async () => {
    expect(signer.addresses).toEqual(["2JrkNifBXrFXzkk52JBHC4XwGHn8TiqePFu"]);
    const dummy = begin();
    expect<bigint>((await anchorOf(dummy)).coins).toBe(1_000_000_000_000n);
    const { coin, head, burnFactor } = await dummy.node.health(signal);
    expect([coin, head.seq, burnFactor]).toEqual(["skycoin", 0, 10n]);
  });

  test("always has the same genesis", async () => {
    const later = dummyLedger({ clock: manualClock(1_900_000_000_000) });
    const hash = await begin().node.blockHash(0, signal);
    expect(hash).toBe("3fdb4e3965b955ba8789ed2d46e67539c49fa8d5dd2cbdcb549feb8e5924b04e");
    expect(await later.node.blockHash(0, signal)).toBe(hash);
  });
});

describe("broadcasts", () => {
  test("show what was injected, without the change, in order and once", async () => {
    const dummy = begin();
    const anchor = await anchorOf(dummy);
    const first = payout(anchor, 500_000_000n);
    const second = payout(anchor, 1_500_000n, [[who.hot, 2_000_000n, 0n]]);
    for (const { raw, txid } of [first, first, second]) {
      expect(await dummy.node.inject(raw, signal)).toEqual({ ok: true, value: txid });
    }
    expect<unknown>(dummy.broadcasts()).toEqual([
      { seq: 0, txid: first.txid, outputs: [{ address: customer, coins: 500_000_000n }], confirmed: false },
      {
        seq: 1,
        txid: second.txid,
        outputs: [
          { address: customer, coins: 1_500_000n },
          { address: addressText(who.hot), coins: 2_000_000n },
        ],
        confirmed: false,
      },
    ]);
  });

  test("are confirmed only when somebody says so, by txid or by number", async () => {
    const dummy = begin();
    const first = payout(await anchorOf(dummy), 1_000_000n);
    await dummy.node.inject(first.raw, signal);
    expect(await dummy.node.transaction(first.txid, signal)).toEqual({
      confirmed: false,
      blockSeq: undefined,
    });
    expect([dummy.confirm({ seq: 1 }), dummy.confirm({ txid: "00" })]).toEqual([false, false]);
    expect(dummy.confirm({ txid: first.txid })).toBe(true);
    expect(dummy.confirm({ txid: first.txid })).toBe(true);
    expect(await dummy.node.transaction(first.txid, signal)).toEqual({ confirmed: true, blockSeq: 1 });
    const second = payout(await anchorOf(dummy), 1_000_000n);
    expect((await anchorOf(dummy)).uxid).toBe(first.change);
    await dummy.node.inject(second.raw, signal);
    expect(dummy.confirm({ seq: 1 })).toBe(true);
    expect(dummy.broadcasts().map(({ confirmed }) => confirmed)).toEqual([true, true]);
    // Each payout's block is followed by an empty one.
    expect((await dummy.node.health(signal)).head.seq).toBe(4);
  });

  test("of two attempts at the same payout one can be confirmed, the other is gone", async () => {
    const dummy = begin();
    const anchor = await anchorOf(dummy);
    const [one, two] = [payout(anchor, 1_000_000n), payout(anchor, 2_000_000n)];
    for (const { raw } of [one, two]) await dummy.node.inject(raw, signal);
    expect(dummy.confirm({ txid: one.txid })).toBe(true);
    expect(dummy.confirm({ txid: two.txid })).toBe(false);
    expect(await dummy.node.transaction(two.txid, signal)).toBeUndefined();
    expect(await dummy.node.uxout(anchor.uxid, signal)).toMatchObject({
      spent: { txid: one.txid, blockSeq: 1 },
    });
  });

  test("are bounded, and so are attempts that nobody confirms", async () => {
    const dummy = begin();
    const anchor = await anchorOf(dummy);
    const made = Array.from({ length: 300 }, (_, i) => payout(anchor, 1_000_000n + BigInt(i) * 1000n));
    for (const { raw } of made) await dummy.node.inject(raw, signal);
    expect([dummy.broadcasts().length, dummy.ledger.pool().length]).toEqual([300, 256]);
  });
});

describe("hours", () => {
  test("do not run out, however many payouts burn half of them", async () => {
    const dummy = begin();
    for (let i = 0; i < 100; i++) {
      const { raw, txid } = payout(await anchorOf(dummy), 1_000_000n);
      await dummy.node.inject(raw, signal);
      expect(dummy.confirm({ txid })).toBe(true);
    }
    expect((await anchorOf(dummy)).hours).toBeGreaterThan(900_000n);
  });
});

describe("a dummy that goes on", () => {
  test("continues from a stored head and its anchor", async () => {
    const before = begin();
    const first = payout(await anchorOf(before), 1_000_000n);
    await before.node.inject(first.raw, signal);
    before.confirm({ seq: 0 });
    const head = before.ledger.head();
    const anchor = await anchorOf(before);
    const pending = payout(anchor, 3_000_000n);
    await before.node.inject(pending.raw, signal);

    const after = dummyLedger({
      clock: manualClock(),
      restore: { head, outputs: [anchor], blocks: [{ seq: 7, hash: "77" }] },
    });
    expect(await Promise.all([0, 2, 1, 7].map((seq) => after.node.blockHash(seq, signal)))).toEqual([
      before.ledger.blockHash(0),
      head.hash,
      undefined,
      "77",
    ]);
    expect(await anchorOf(after)).toEqual(anchor);
    expect(after.broadcasts()).toEqual([]);
    expect(await after.node.inject(pending.raw, signal)).toEqual({ ok: true, value: pending.txid });
    expect(after.confirm({ seq: 0 })).toBe(true);
    expect((await anchorOf(after)).uxid).toBe(pending.change);
    expect(after.ledger.head().seq).toBe(4);
  });

  test("at its genesis begins anew, and refuses a store of another chain", async () => {
    const fresh = begin();
    const head = fresh.ledger.head();
    const again = dummyLedger({ clock: manualClock(), restore: { head, outputs: [] } });
    expect(await anchorOf(again)).toEqual(await anchorOf(fresh));
    const foreign = { head: { seq: 0, hash: "00" }, outputs: [] };
    expect(() => dummyLedger({ clock: manualClock(), restore: foreign })).toThrow(Fault);
  });
});

describe("the memory node", () => {
  test("verifies unsigned transactions and keeps nothing", async () => {
    const dummy = begin();
    const anchor = await anchorOf(dummy);
    const good = unsigned([anchor.uxid], [[who.customer, anchor.coins, 0n]]);
    const twice = unsigned(
      [anchor.uxid],
      [
        [who.customer, 1_000_000n, 0n],
        [who.customer, 1_000_000n, 0n],
        [who.hot, anchor.coins - 2_000_000n, 0n],
      ],
    );
    expect(await dummy.node.verify(transactionHex(good), signal)).toEqual({ ok: true, value: undefined });
    expect(await dummy.node.verify(transactionHex(twice), signal)).toEqual({
      ok: false,
      refusal: "Transaction violates hard constraint: Duplicate output in transaction",
    });
    expect(await dummy.node.verify("00", signal)).toMatchObject({ ok: false });
    expect(dummy.broadcasts()).toEqual([]);
  });

  test("gives the bytes of pending and confirmed transactions", async () => {
    const dummy = begin();
    const { raw, txid } = payout(await anchorOf(dummy), 1_000_000n);
    await dummy.node.inject(raw, signal);
    expect(await dummy.node.rawTransaction(txid, signal)).toBe(raw);
    dummy.confirm({ txid });
    expect(await dummy.node.rawTransaction(txid, signal)).toBe(raw);
    expect(await dummy.node.rawTransaction("00", signal)).toBeUndefined();
  });

  test("does nothing for a caller that has given up", async () => {
    const dummy = begin();
    const { raw } = payout(await anchorOf(dummy), 1_000_000n);
    const call = dummy.node.inject(raw, AbortSignal.abort());
    await expect(call).rejects.toMatchObject({ fate: "retry" });
    expect(dummy.ledger.pool()).toEqual([]);
  });
});
