import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { decide, hold } from "#internal/book";
import { goDuration } from "./health.ts";
import { paying, skyOf, type Till, till } from "./testtill.ts";

describe("a duration is written as Go does", () => {
  const cases: readonly [ms: number, text: string][] = [
    [0, "0s"],
    [-5, "0s"],
    [1, "1ms"],
    [999, "999ms"],
    [1000, "1s"],
    [2500, "2.5s"],
    [2018.071627, "2.018s"],
    [59_999, "59.999s"],
    [60_000, "1m0s"],
    [60_660, "1m0.66s"],
    [332_000, "5m32s"],
    [3_600_000, "1h0m0s"],
    [3_605_000, "1h0m5s"],
    [90_061_001, "25h1m1.001s"],
    [400 * 24 * 3_600_000, "9600h0m0s"],
  ];
  for (const [ms, text] of cases) {
    test(`${ms} ms is ${text}`, () => {
      expect(goDuration(ms)).toBe(text);
    });
  }
});

describe("health", () => {
  let desk: Till;
  beforeEach(async () => {
    desk = await till();
  });
  afterEach(() => desk.close());

  test("is OK when nothing is wrong, with what the workers say", async () => {
    await desk.clock.advance(332_000);
    expect(desk.teller.health()).toEqual({
      status: "OK",
      application: "teller",
      version: "abc",
      uptime: "5m32s",
      exchange: {
        buy_method: "direct",
        processor_error: "",
        sender_error: "",
        sender_error_since: 0,
        deposit_error_count: 0,
        held_count: 0,
        balance: { coins: "100.000000", hours: "100" },
      },
      scanners: {
        BTC: {
          enabled: true,
          ok: true,
          height: 9,
          tip: 10,
          blocks_per_second: 1.5,
          seconds_left: 1,
          error: "",
          error_since: 0,
        },
      },
      stuck: [],
    });
  });

  test("is an error when the sender, a scanner or the watchdog has something to say", () => {
    const { says } = desk;
    says.sender = { ...says.sender, error: "no unspents to spend", errorSince: 77 };
    expect(desk.teller.health()).toMatchObject({
      status: "ERROR",
      exchange: { sender_error: "no unspents to spend", sender_error_since: 77 },
    });
    says.sender = { ...says.sender, error: "", errorSince: 0 };
    expect(desk.teller.health().status).toBe("OK");
    says.scanner = { ...says.scanner, error: "the node is behind", errorSince: 5 };
    expect(desk.teller.health()).toMatchObject({
      status: "ERROR",
      scanners: { BTC: { ok: false, error: "the node is behind", error_since: 5 } },
    });
    says.scanner = { ...says.scanner, error: "" };
    says.stuck.push("deposit t1:0 is waiting_send since more than an hour");
    expect(desk.teller.health()).toMatchObject({ status: "ERROR", stuck: [expect.stringContaining("t1:0")] });
  });

  test("counts permanent errors, which are no alarm, and what waits for a person, which is", async () => {
    await desk.teller.bind(skyOf(1), "BTC");
    await desk.mine([paying("btc000000", "t1"), paying("btc000000", "t2")]);
    await desk.store.write((tx) => decide(tx, { id: "t1:0", owed: 0n, decimals: 3, at: 1 }));
    expect(desk.teller.health()).toMatchObject({
      status: "OK",
      exchange: { deposit_error_count: 1, held_count: 0 },
    });
    await desk.store.write((tx) => hold(tx, "t2:0", "look", 1));
    expect(desk.teller.health()).toMatchObject({
      status: "ERROR",
      exchange: { deposit_error_count: 1, held_count: 1 },
    });
  });

  test("shows the exchange's last trouble", () => {
    desk.says.processor = "rate many: can't convert many to decimal";
    expect(desk.teller.health().exchange.processor_error).toContain("rate many");
  });
});
