import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Broken } from "#internal/fault";
import { droplet } from "#internal/money";
import {
  anchorOf,
  attemptsOf,
  decide,
  doneSince,
  dueDeposits,
  events,
  hold,
  killPayouts,
  latestPayout,
  markStopped,
  moveAnchor,
  payoutByTransaction,
  reopenPayouts,
  replacePayout,
  setAnchor,
  settlePayout,
  type SignedPayout,
  signPayout,
  totalsOf,
  unconfirmedPayouts,
} from "./mod.ts";
import { anchorText, audit } from "./testaudit.ts";
import { attempt, firstAnchor, paying, signedFor, type TestBook, testBook } from "./testbook.ts";

let book: TestBook;
let address = "";
beforeEach(async () => {
  book = await testBook();
  address = await book.bindTo("alice");
});
afterEach(async () => {
  expect(audit(book.store)).toEqual([]);
  await book.close();
});

/** owe makes deposits that are due, each of so many droplets. */
async function owe(...amounts: bigint[]): Promise<string[]> {
  const height = book.height();
  const outputs = amounts.map((_, i) => paying(address, `t${height}-${i}`));
  const { credited } = await book.mine(outputs);
  await book.store.write((tx) => {
    for (const [i, id] of credited.entries())
      decide(tx, { id, owed: amounts[i] ?? 0n, decimals: 3, at: book.at });
  });
  return credited;
}

const sent = () => book.store.read(totalsOf).sent;
const due = () =>
  book.store
    .read((reader) => dueDeposits(reader, "waiting_send", { limit: 100 }))
    .map((info) => info.deposit_id);
const open = () => book.store.read((reader) => unconfirmedPayouts(reader, 100)).map(({ seq }) => seq);
const settle = (seq: number, txid: string, block = seq) =>
  book.store.write((tx) =>
    settlePayout(tx, { seq, txid, block: { seq: block, hash: `block${block}` }, at: book.at }),
  );
const kill = (seq: number) =>
  book.store.write((tx) => killPayouts(tx, seq, "the anchor was spent by x", book.at));
const reopen = (seq: number) => book.store.write((tx) => reopenPayouts(tx, seq, book.at));
const error = (promise: Promise<unknown>) => promise.catch((thrown: unknown) => thrown);

describe("signing", () => {
  test("stores the bytes with the statuses of their deposits, and leaves the anchor", async () => {
    const ids = await owe(1000n, 2000n);
    const payout = await book.sign("p1", ids);
    expect(payout).toMatchObject({
      seq: 1,
      state: "signed",
      txid: "p1",
      raw: "raw-p1",
      deposits: ids,
      dead: "",
    });
    expect(payout.outputs).toEqual([{ address: "alice", coins: droplet(3000n) }]);
    expect(book.info(ids[1] ?? "")).toMatchObject({
      status: "waiting_confirm",
      txid: "p1",
      sky_sent: 2000n,
      payout: 1,
      updated_at: 1000,
    });
    expect([due(), open(), sent(), anchorText(book.store)]).toEqual([[], [1], 0n, "ux0"]);
    await book.reopen();
    expect(book.payout(1)).toEqual(payout);
  });

  const refused: readonly [
    why: string,
    spoil: (signed: SignedPayout, ids: string[]) => Promise<SignedPayout>,
  ][] = [
    ["the anchor is another", async (signed) => ({ ...signed, anchor: "ux-old" })],
    [
      "an amount has changed",
      async (signed) => ({
        ...signed,
        shares: signed.shares.map((share) => ({ ...share, coins: share.coins + 1n })),
      }),
    ],
    [
      "a deposit is held",
      async (signed, [id = ""]) => {
        await book.store.write((tx) => hold(tx, id, "look", 1));
        return signed;
      },
    ],
    [
      "a deposit was reversed",
      async (signed) => {
        await book.drop(1);
        return signed;
      },
    ],
    [
      "a scanner stopped",
      async (signed) => {
        await book.store.write((tx) => markStopped(tx, "BTC", "too deep", 1));
        return signed;
      },
    ],
    [
      "a deposit is not decided",
      async (signed) => {
        const [id = ""] = (await book.mine([paying(address, "new")])).credited;
        return { ...signed, shares: [...signed.shares, { id, coins: 0n }] };
      },
    ],
  ];
  for (const [why, spoil] of refused) {
    test(`is refused, and changes nothing, when ${why}`, async () => {
      const ids = await owe(1000n, 2000n);
      const signed = book.store.read((reader) => signedFor(reader, "p1", ids));
      const spoiled = await spoil(signed, ids);
      const events0 = book.store.read(totalsOf).next_event;
      expect(await book.store.write((tx) => signPayout(tx, spoiled))).toBeUndefined();
      expect(book.store.read(totalsOf).next_event).toBe(events0);
      expect([open(), book.info(ids[0] ?? "").status]).toEqual([[], "waiting_send"]);
    });
  }

  test("is refused while another payout is open, and for a txid that is known", async () => {
    const [a = "", b = ""] = await owe(1000n, 2000n);
    await book.sign("p1", [a]);
    expect(await book.store.write((tx) => signPayout(tx, signedFor(tx, "p2", [b])))).toBeUndefined();
    await settle(1, "p1");
    expect(await book.store.write((tx) => signPayout(tx, signedFor(tx, "p1", [b])))).toBeUndefined();
    expect(await book.sign("p2", [b])).toMatchObject({ seq: 2 });
  });

  test("twice from one moment is done once", async () => {
    const ids = await owe(1000n);
    const signed = ["p1", "p2"].map((txid) => book.store.read((reader) => signedFor(reader, txid, ids)));
    const stored = await Promise.all(signed.map((one) => book.store.write((tx) => signPayout(tx, one))));
    expect(stored.map((payout) => payout?.txid)).toEqual(["p1", undefined]);
  });

  test("nothing before the first anchor is refused", async () => {
    expect(await error(book.store.write((tx) => setAnchor(tx, firstAnchor)))).toBeInstanceOf(Broken);
  });

  test("a consolidation pays nobody and moves the anchor", async () => {
    await book.sign("p1", []);
    await settle(1, "p1");
    expect([sent(), anchorText(book.store)]).toEqual([0n, "change-p1"]);
  });
});

