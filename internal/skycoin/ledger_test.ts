import { describe, expect, test } from "bun:test";
import { newLedger } from "./ledger.ts";
import { genesis, type Pay, read, spend, unsigned, who } from "./ledger_testing.ts";
import { type Ledger, type LedgerOutput, stockRules } from "./ledger_types.ts";
import { coinHours } from "./uxout.ts";
import { sizeOf, txidOf, type Transaction } from "./transaction.ts";

const firstSpend = read(
  "01010000007f47fa5b344d5075e993d2b2bccfe1eb56c092667c85a249b36aafbca0fc3ee801000000099b983d3957ad879b595941b6850474e1c5cbdb37f17005fdce9dc2d58f9807726c4bbf8be5a3698727a50e73894b4ba9ba4ea4245151b49ca6c3a1f952fe03010100000079eaea1139489d582d36006c96057c4eb9ea3a41585a172b4a8a3a9b136f405e03000000004b780ac59e0d5e3937b29c7d8971485d0a0df3720010a5d4e800000040420f00000000000006acd05ff17e77713c5a658d6eb39e6f5d93dc940065cd1d00000000f401000000000000007624ebc9e56704fe9d811c880483fc209968da4100cb071e0a5a0000cc5bf8c1da510000",
);
const firstTxid = "f965cd1cb3709bfa4e4f05e9a9313bec2721935a38fc1122caf44fc3aa9cc4fa";
const hotUxid = "8b00888c3d2a4367cc965f3e866e170cc0d4c5b90aefc86ef580308f0f823f8e";
const second = 1000;
/** The times at which the recorded node made its blocks, in milliseconds. */
const recorded = 1_795_196_010 * second;

function opened(): Ledger {
  const ledger = newLedger(genesis);
  expect(ledger.inject(firstSpend, stockRules, recorded)).toEqual({ ok: true, value: firstTxid });
  ledger.makeBlock(stockRules, recorded);
  return ledger;
}

function outputOf(ledger: Ledger, uxid: string): LedgerOutput {
  const output = ledger.output(uxid);
  if (output === undefined) throw new Error(`no output ${uxid}`);
  return output;
}

/** One coin to the customer, the rest back, burning `burned` of the input's hours. */
function oneCoin(ledger: Ledger, input: LedgerOutput, burned: bigint, coins = 1_000_000n): Transaction {
  const counted = coinHours(input, ledger.head().header.time);
  if (!counted.ok) throw new Error(counted.refusal);
  const pays: Pay[] = [
    [who.customer, coins, 1n],
    [input.address, input.coins - coins, counted.value - burned - 1n],
  ];
  return spend([input], pays);
}

describe("genesis", () => {
  test("the block, its transaction and its output have the hashes of the stock node", () => {
    const head = newLedger(genesis).head();
    expect(head.hash).toBe("9248872b784360f54533c77c797bd524a41fb7c64bd079431ee12fbd35fa4ae9");
    expect(head.txids).toEqual(["faae83c7fda7504b106b3d99365816e69fdc3cbfb592d523ce282024e0812fb4"]);
    expect(head.size).toBe(86);
    const [output] = newLedger(genesis).unspent();
    expect(output?.uxid).toBe("79eaea1139489d582d36006c96057c4eb9ea3a41585a172b4a8a3a9b136f405e");
  });

  test("while it is the head, incoming outputs carry the null source", () => {
    const ledger = newLedger(genesis);
    ledger.inject(firstSpend, stockRules, recorded);
    const back = ledger.incoming().find(({ address }) => address === who.genesis);
    expect(back?.uxid).toBe("95b02b77c435d36025a782b7b087b255c1caa2bd90a89463945e049a8808bc83");
  });
});

