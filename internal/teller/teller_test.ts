import { afterEach, describe, expect, test } from "bun:test";
import { decide, depositsByStatus, events, hold, totalsOf } from "#internal/book";
import { accept, refuse } from "#internal/fault";
import { addressText, nullAddress } from "#internal/skycoin";
import type { TellerSettings } from "./mod.ts";
import { hot, paying, settings, skyOf, type Till, till } from "./testtill.ts";

let desk: Till;
let open: Till[] = [];
afterEach(async () => {
  for (const one of open) await one.close();
  open = [];
});

async function opened(options: Parameters<typeof till>[0] = {}): Promise<Till> {
  desk = await till(options);
  open.push(desk);
  return desk;
}

const alice = skyOf(1);
const bob = skyOf(2);
const nobody = addressText(nullAddress);
const without = (coin: "BTC" | "ETH"): Partial<TellerSettings> => ({
  coins: { ...settings.coins, [coin]: { ...settings.coins[coin], enabled: false } },
});

describe("a bind", () => {
  test("gives a deposit address, durable when it resolves", async () => {
    await opened();
    expect(await desk.teller.bind(alice, "BTC")).toEqual(
      accept({ deposit_address: "btc000000", coin_type: "BTC", buy_method: "direct" }),
    );
    expect(await desk.teller.bind(alice, "ETH")).toMatchObject({ value: { deposit_address: "eth000000" } });
    expect(desk.teller.status(alice)).toMatchObject({ value: [{ seq: 1 }, { seq: 2 }] });
  });

  const refusals: readonly [
    why: string,
    options: Parameters<typeof till>[0],
    sky: string,
    coin: "BTC" | "ETH" | "SKY",
    kind: string,
    text: string,
  ][] = [
    ["a coin that is off", { own: without("ETH") }, alice, "ETH", "invalid", "ETH not enabled"],
    ["SKY, which nobody sells for SKY", {}, alice, "SKY", "invalid", "SKY not enabled"],
    ["no address", {}, "", "BTC", "invalid", "Invalid skycoin address: Invalid base58 string"],
    [
      "a typing error",
      {},
      `${alice}0`,
      "BTC",
      "invalid",
      "Invalid skycoin address: Invalid base58 character",
    ],
    [
      "a cut address",
      {},
      alice.slice(0, -3),
      "BTC",
      "invalid",
      "Invalid skycoin address: Invalid address length",
    ],
    [
      "an address of Bitcoin",
      {},
      "1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLB",
      "BTC",
      "invalid",
      "Invalid skycoin address: Invalid checksum",
    ],
    ["the null address", {}, nobody, "BTC", "invalid", "Invalid skycoin address: it is the null address"],
    [
      "an address of the hot wallet",
      {},
      hot,
      "BTC",
      "invalid",
      "Invalid skycoin address: it belongs to this shop",
    ],
    [
      "binding that is off",
      { own: { bindEnabled: false } },
      alice,
      "BTC",
      "disabled",
      "Address binding is disabled",
    ],
    [
      "a scan that has not come to the tip",
      { behind: true },
      alice,
      "BTC",
      "not_ready",
      "BTC deposits open when the chain is scanned; try again soon",
    ],
    [
      "a Skycoin chain that was not looked at",
      { ledger: "unseen" },
      alice,
      "BTC",
      "not_ready",
      "BTC deposits open when the chain is scanned; try again soon",
    ],
    [
      "a wallet from which somebody else has paid",
      { ledger: "differs" },
      alice,
      "BTC",
      "closed",
      "BTC deposits are closed for a while; try again later",
    ],
    [
      "a wallet that was never filled",
      { ledger: "empty" },
      alice,
      "BTC",
      "closed",
      "BTC deposits are closed for a while; try again later",
    ],
    ["an empty pool", { pool: 0 }, alice, "BTC", "empty", "Deposit address pool is empty"],
    // The order of the checks: coin, address, switch, scan, then limit and pool.
    [
      "a bad address for a coin that is off",
      { own: without("BTC") },
      "x",
      "BTC",
      "invalid",
      "BTC not enabled",
    ],
    [
      "a bad address while binding is off",
      { own: { bindEnabled: false } },
      nobody,
      "BTC",
      "invalid",
      "Invalid skycoin address: it is the null address",
    ],
    [
      "binding that is off while the scan is behind",
      { own: { bindEnabled: false }, behind: true },
      alice,
      "BTC",
      "disabled",
      "Address binding is disabled",
    ],
    [
      "a scan that is behind, with an empty pool",
      { behind: true, pool: 0 },
      alice,
      "BTC",
      "not_ready",
      "BTC deposits open when the chain is scanned; try again soon",
    ],
  ];
  for (const [why, options, sky, coin, kind, text] of refusals) {
    test(`with ${why} is refused: ${text}`, async () => {
      await opened(options);
      expect(await desk.teller.bind(sky, coin)).toEqual(refuse({ kind: kind as "invalid", text }));
      expect(desk.store.read((reader) => events(reader, 0, 10))).toEqual([]);
    });
  }

  test("beyond the limit is refused, and before an empty pool is", async () => {
    await opened({ own: { maxBoundAddrs: 2 }, pool: 2 });
    await desk.teller.bind(alice, "BTC");
    await desk.teller.bind(alice, "BTC");
    const text = "The maximum number of addresses have been assigned to this SKY address";
    expect(await desk.teller.bind(alice, "BTC")).toEqual(refuse({ kind: "limit", text }));
    expect(await desk.teller.bind(bob, "BTC")).toMatchObject({ refusal: { kind: "empty" } });
  });

  test("without a limit goes on as long as there are addresses", async () => {
    await opened({ own: { maxBoundAddrs: 0 }, pool: 30 });
    for (let i = 0; i < 30; i++) expect(await desk.teller.bind(alice, "BTC")).toMatchObject({ ok: true });
    expect(desk.store.read(totalsOf).free.BTC).toBe(0);
  });

  test("is bound before its crash point, so that an answer that is lost is no address that is lost", async () => {
    let bound = -1;
    await opened({
      crash: (point) => {
        if (point === "bind.committed") bound = desk.store.read(totalsOf).bound.BTC;
      },
    });
    await desk.teller.bind(alice, "BTC");
    expect(bound).toBe(1);
  });

  test("keeps the method that is configured when it is made", async () => {
    await opened({ own: { buyMethod: "passthrough" } });
    const bound = await desk.teller.bind(alice, "BTC");
    expect(bound).toMatchObject({ value: { buy_method: "passthrough" } });
    const [id = ""] = await desk.mine([paying("btc000000", "t1")]);
    const [info] = desk.store.read((reader) => depositsByStatus(reader, undefined, { limit: 5 }));
    expect([info?.deposit_id, info?.buy_method]).toEqual([id, "passthrough"]);
  });
});