describe("settling", () => {
  test("ends the deposits, counts what was sent, and makes the change the anchor", async () => {
    const ids = await owe(1000n, 2000n);
    await book.sign("p1", ids);
    await settle(1, "p1", 42);
    expect(book.payout(1)).toMatchObject({ state: "confirmed", block: { seq: 42, hash: "block42" } });
    expect(ids.map((id) => book.info(id).status)).toEqual(["done", "done"]);
    expect([open(), sent()]).toEqual([[], 3000n]);
    expect(book.store.read(anchorOf)).toMatchObject({ uxid: "change-p1", payout: 1 });
  });

  test("twice is done once", async () => {
    await book.sign("p1", await owe(1000n));
    await settle(1, "p1");
    await settle(1, "p1");
    expect(sent()).toBe(1000n);
  });

  test("out of order, or of what is dead, or not there, is a bug", async () => {
    const [a = "", b = ""] = await owe(1000n, 2000n);
    await book.sign("p1", [a]);
    await settle(1, "p1");
    await book.sign("p2", [b]);
    await settle(2, "p2");
    await reopen(1);
    expect(await error(settle(2, "p2"))).toEqual(new Broken("book: payout 2 is not the oldest open one"));
    expect(await error(settle(9, "p9"))).toBeInstanceOf(Broken);
    await kill(1);
    expect(await error(settle(1, "p1"))).toBeInstanceOf(Broken);
    expect(sent()).toBe(0n);
  });

  test("by a transaction that is no attempt of the payout is a bug", async () => {
    await book.sign("p1", await owe(1000n));
    expect(await error(settle(1, "somebody-else"))).toBeInstanceOf(Broken);
    expect([open(), anchorText(book.store)]).toEqual([[1], "ux0"]);
  });

  test("a deposit that a reorg took back keeps its mark, and stays on the list", async () => {
    const ids = await owe(1000n);
    await book.sign("p1", ids);
    await book.drop(1);
    await settle(1, "p1");
    expect(book.info(ids[0] ?? "")).toMatchObject({ status: "done", reversed: true });
    expect(book.store.read(totalsOf).attention).toBe(1);
  });
});