describe("blocks", () => {
  test("the first spend makes the very block that the stock node made", () => {
    const ledger = opened();
    expect(ledger.head().hash).toBe("133ae382f400b2e922a58da61f4372864978154f6400f7cb81a9833c73b24392");
    expect(ledger.head().header.uxHash).toBe(
      "ee0c5289640f556f10adb6fafff990f7bcf1ea11ecb04412194cea8c68a51e14",
    );
    expect(ledger.unspentCount()).toBe(3);
    expect(ledger.seqOf(ledger.head().hash)).toBe(1);
  });

  test("none is made without a transaction", () => {
    expect(newLedger(genesis).makeBlock(stockRules, recorded)).toBeUndefined();
  });

  test("each is later than its parent, also when the clock stands or goes back", () => {
    const ledger = opened();
    ledger.inject(oneCoin(ledger, outputOf(ledger, hotUxid), 900_000n), stockRules, 0);
    expect(ledger.makeBlock(stockRules, 0)?.time).toBe(1_795_196_011);
  });

  test("transactions go by fee a kilobyte, and one that does not fit holds back smaller ones behind it", () => {
    const ledger = opened();
    const [small, big, cheap] = ledger.unspent().toSorted((a, b) => (a.coins < b.coins ? -1 : 1));
    if (small === undefined || big === undefined || cheap === undefined) throw new Error("three outputs");
    const rich = oneCoin(ledger, small, 400n, 1000n);
    const wide = spend(
      [cheap],
      [
        ...Array.from({ length: 100 }, (_, i): Pay => [who.customer, 1_000_000n + BigInt(i) * 1000n, 0n]),
        [cheap.address, cheap.coins - 104_950_000n, 1_000_000n],
      ],
    );
    const middle = oneCoin(ledger, big, 500_000n);
    for (const tx of [rich, wide, middle]) expect(ledger.inject(tx, stockRules, recorded).ok).toBe(true);
    // By fee a kilobyte: wide burns billions, middle half a million, rich hundreds.
    const room = { ...stockRules, maxBlockSize: sizeOf(wide) + sizeOf(rich) - 1 };
    expect(ledger.makeBlock(room, recorded)?.txids).toEqual([txidOf(wide)]);
    expect(ledger.makeBlock(room, recorded)?.txids).toEqual([txidOf(middle), txidOf(rich)]);
  });

  test("of equal fees the lowest txid is first", () => {
    const ledger = opened();
    const made = [1n, 2n, 3n, 4n].map((n) =>
      oneCoin(ledger, outputOf(ledger, hotUxid), 500_000n, n * 1_000_000n),
    );
    for (const tx of made) ledger.inject(tx, stockRules, recorded);
    const [lowest] = made.map(txidOf).toSorted();
    expect(ledger.makeBlock(stockRules, recorded)?.txids).toEqual([lowest ?? ""]);
  });
});

