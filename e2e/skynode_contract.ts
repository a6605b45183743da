import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Node, Unspent } from "#internal/skycoin";
import { firstSpend, privateGenesis } from "#skynode";
import {
  build,
  type Built,
  confirmed,
  never,
  onlyUnspent,
  type Pay,
  textOf,
  until,
} from "./skynode_contract_build.ts";

/** Subject is a running node on the private chain, fresh from its genesis. */
export interface Subject {
  readonly node: Node;
  /** hold keeps blocks from being made on the timer, where that can be done, until released. */
  hold?(): void;
  release?(): void;
  stop(): Promise<void>;
}

const genesisHash = "9248872b784360f54533c77c797bd524a41fb7c64bd079431ee12fbd35fa4ae9";
const genesisUxid = "79eaea1139489d582d36006c96057c4eb9ea3a41585a172b4a8a3a9b136f405e";
const hot = textOf("hot");
const customer = textOf("customer");
const other = textOf("customer", 1);
const hard = "Transaction violates hard constraint";
const soft = "Transaction violates soft constraint";
const slow = 120_000;

/**
 * nodeContract is what every `Node` must do, whatever is behind it. The tests go on from one
 * another: they are the life of one chain.
 */
export function nodeContract(name: string, start: () => Promise<Subject>): void {
  describe(`${name}: the node`, () => {
    let subject: Subject;
    let node: Node;
    beforeAll(async () => {
      subject = await start();
      node = subject.node;
    }, slow);
    afterAll(async () => subject?.stop(), slow);

    const nodeOf = (): Node => node;
    /** A stock node cannot be held; its next block is most of ten seconds away when a test has just seen one. */
    const held: Held = async (deed) => {
      subject.hold?.();
      try {
        await deed();
      } finally {
        subject.release?.();
      }
    };
    genesisTests(nodeOf);
    firstSpendTests(nodeOf, held);
    sendTests(nodeOf);
    refusalTests(nodeOf);
    verifyTests(nodeOf);
    conflictTests(nodeOf, held);
  });
}

/** Held does something while no block is made. */
type Held = (deed: () => Promise<void>) => Promise<void>;

function genesisTests(node: () => Node): void {
  test("is at genesis and tells its rules", async () => {
    const health = await node().health(never);
    expect(health).toMatchObject({
      coin: "skycoin",
      head: { seq: 0, hash: genesisHash, time: 1_700_000_000 },
      maxTransactionSize: 32_768,
      maxDecimals: 3,
    });
    expect(health.burnFactor).toBe(10n);
    expect(health.openConnections).toBeGreaterThan(0);
  });

  test("knows the genesis block and none above it", async () => {
    expect(await node().blockHash(0, never)).toBe(genesisHash);
    expect(await node().blockHash(1, never)).toBeUndefined();
  });

  test("offers the one genesis output", async () => {
    const { coins, hours } = privateGenesis();
    const output = { uxid: genesisUxid, address: textOf("genesis"), coins, srcTx: "00".repeat(32) };
    expect(await onlyUnspent(node(), textOf("genesis"))).toEqual({ ...output, hours, blockSeq: 0 });
    expect(await node().uxout(genesisUxid, never)).toEqual({ ...output, spent: undefined });
  });

  test("knows nothing of what is not there", async () => {
    expect(await node().uxout("11".repeat(32), never)).toBeUndefined();
    expect(await node().transaction("11".repeat(32), never)).toBeUndefined();
    expect(await node().rawTransaction("11".repeat(32), never)).toBeUndefined();
    expect((await node().outputs([customer], never)).unspent).toEqual([]);
  });
}

function firstSpendTests(node: () => Node, held: Held): void {
  test("takes the first spend, again while it is pending, and shows its input as outgoing", async () => {
    await held(async () => {
      for (const _ of [1, 2]) {
        expect(await node().inject(firstSpend.raw, never)).toEqual({ ok: true, value: firstSpend.txid });
      }
      const { head, outgoing } = await node().outputs([textOf("genesis")], never);
      // Nobody knows when the first block of a stock node comes.
      if (head.seq === 0) expect(Array.from(outgoing)).toEqual([genesisUxid]);
      expect(await node().rawTransaction(firstSpend.txid, never)).toBe(firstSpend.raw);
    });
  });

  test("confirms it in block 1, and names it as the spender of the genesis output", async () => {
    expect(await confirmed(node(), firstSpend.txid)).toBe(1);
    const spent = { txid: firstSpend.txid, blockSeq: 1 };
    expect(await node().uxout(genesisUxid, never)).toMatchObject({ spent });
    expect(await node().blockHash(1, never)).toMatch(/^[0-9a-f]{64}$/);
    expect(await node().rawTransaction(firstSpend.txid, never)).toBe(firstSpend.raw);
    expect((await onlyUnspent(node(), hot)).uxid).toBe(firstSpend.uxids[0]);
  });

  test("refuses it once it is confirmed: its input is spent", async () => {
    const refusal = `${hard}: unspent output of ${genesisUxid} does not exist`;
    expect(await node().inject(firstSpend.raw, never)).toEqual({ ok: false, refusal });
  });
}