describe("a replacement", () => {
  const replace = (seq: number, txid: string, own: Parameters<typeof attempt>[1] = {}) =>
    book.store.write((tx) => replacePayout(tx, seq, attempt(txid, { fee: 20n, ...own })));

  test("takes the place of the newest attempt, and every attempt is kept", async () => {
    const ids = await owe(1000n);
    await book.sign("p1", ids);
    expect(await replace(1, "p1b", { signed_at: 2000 })).toBe(true);
    expect(await replace(1, "p1c", { fee: 30n })).toBe(true);
    const payout = book.payout(1);
    expect([payout.txid, payout.fee, payout.state]).toEqual(["p1c", 30n, "signed"]);
    expect(attemptsOf(payout).map(({ txid, raw }) => [txid, raw])).toEqual([
      ["p1", "raw-p1"],
      ["p1b", "raw-p1b"],
      ["p1c", "raw-p1c"],
    ]);
    expect(book.info(ids[0] ?? "").txid).toBe("p1c");
    for (const txid of ["p1", "p1b", "p1c"]) {
      expect(book.store.read((reader) => payoutByTransaction(reader, txid))?.seq).toBe(1);
    }
    await book.reopen();
    expect(book.payout(1)).toEqual(payout);
  });

  const wrong: readonly [why: string, own: Parameters<typeof attempt>[1]][] = [
    ["does not spend the anchor", { inputs: ["other"] }],
    ["burns no more than the one before", { fee: 10n }],
  ];
  for (const [why, own] of wrong) {
    test(`that ${why} is refused`, async () => {
      await book.sign("p1", await owe(1000n));
      expect(await replace(1, "p1b", own)).toBe(false);
      expect(book.payout(1).txid).toBe("p1");
    });
  }

  test("with a txid that is known, or of a payout that is settled or not alone, is refused", async () => {
    const [a = "", b = ""] = await owe(1000n, 2000n);
    await book.sign("p1", [a]);
    expect(await replace(1, "p1")).toBe(false);
    await settle(1, "p1");
    expect(await replace(1, "p1b")).toBe(false);
    await book.sign("p2", [b]);
    await settle(2, "p2");
    await reopen(1);
    expect(await replace(1, "p1b")).toBe(false);
    expect(await replace(2, "p2b", { inputs: ["change-p1"] })).toBe(false);
  });

  test("is settled by whichever attempt a block has, and the anchor is the change of that one", async () => {
    const ids = await owe(1000n);
    await book.sign("p1", ids);
    await replace(1, "p1b");
    await settle(1, "p1");
    expect(book.payout(1)).toMatchObject({ txid: "p1", fee: 10n, state: "confirmed" });
    expect(attemptsOf(book.payout(1)).map(({ txid }) => txid)).toEqual(["p1b", "p1"]);
    expect([anchorText(book.store), book.info(ids[0] ?? "").txid, sent()]).toEqual([
      "change-p1",
      "p1",
      1000n,
    ]);
  });

  test("is settled by the other attempt after a reorg", async () => {
    const ids = await owe(1000n);
    await book.sign("p1", ids);
    await replace(1, "p1b");
    await settle(1, "p1");
    await reopen(1);
    await settle(1, "p1b");
    expect([anchorText(book.store), book.info(ids[0] ?? "").txid, sent()]).toEqual([
      "change-p1b",
      "p1b",
      1000n,
    ]);
    expect(
      attemptsOf(book.payout(1))
        .map(({ txid }) => txid)
        .sort(),
    ).toEqual(["p1", "p1b"]);
  });
});

describe("a block with a payout that is gone", () => {
  test("opens that payout and all after it, and the anchor goes back", async () => {
    const [a = "", b = "", c = ""] = await owe(1000n, 2000n, 4000n);
    for (const [txid, id] of [
      ["p1", a],
      ["p2", b],
      ["p3", c],
    ] as const) {
      await book.sign(txid, [id]);
      await settle(Number(txid.slice(1)), txid);
    }
    await reopen(2);
    expect([open(), sent(), anchorText(book.store)]).toEqual([[2, 3], 1000n, "change-p1"]);
    expect([a, b, c].map((id) => book.info(id).status)).toEqual([
      "done",
      "waiting_confirm",
      "waiting_confirm",
    ]);
    expect(book.payout(2).block).toBeUndefined();
    expect(due()).toEqual([]);
    await settle(2, "p2", 12);
    await settle(3, "p3", 13);
    expect([open(), sent(), anchorText(book.store)]).toEqual([[], 7000n, "change-p3"]);
    expect(book.payout(3)).toMatchObject({ state: "confirmed", block: { seq: 13 } });
  });

  test("again and again counts nothing twice", async () => {
    const ids = await owe(1000n);
    await book.sign("p1", ids);
    for (let i = 0; i < 3; i++) {
      await settle(1, "p1");
      expect(sent()).toBe(1000n);
      await reopen(1);
      await reopen(1);
      expect(sent()).toBe(0n);
    }
  });

  test("leaves dead payouts dead, and one that is signed signed", async () => {
    const [a = "", b = "", c = ""] = await owe(1000n, 2000n, 4000n);
    await book.sign("p1", [a]);
    await settle(1, "p1");
    await book.sign("p2", [b]);
    await kill(2);
    await book.sign("p3", [b]);
    await settle(3, "p3");
    await book.sign("p4", [c]);
    await reopen(1);
    expect([1, 2, 3, 4].map((seq) => book.payout(seq).state)).toEqual(["signed", "dead", "signed", "signed"]);
    expect(open()).toEqual([1, 3, 4]);
  });
});