describe("pool", () => {
  test("two that spend the same output are both taken; the better one confirms, the other is dropped", () => {
    const ledger = opened();
    const input = outputOf(ledger, hotUxid);
    const poor = oneCoin(ledger, input, 200_000n);
    const rich = oneCoin(ledger, input, 300_000n);
    for (const tx of [poor, rich]) expect(ledger.inject(tx, stockRules, recorded).ok).toBe(true);
    const outgoing = ledger.outgoing();
    expect(outgoing.ok && outgoing.value.map(({ uxid }) => uxid)).toEqual([hotUxid, hotUxid]);
    expect(ledger.makeBlock(stockRules, recorded)?.txids).toEqual([txidOf(rich)]);
    expect(ledger.outgoing()).toEqual({ ok: false, refusal: `unspent output of ${hotUxid} does not exist` });
    expect(ledger.pending(txidOf(poor))).toBeDefined();
    expect(ledger.dropInvalid()).toEqual([txidOf(poor)]);
    expect(ledger.pending(txidOf(poor))).toBeUndefined();
    expect(ledger.outgoing().ok).toBe(true);
  });

  test("a pending transaction is taken again, a confirmed one is refused", () => {
    const ledger = opened();
    const tx = oneCoin(ledger, outputOf(ledger, hotUxid), 500_000n);
    expect(ledger.inject(tx, stockRules, 1).ok).toBe(true);
    expect(ledger.inject(tx, stockRules, 2).ok).toBe(true);
    expect(ledger.pool().map(({ received }) => received)).toEqual([2]);
    ledger.makeBlock(stockRules, recorded);
    expect(ledger.inject(tx, stockRules, 3)).toMatchObject({
      refusal: { text: `Transaction violates hard constraint: unspent output of ${hotUxid} does not exist` },
    });
  });

  test("change cannot be spent before its transaction is in a block", () => {
    const ledger = opened();
    const tx = oneCoin(ledger, outputOf(ledger, hotUxid), 500_000n);
    ledger.inject(tx, stockRules, recorded);
    const change = ledger.incoming().find(({ address }) => address === who.hot);
    if (change === undefined) throw new Error("no change");
    const next = spend([change], [[who.customer, change.coins, 0n]]);
    expect(ledger.inject(next, stockRules, recorded)).toMatchObject({ refusal: { kind: "hard" } });
    ledger.makeBlock(stockRules, recorded);
    expect(ledger.inject(next, stockRules, recorded).ok).toBe(true);
  });

  test("a transaction waits while the publisher's burn factor asks for more, and confirms when that changes", () => {
    const ledger = opened();
    const strict = { ...stockRules, burnFactor: 2n };
    const tx = oneCoin(ledger, outputOf(ledger, hotUxid), 100_000n);
    expect(ledger.inject(tx, stockRules, recorded).ok).toBe(true);
    expect(ledger.makeBlock(strict, recorded)).toBeUndefined();
    expect(ledger.dropInvalid()).toEqual([]);
    ledger.refresh(strict, 5);
    expect(ledger.pool().map(({ valid, checked }) => [valid, checked])).toEqual([[false, 5]]);
    expect(ledger.makeBlock(stockRules, recorded)?.txids).toEqual([txidOf(tx)]);
  });

  test("a foreign transaction may break soft rules, but no hard one", () => {
    const ledger = opened();
    const cheap = oneCoin(ledger, outputOf(ledger, hotUxid), 10n);
    expect(ledger.inject(cheap, stockRules, 0)).toMatchObject({ refusal: { kind: "soft" } });
    expect(ledger.relay(cheap, stockRules, 0).ok).toBe(true);
    expect(ledger.pool().map(({ valid }) => valid)).toEqual([false]);
    expect(ledger.relay(firstSpend, stockRules, 0)).toMatchObject({ refusal: { kind: "hard" } });
  });

  test("an unsigned transaction can be judged, and nothing is kept", () => {
    const ledger = opened();
    const tx = unsigned([hotUxid], [[who.hot, 1_000_000_000_000n, 500_000n]]);
    expect(ledger.check(tx, stockRules, { form: "unsigned", order: "verify" })).toMatchObject({ ok: true });
    expect(ledger.check(tx, stockRules, { form: "signed", order: "inject" })).toMatchObject({ ok: false });
    expect(ledger.pool()).toEqual([]);
  });
});

describe("hours", () => {
  test("go by the head's time, not by the clock", () => {
    const ledger = opened();
    const input = outputOf(ledger, hotUxid);
    const more = spend([input], [[who.hot, input.coins, 1_000_000n]]);
    const hour = 3_600 * second;
    expect(ledger.inject(more, stockRules, recorded + hour)).toMatchObject({ refusal: { kind: "soft" } });
    const [other] = ledger.unspent([who.genesis]);
    if (other === undefined) throw new Error("no output");
    ledger.inject(oneCoin(ledger, other, 10_000_000_000_000n), stockRules, recorded);
    ledger.makeBlock(stockRules, recorded + hour);
    // A million coins made a million hours in that hour.
    expect(ledger.inject(more, stockRules, recorded).ok).toBe(true);
  });
});

