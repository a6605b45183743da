import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { btcdBin } from "./chains.ts";
import { healthOf } from "./daemon.ts";
import { type Books, type Case, idOf, wrongIn } from "./reorg_case.ts";
import { campaigns } from "./reorg_table.ts";
import { ReorgWorld } from "./reorg_world.ts";

/**
 * The whole matrix of reorgs on a real btcd: one world for all campaigns, in order, as on a server that lives for
 * years. What one campaign has left must still be so after all others.
 */
const bin = btcdBin();
if (bin === undefined) console.log("skipped: reorgs need btcd (BTCD_BIN) or Go to build it");

let world: ReorgWorld;

/** What there must be a row for: each with each. The table must not be able to forget one of them. */
const asked = {
  depth: [1, 2, 6, 100],
  fate: [
    ...["vanishes", "moves", "returns", "returns by a reorg", "malleated"],
    ...["elsewhere", "other address", "other customer"],
  ],
  stage: ["seen", "due", "signed", "paid"],
  circumstance: ["live", "catch-up", "outage", "restart"],
};

test("each depth, fate, stage and circumstance has its row, and each reorg is as deep as it says", () => {
  const wanted = asked.depth.flatMap((depth) =>
    asked.fate.flatMap((fate) =>
      asked.stage.flatMap((stage) => asked.circumstance.map((when) => `${depth} ${fate} ${stage} ${when}`)),
    ),
  );
  const rows = campaigns.flatMap((campaign) => campaign.rows);
  const played = rows.map((row) => `${row.depth} ${row.fate} ${row.stage} ${row.circumstance}`);
  expect(played.sort()).toEqual(wanted.sort());
  for (const { name, depth, blocks } of campaigns) {
    const sum = blocks.reduce<number>((n, block) => n + (typeof block === "number" ? block : 1), 0);
    expect([name, sum]).toEqual([name, depth]);
  }
});

describe.skipIf(bin === undefined)("a deposit in a reorg", () => {
  beforeAll(async () => {
    world = await ReorgWorld.open(bin ?? "");
  }, 60_000);

  afterAll(async () => {
    await world?.close();
  }, 30_000);

  for (const campaign of campaigns) {
    describe(campaign.name, () => {
      let cases: readonly Case[];
      let books: Books;
      beforeAll(async () => {
        cases = await world.play(campaign);
        books = await world.books();
      }, 60_000);

      for (const [i, { stage, fate, end }] of campaign.rows.entries()) {
        test(`that ${fate} when ${stage}: ${end}`, () => {
          const one = cases[i];
          expect(one === undefined ? ["not played"] : wrongIn(one, books)).toEqual([]);
        });
      }
    });
  }

  test("after all of them every row still has its end", async () => {
    const books = await world.books();
    expect(world.cases.length).toBe(campaigns.flatMap(({ rows }) => rows).length);
    for (const one of world.cases) expect([one.row, wrongIn(one, books)]).toEqual([one.row, []]);
  });

  test("what the final chain has is credited and stands, and nothing else does", async () => {
    const txids = await world.chain.txids(world.chains.btcd);
    const payments = world.cases.flatMap(({ own, other }) => (other === undefined ? [own] : [own, other]));
    const final = payments.filter(({ txid }) => txids.has(txid)).map(idOf);
    const { rows } = await world.books();
    const gone = (mark: string) => mark === "reversed" || mark.startsWith("replaced");
    const standing = [...rows.values()].filter(({ marks }) => !marks.some(gone));
    expect(standing.map(({ deposit_id }) => deposit_id).sort()).toEqual(final.sort());
    expect(final.length).toBeGreaterThan(300);
  });

  test("no coin was paid for twice, and the Skycoin ledger has what the rows say", async () => {
    const { rows, listed } = await world.books();
    const isPaid = (payment: { txid: string } | undefined) =>
      payment !== undefined && rows.get(`${payment.txid}:0`)?.status === "done";
    const twice = world.cases.filter(({ own, other }) => isPaid(own) && isPaid(other));
    expect(twice.map(({ row }) => row)).toEqual([]);
    const sent = [...rows.values()].reduce((sum, row) => sum + BigInt(row.sky_sent), 0n);
    const customers = new Set([...rows.values()].map(({ sky_address }) => sky_address));
    const received = [...customers].reduce((sum, sky) => sum + world.chains.received(sky), 0n);
    expect(received).toBe(sent);
    expect((await healthOf(world.daemon)).exchange.held_count).toBe(listed.size);
  });

  test("it ends with 0", async () => {
    expect(await world.daemon.stop()).toEqual({ code: 0, signal: null });
  }, 30_000);
});
