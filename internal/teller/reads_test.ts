import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { bind, decide, dueDeposits, hold, totalsOf } from "#internal/book";
import { paying, skyOf, type Till, till } from "./testtill.ts";

const customers = 25_000;
const perCustomer = 4;
const deposits = customers * perCustomer;
const chunk = 5000;
/** However many deposits there are. */
const mostRows = 20;

let desk: Till;
const skies = Array.from({ length: 3 }, (_, i) => skyOf(i));

/** Each customer is a text of its own; only the first few need be real addresses. */
const skyText = (i: number) => skies[i] ?? `sky${i}`;

beforeAll(async () => {
  desk = await till({ pool: customers });
  const addresses: string[] = [];
  for (let from = 0; from < customers; from += chunk) {
    await desk.store.write((tx) => {
      for (let i = from; i < from + chunk; i++) {
        const bound = bind(tx, { sky: skyText(i), coin: "BTC", method: "direct", limit: 0, at: 1 });
        if (bound.ok) addresses.push(bound.value.address);
      }
    });
  }
  for (let round = 0; round < perCustomer; round++) {
    for (let from = 0; from < customers; from += chunk) {
      const part = addresses.slice(from, from + chunk);
      await desk.mine(part.map((address, i) => paying(address, `t${round}-${from + i}`)));
    }
  }
  for (let from = 0; from < 2; from++) {
    await desk.store.write((tx) => {
      for (const [i, info] of dueDeposits(tx, "waiting_decide", { limit: chunk }).entries()) {
        if (i % 50 === 0) hold(tx, info.deposit_id, "look", 2);
        else decide(tx, { id: info.deposit_id, owed: i % 7 === 0 ? 0n : 5000n, decimals: 3, at: 2 });
      }
    });
  }
}, 60_000);
afterAll(() => desk.close());

/** cost gives the rows that a call reads. */
function cost(fn: () => unknown): number {
  const before = desk.store.rowsRead();
  fn();
  return desk.store.rowsRead() - before;
}

describe(`with ${deposits} deposits`, () => {
  test("all of them are there", () => {
    const totals = desk.store.read(totalsOf);
    const counted = Object.values(totals.by_status).reduce((a, b) => a + b, 0);
    expect([counted, totals.bound.BTC]).toEqual([deposits, customers]);
    expect(totals.attention).toBe(200);
    expect(totals.errored).toBeGreaterThan(1000);
  });

  const reads: readonly [name: string, fn: () => unknown][] = [
    ["status", () => desk.teller.status(skyText(1))],
    ["health", () => desk.teller.health()],
    ["accounting", () => desk.teller.accounting()],
    ["config", () => desk.teller.config()],
    ["a page of ten bound addresses", () => desk.teller.depositAddresses(10)],
  ];
  for (const [name, fn] of reads) {
    test(`${name} reads at most ${mostRows} rows`, () => {
      expect(cost(fn)).toBeLessThanOrEqual(mostRows);
    });
  }

  test("a page of deposits reads two rows a deposit of one status, and errors likewise", () => {
    expect(cost(() => desk.teller.deposits({ status: "waiting_send", limit: 10 }))).toBeLessThanOrEqual(20);
    expect(cost(() => desk.teller.deposits({ limit: 10 }))).toBeLessThanOrEqual(80);
    expect(cost(() => desk.teller.erroredDeposits({ limit: 10 }))).toBeLessThanOrEqual(20);
  });

  test("a bind reads at most twenty rows", async () => {
    const before = desk.store.rowsRead();
    await desk.teller.bind(skyText(2), "ETH");
    expect(desk.store.rowsRead() - before).toBeLessThanOrEqual(mostRows);
  });

  test("the answers are right", () => {
    const rows = desk.teller.status(skyText(1));
    expect(rows.ok && rows.value.length).toBe(perCustomer);
    expect(desk.teller.accounting().received.BTC).toBe("100.00000000");
  });
});