describe("a status", () => {
  test("of an address that nothing is bound to is empty, and of no address is refused", async () => {
    await opened();
    expect(desk.teller.status(alice)).toEqual(accept([]));
    expect(desk.teller.status("nonsense0")).toEqual(refuse("Invalid base58 character"));
  });

  test("follows a deposit, with its confirmations while it is not deep enough", async () => {
    const own = { coins: { ...settings.coins, BTC: { ...settings.coins.BTC, confirmations: 3 } } };
    await opened({ own });
    await desk.teller.bind(alice, "BTC");
    const [bound] = [desk.teller.status(alice)];
    expect(bound).toEqual(
      accept([{ seq: 1, updated_at: 1_700_000_000, status: "waiting_deposit", coin_type: "BTC" }]),
    );
    const lines: unknown[] = [];
    const look = () => {
      const rows = desk.teller.status(alice);
      if (!rows.ok) throw new Error(rows.refusal);
      const [row] = rows.value;
      lines.push([row?.status, row?.confirmations, row?.confirmations_required]);
    };
    await desk.mine([paying("btc000000", "t1")], "BTC", 3);
    look();
    await desk.mine([], "BTC", 3);
    look();
    await desk.mine([], "BTC", 3);
    look();
    await desk.store.write((tx) => decide(tx, { id: "t1:0", owed: 5000n, decimals: 3, at: 9 }));
    look();
    expect(lines).toEqual([
      ["waiting_deposit", 1, 3],
      ["waiting_deposit", 2, 3],
      ["waiting_decide", undefined, undefined],
      ["waiting_send", undefined, undefined],
    ]);
  });

  test("asks for at least one confirmation, whatever is configured", async () => {
    const own = { coins: { ...settings.coins, BTC: { ...settings.coins.BTC, confirmations: 0 } } };
    await opened({ own });
    await desk.teller.bind(alice, "BTC");
    await desk.mine([paying("btc000000", "t1")], "BTC", 5);
    expect(desk.teller.status(alice)).toMatchObject({
      value: [{ confirmations: 1, confirmations_required: 1 }],
    });
  });

  test("keeps its numbers for ever: a binding its own, each further deposit the next", async () => {
    await opened();
    await desk.teller.bind(alice, "BTC");
    await desk.teller.bind(alice, "ETH");
    await desk.mine([paying("btc000000", "t1"), paying("btc000000", "t2")]);
    await desk.mine([paying("eth000000", "0xe1")], "ETH");
    await desk.teller.bind(alice, "BTC");
    const rows = desk.teller.status(alice);
    expect(
      rows.ok && rows.value.map(({ seq, coin_type, status }) => `${seq} ${coin_type} ${status}`),
    ).toEqual([
      "1 BTC waiting_decide",
      "2 ETH waiting_decide",
      "3 BTC waiting_decide",
      "4 BTC waiting_deposit",
    ]);
  });

  test("never shows a deposit address", async () => {
    await opened();
    await desk.teller.bind(alice, "BTC");
    await desk.mine([paying("btc000000", "t1")]);
    expect(JSON.stringify(desk.teller.status(alice))).not.toContain("btc000000");
  });
});