describe("a payout that is proved dead", () => {
  test("gives its deposits back, and the anchor that it was to spend", async () => {
    const ids = await owe(1000n, 2000n);
    await book.sign("p1", ids);
    await kill(1);
    expect(book.payout(1)).toMatchObject({ state: "dead", dead: "the anchor was spent by x" });
    expect(book.info(ids[0] ?? "")).toMatchObject({
      status: "waiting_send",
      txid: "",
      sky_sent: 0n,
      payout: 0,
    });
    expect([due(), open(), anchorText(book.store), sent()]).toEqual([ids, [], "ux0", 0n]);
    await book.sign("p2", ids);
    await settle(2, "p2");
    expect(sent()).toBe(3000n);
  });

  test("takes every open one after it with it", async () => {
    const [a = "", b = "", c = ""] = await owe(1000n, 2000n, 4000n);
    for (const [txid, id] of [
      ["p1", a],
      ["p2", b],
      ["p3", c],
    ] as const) {
      await book.sign(txid, [id]);
      await settle(Number(txid.slice(1)), txid);
    }
    await reopen(1);
    await settle(1, "p1");
    await kill(2);
    expect([1, 2, 3].map((seq) => book.payout(seq).state)).toEqual(["confirmed", "dead", "dead"]);
    expect([due(), anchorText(book.store), sent()]).toEqual([[b, c], "change-p1", 1000n]);
  });

  test("because another attempt before it confirmed leaves the change of that one as the anchor", async () => {
    const [a = "", b = ""] = await owe(1000n, 2000n);
    await book.sign("p1", [a]);
    await book.store.write((tx) => replacePayout(tx, 1, attempt("p1b", { fee: 20n })));
    await settle(1, "p1");
    await book.sign("p2", [b]);
    await reopen(1);
    await settle(1, "p1b");
    // The second payout spends the change of an attempt that never will be.
    await kill(2);
    expect([book.payout(2).state, anchorText(book.store), due(), sent()]).toEqual([
      "dead",
      "change-p1b",
      [b],
      1000n,
    ]);
  });

  test("leaves one after it alone that spends another output", async () => {
    const [a = "", b = ""] = await owe(1000n, 2000n);
    await book.sign("p1", [a]);
    await settle(1, "p1");
    const to = { uxid: "ux9", address: "hot", coins: droplet(10n ** 12n) };
    const who = { who: "ann", why: "test", at: book.at };
    await book.store.write((tx) => moveAnchor(tx, "change-p1", to, who));
    await book.sign("p2", [b]);
    await reopen(1);
    await kill(1);
    expect([book.payout(1).state, book.payout(2).state]).toEqual(["dead", "signed"]);
    // Who spent its anchor is asked by nobody once the anchor is the second one's change.
    expect([due(), open(), book.info(a).status]).toEqual([[], [2], "waiting_send"]);
    expect(book.info(a).held).toContain("died beside one that stands");
    await settle(2, "p2");
    expect([anchorText(book.store), sent()]).toEqual(["change-p2", 2000n]);
  });

  test("does not let a deposit be paid that is reversed or held meanwhile", async () => {
    const [a = "", b = ""] = await owe(1000n, 2000n);
    await book.sign("p1", [a, b]);
    await book.store.write((tx) => hold(tx, b, "look", 1));
    await book.drop(1);
    await kill(1);
    expect([a, b].map((id) => book.info(id).status)).toEqual(["waiting_send", "waiting_send"]);
    expect(due()).toEqual([]);
    await book.mine([paying(address, a.split(":")[0] ?? ""), paying(address, b.split(":")[0] ?? "")]);
    expect(due()).toEqual([a]);
  });
});

test("the newest payouts come first", async () => {
  const [a = "", b = "", c = ""] = await owe(1000n, 2000n, 4000n);
  for (const [txid, id] of [
    ["p1", a],
    ["p2", b],
  ] as const) {
    await book.sign(txid, [id]);
    await settle(Number(txid.slice(1)), txid);
  }
  await book.sign("p3", [c]);
  expect(book.store.read((reader) => doneSince(reader, 10)).map(({ seq }) => seq)).toEqual([2, 1]);
  expect(book.store.read(latestPayout)?.seq).toBe(3);
  const types = book.store.read((reader) => events(reader, 0, 100)).map(({ event }) => event.type);
  expect(types.filter((type) => type.startsWith("payout"))).toEqual([
    "payout_signed",
    "payout_confirmed",
    "payout_signed",
    "payout_confirmed",
    "payout_signed",
  ]);
});