/** From `input` to the customer, half of the hours burned, change back. */
function payout(input: Unspent, coins: bigint, more: readonly Pay[] = []): Built {
  const paid = more.reduce((sum, [, value]) => sum + value, coins);
  return build([input], [[customer, coins, 1n], ...more, [hot, input.coins - paid, input.hours / 2n]]);
}

function sendTests(node: () => Node): void {
  test(
    "a payout: verified unsigned, injected, pending, confirmed; its change is the next input",
    async () => {
      const anchor = await onlyUnspent(node(), hot);
      const { unsigned, raw, txid } = payout(anchor, 2_500_000n);
      expect(await node().verify(unsigned, never)).toEqual({ ok: true, value: undefined });
      expect((await node().outputs([hot], never)).outgoing).toEqual(new Set());
      expect(await node().inject(raw, never)).toEqual({ ok: true, value: txid });
      const seq = await confirmed(node(), txid);
      expect(await node().uxout(anchor.uxid, never)).toMatchObject({ spent: { txid, blockSeq: seq } });
      const change = await onlyUnspent(node(), hot);
      expect(change).toMatchObject({ srcTx: txid, blockSeq: seq });
      expect<bigint>(change.coins).toBe(anchor.coins - 2_500_000n);
      expect<bigint>((await onlyUnspent(node(), customer)).coins).toBe(2_500_000n);
      expect((await node().health(never)).head.seq).toBe(seq);
    },
    slow,
  );
}

/** Transactions that no node takes, and what it says. `made` gets the hot wallet's change. */
const refused: readonly {
  readonly name: string;
  readonly says: string;
  readonly made: (input: Unspent) => Built;
}[] = [
  {
    name: "two equal outputs",
    says: `${hard}: Duplicate output in transaction`,
    made: (input) => payout(input, 1_000_000n, [[customer, 1_000_000n, 1n]]),
  },
  {
    name: "an output to the null address",
    says: "Transaction violates user constraint: Transaction output is sent to the null address",
    made: (input) => payout(input, 1_000_000n, [["111111111111111111111691FSP", 1_000_000n, 0n]]),
  },
  {
    name: "no fee",
    says: `${soft}: Transaction has zero coinhour fee`,
    made: (input) => build([input], [[customer, input.coins, input.hours]]),
  },
  {
    name: "an hour too little fee",
    says: `${soft}: Transaction coinhour fee minimum not met`,
    made: (input) => build([input], [[customer, input.coins, (input.hours * 9n) / 10n + 1n]]),
  },
  {
    name: "more hours than there are",
    says: `${hard}: Insufficient coin hours`,
    made: (input) => build([input], [[customer, input.coins, input.hours + 1n]]),
  },
  {
    name: "coins out of nothing",
    says: `${hard}: Insufficient coins`,
    made: (input) => build([input], [[customer, input.coins + 1_000n, 0n]]),
  },
  {
    name: "coins into nothing",
    says: `${hard}: Transactions may not destroy coins`,
    made: (input) => build([input], [[customer, input.coins - 1_000n, 0n]]),
  },
  {
    name: "four decimals",
    says: `${soft}: invalid amount, too many decimal places`,
    made: (input) => payout(input, 1_000_100n),
  },
  {
    name: "an output of nothing",
    says: `${hard}: Zero coin output`,
    made: (input) => payout(input, 1_000_000n, [[other, 0n, 0n]]),
  },
  {
    name: "the same input twice",
    says: `${hard}: Duplicate spend`,
    made: (input) => build([input, input], [[customer, input.coins * 2n, 0n]]),
  },
  {
    name: "more than 32,768 bytes",
    says: `${soft}: Transaction size bigger than max block size`,
    made: (input) =>
      payout(
        input,
        1_000n,
        Array.from({ length: 900 }, (_, i): Pay => [other, BigInt(i + 1) * 1_000n, 0n]),
      ),
  },
];