describe("the configuration", () => {
  test("shows what one coin buys, cut to the decimals, with six places", async () => {
    await opened({
      own: {
        coins: {
          BTC: { ...settings.coins.BTC, rate: { num: 1n, den: 3n } },
          ETH: { ...settings.coins.ETH, rate: { num: 123n, den: 1n } },
        },
      },
    });
    expect(desk.teller.config()).toEqual({
      enabled: true,
      buy_method: "direct",
      max_bound_addrs: 5,
      max_decimals: 3,
      deposits: {
        btc: {
          enabled: true,
          confirmations_required: 1,
          fixed_exchange_rate: "0.333000",
          passthrough_minimum_volume: "0.005",
        },
        eth: {
          enabled: true,
          confirmations_required: 5,
          fixed_exchange_rate: "123.000000",
          passthrough_minimum_volume: "0",
        },
      },
    });
  });

  test("shows nothing bought where the rate is below the decimals, or the coin is off", async () => {
    const off = { ...settings.coins.ETH, enabled: false, rate: undefined };
    const small = { ...settings.coins.BTC, rate: { num: 1n, den: 10_000n } };
    await opened({ own: { bindEnabled: false, coins: { BTC: small, ETH: off } } });
    expect(desk.teller.config()).toMatchObject({
      enabled: false,
      deposits: {
        btc: { fixed_exchange_rate: "0.000000" },
        eth: { enabled: false, fixed_exchange_rate: "0.000000" },
      },
    });
    expect(desk.teller.coinEnabled("BTC")).toBe(true);
    expect(desk.teller.coinEnabled("ETH")).toBe(false);
    expect(desk.teller.coinEnabled("SKY")).toBe(false);
  });
});

describe("deposit addresses", () => {
  test("are listed by coin, with what remains and what is on", async () => {
    await opened({ own: without("ETH") });
    await desk.teller.bind(alice, "BTC");
    await desk.teller.bind(alice, "BTC");
    const off = { scanning_addresses: [], scanning_enabled: false, address_manager_enabled: false };
    expect(desk.teller.depositAddresses(1)).toEqual({
      BTC: {
        remaining_addresses: 1,
        scanning_addresses: ["btc000000"],
        scanning_enabled: true,
        address_manager_enabled: true,
      },
      ETH: { ...off, remaining_addresses: 3 },
      SKY: { ...off, remaining_addresses: 0 },
    });
  });
});