describe("outputs", () => {
  test("a spend shows once it is in a block", () => {
    const ledger = opened();
    const tx = oneCoin(ledger, outputOf(ledger, hotUxid), 500_000n);
    ledger.inject(tx, stockRules, recorded);
    expect(outputOf(ledger, hotUxid).spent).toBeUndefined();
    ledger.makeBlock(stockRules, recorded);
    expect(outputOf(ledger, hotUxid).spent).toEqual({ txid: txidOf(tx), blockSeq: 2 });
    expect(ledger.history(who.hot).map(({ spent }) => spent === undefined)).toEqual([false, true]);
    expect(ledger.unspent([who.hot]).map(({ srcTx }) => srcTx)).toEqual([txidOf(tx)]);
  });
});

describe("copies", () => {
  test("a ledger opened from a snapshot knows nothing of what came later, and can follow it", () => {
    const ledger = opened();
    const snapshot = ledger.snapshot();
    const tx = oneCoin(ledger, outputOf(ledger, hotUxid), 500_000n);
    ledger.inject(tx, stockRules, recorded);
    ledger.makeBlock(stockRules, recorded);
    const older = snapshot.open();
    expect([snapshot.seq, older.head().seq, older.confirmed(txidOf(tx))]).toEqual([1, 1, undefined]);
    expect(outputOf(older, hotUxid).spent).toBeUndefined();
    older.inject(tx, stockRules, recorded);
    expect(older.follow(ledger)).toEqual({ ok: true, value: 1 });
    expect([older.head().hash, older.pool()]).toEqual([ledger.head().hash, []]);
    expect(older.unspent([who.hot])).toEqual(ledger.unspent([who.hot]));
    expect([older, ledger].map((one) => one.unspent([who.hot]).length)).toEqual([1, 1]);
    expect(snapshot.open().head().seq).toBe(1);
  });

  test("a ledger does not follow another chain", () => {
    const ledger = opened();
    const other = ledger.snapshot().open();
    for (const [which, burned] of [
      [ledger, 500_000n],
      [other, 600_000n],
    ] as const) {
      which.inject(oneCoin(which, outputOf(which, hotUxid), burned), stockRules, recorded);
      which.makeBlock(stockRules, recorded);
    }
    expect(other.follow(ledger)).toMatchObject({ ok: false });
  });
});

describe("bounds", () => {
  /** The hot wallet pays the customer so many times, each time from its change. */
  function chain(ledger: Ledger, blocks: number): void {
    for (let i = 0; i < blocks; i++) {
      const [input] = ledger.unspent([who.hot]);
      if (input === undefined) throw new Error("no input");
      const hours = input.hours / 2n;
      const tx = spend(
        [input],
        [
          [who.customer, 1_000_000n, 0n],
          [who.hot, input.coins - 1_000_000n, hours],
        ],
      );
      expect(ledger.inject(tx, stockRules, recorded).ok).toBe(true);
      expect(ledger.makeBlock(stockRules, recorded)).toBeDefined();
    }
  }

  function bounded(): Ledger {
    const ledger = newLedger(genesis, { keep: new Set([who.hot]), history: 3 });
    return ledger;
  }

  test("a ledger that keeps one wallet's outputs and few blocks makes the same blocks as one that keeps all", () => {
    const all = opened();
    chain(all, 10);
    const few = newLedger({ ...genesis }, { keep: new Set([who.hot, who.genesis]), history: 3 });
    few.inject(firstSpend, stockRules, recorded);
    few.makeBlock(stockRules, recorded);
    chain(few, 10);
    expect(few.head()).toEqual(all.head());
    expect(few.unspentCount()).toBe(all.unspentCount());
    expect(few.blockHash(2)).toBe(all.blockHash(2) ?? "");
    expect([few.block(8), few.block(9)?.seq]).toEqual([undefined, 9]);
    expect([few.allConfirmed().length, few.history(who.hot).length]).toEqual([3, 4]);
    expect(few.unspent([who.customer])).toEqual([]);
  });

  test("what is not kept cannot be spent", () => {
    const ledger = bounded();
    expect(ledger.inject(firstSpend, stockRules, recorded)).toMatchObject({ refusal: { kind: "hard" } });
  });
});