function refusalTests(node: () => Node): void {
  for (const { name, says, made } of refused) {
    test(`refuses ${name}, and verify refuses it as well`, async () => {
      const { raw, unsigned, txid } = made(await onlyUnspent(node(), hot));
      expect(await node().inject(raw, never)).toEqual({ ok: false, refusal: says });
      expect(await node().transaction(txid, never)).toBeUndefined();
      const verified = await node().verify(unsigned, never);
      // The two endpoints look at soft and hard rules in another order.
      const inVerify =
        name === "more hours than there are"
          ? `${soft}: Insufficient coinhours for transaction outputs`
          : says;
      expect(verified).toEqual({ ok: false, refusal: inVerify });
    });
  }

  test("refuses what is not signed", async () => {
    const { unsigned } = payout(await onlyUnspent(node(), hot), 1_000_000n);
    const refusal = `${hard}: Unsigned input in transaction`;
    expect(await node().inject(unsigned, never)).toEqual({ ok: false, refusal });
  });

  test("refuses a signature of a key that does not own the output", async () => {
    const input = await onlyUnspent(node(), hot);
    const { raw } = build([{ uxid: input.uxid, address: customer }], [[customer, input.coins, 0n]]);
    const refusal = `${hard}: Signature not valid for output being spent`;
    expect(await node().inject(raw, never)).toEqual({ ok: false, refusal });
  });

  test("refuses an output that never was", async () => {
    const { raw } = build([{ uxid: "11".repeat(32), address: hot }], [[customer, 1_000_000n, 0n]]);
    const refusal = `${hard}: unspent output of ${"11".repeat(32)} does not exist`;
    expect(await node().inject(raw, never)).toEqual({ ok: false, refusal });
  });
}

function verifyTests(node: () => Node): void {
  test("verify refuses what is signed already", async () => {
    const { raw } = payout(await onlyUnspent(node(), hot), 1_000_000n);
    const refusal = `${hard}: Unsigned transaction must contain a null signature`;
    expect(await node().verify(raw, never)).toEqual({ ok: false, refusal });
  });

  test("verify keeps nothing", async () => {
    const { unsigned } = payout(await onlyUnspent(node(), hot), 1_000_000n);
    expect((await node().verify(unsigned, never)).ok).toBe(true);
    expect((await node().outputs([hot], never)).outgoing.size).toBe(0);
  });
}

function conflictTests(node: () => Node, held: Held): void {
  test(
    "of two that spend one output both are taken, the one with more fee confirms, the other is gone",
    async () => {
      const input = await onlyUnspent(node(), hot);
      const poor = build([input], [[other, input.coins, (input.hours * 8n) / 10n]]);
      const rich = build([input], [[hot, input.coins, (input.hours * 6n) / 10n]]);
      await held(async () => {
        for (const { raw, txid } of [poor, rich]) {
          expect(await node().inject(raw, never)).toEqual({ ok: true, value: txid });
        }
        expect(Array.from((await node().outputs([hot], never)).outgoing)).toEqual([input.uxid]);
      });
      const blockSeq = await confirmed(node(), rich.txid);
      expect(await node().uxout(input.uxid, never)).toMatchObject({ spent: { txid: rich.txid, blockSeq } });
      await until("the end of the loser", 90, async () =>
        (await node().transaction(poor.txid, never)) === undefined ? true : undefined,
      );
      expect((await onlyUnspent(node(), hot)).srcTx).toBe(rich.txid);
      const refusal = `${hard}: unspent output of ${input.uxid} does not exist`;
      expect(await node().inject(poor.raw, never)).toEqual({ ok: false, refusal });
    },
    slow,
  );

  test(
    "change cannot be spent before its transaction is confirmed",
    async () => {
      const input = await onlyUnspent(node(), hot);
      const first = build([input], [[hot, input.coins, input.hours / 2n]]);
      const [uxid = ""] = first.uxids;
      const second = build([{ uxid, address: hot }], [[hot, input.coins, input.hours / 4n]]);
      await held(async () => {
        expect((await node().inject(first.raw, never)).ok).toBe(true);
        const refusal = `${hard}: unspent output of ${uxid} does not exist`;
        expect(await node().inject(second.raw, never)).toEqual({ ok: false, refusal });
      });
      await confirmed(node(), first.txid);
      expect((await onlyUnspent(node(), hot)).uxid).toBe(uxid);
      expect((await node().inject(second.raw, never)).ok).toBe(true);
      await confirmed(node(), second.txid);
    },
    slow,
  );
}