describe("deposits", () => {
  async function some(): Promise<void> {
    await opened();
    await desk.teller.bind(alice, "BTC");
    await desk.mine(Array.from({ length: 5 }, (_, i) => paying("btc000000", `t${i}`, 201_234n, i)));
    await desk.store.write((tx) => {
      decide(tx, { id: "t1:1", owed: 5000n, decimals: 3, at: 9 });
      decide(tx, { id: "t3:3", owed: 0n, decimals: 3, at: 9 });
      hold(tx, "t4:4", "look at it", 9);
    });
  }
  const seqs = (query: Parameters<Till["teller"]["deposits"]>[0]) => {
    const rows = desk.teller.deposits(query);
    return rows.ok ? rows.value.map(({ seq }) => seq) : rows.refusal;
  };

  test("come oldest first, page by page, of one status or of all", async () => {
    await some();
    expect(seqs({ limit: 10 })).toEqual([1, 2, 3, 4, 5]);
    expect(seqs({ limit: 2 })).toEqual([1, 2]);
    expect(seqs({ after: 2, limit: 2 })).toEqual([3, 4]);
    expect(seqs({ after: 5, limit: 2 })).toEqual([]);
    expect(seqs({ status: "waiting_decide", limit: 10 })).toEqual([1, 3, 5]);
    expect(seqs({ status: "waiting_send", limit: 10 })).toEqual([2]);
    expect(seqs({ status: "done", limit: 10 })).toEqual([4]);
  });

  test("of a status that is shown and never stored are none; of an unknown one is refused", async () => {
    await some();
    expect(seqs({ status: "waiting_deposit", limit: 10 })).toEqual([]);
    for (const status of ["nonsense", "unknown", "", "DONE"])
      expect(seqs({ status, limit: 10 })).toBe("Invalid status");
  });

  test("have the documented fields, and their marks", async () => {
    await some();
    const rows = desk.teller.deposits({ status: "waiting_send", limit: 1 });
    expect(rows.ok && rows.value[0]).toMatchObject({
      seq: 2,
      updated_at: 9,
      status: "waiting_send",
      coin_type: "BTC",
      sky_address: alice,
      buy_method: "direct",
      deposit_address: "btc000000",
      deposit_id: "t1:1",
      txid: "",
      conversion_rate: "500",
      deposit_value: 201_234n,
      sky_sent: 0n,
      passthrough: { exchange_name: "", sky_bought: 0n, order: { final: false } },
      error: "",
      marks: [],
      deposit: { coin_type: "BTC", value: 201_234n, height: 1, tx: "t1", n: 1, processed: false },
    });
  });

  test("with an error or a mark are listed for a person", async () => {
    await some();
    const rows = desk.teller.erroredDeposits({ limit: 10 });
    expect(rows.map(({ seq, error, marks }) => [seq, error, marks])).toEqual([
      [4, "Skycoin send amount is 0", []],
      [5, "", ["held: look at it"]],
    ]);
    expect(desk.teller.erroredDeposits({ after: 4, limit: 10 }).map(({ seq }) => seq)).toEqual([5]);
    expect(desk.teller.erroredDeposits({ limit: 1 }).map(({ seq }) => seq)).toEqual([4]);
  });
});

describe("accounting", () => {
  test("of an empty desk is zeros in the documented form", async () => {
    await opened();
    expect(desk.teller.accounting()).toEqual({
      sent: "0.000000",
      received: { BTC: "0.00000000", ETH: "0.000000000000000000", SKY: "0.000000" },
    });
  });

  test("sums what was credited, ETH in wei to the last digit", async () => {
    await opened();
    await desk.mine([paying("btc000000", "t1", 153_420_000n)]);
    await desk.mine([paying("eth000000", "0xe1", 1_234_567_890_123_456_789n)], "ETH");
    expect(desk.teller.accounting().received).toEqual({
      BTC: "1.53420000",
      ETH: "1.234567890123456789",
      SKY: "0.000000",
    });
  });
});
