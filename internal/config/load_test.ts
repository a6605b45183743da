import { describe, expect, test } from "bun:test";
import { accepted, dummy, problems, real } from "./harness_test.ts";
import { loadConfig } from "./mod.ts";

test("a complete file gives the typed configuration with the documented defaults", () => {
  const { config, warnings } = accepted({ text: real });
  expect(warnings).toEqual([]);
  expect(config).toMatchObject({
    debug: true,
    profile: false,
    dbfile: "teller.db",
    btcAddresses: "pool.json",
    teller: { maxBoundAddrs: 5, bindEnabled: true },
    skyRpc: { address: "127.0.0.1:6430" },
    btcRpc: {
      server: { host: "127.0.0.1", port: 8334, tls: true },
      cert: "rpc.cert",
      network: "mainnet",
      websocket: false,
    },
    btcScanner: { enabled: true, scanPeriodMs: 20_000, confirmationsRequired: 1 },
    ethScanner: { enabled: false, scanPeriodMs: 5_000, confirmationsRequired: 1 },
    skyExchanger: {
      maxDecimals: 3,
      skyBtcExchangeRate: { rate: { num: 500n, den: 1n }, text: "500" },
      wallet: "hot.wlt",
      txConfirmationCheckWaitMs: 5_000,
      sendEnabled: true,
      buyMethod: "direct",
      exchangeClient: {
        requestFailureWaitMs: 10_000,
        ratelimitWaitMs: 30_000,
        checkOrderWaitMs: 2_000,
        btcMinimumVolume: { satoshi: 500_000n, text: "0.005" },
      },
    },
    web: {
      behindProxy: false,
      throttleMax: 60,
      throttleDurationMs: 60_000,
      httpAddr: { port: 7071 },
      corsAllowed: [],
    },
    adminPanel: { host: { host: "127.0.0.1", port: 7711 } },
    dummy: { sender: false, scanner: false, httpAddr: { port: 4121 } },
  });
  expect(config.logfile).toBeUndefined();
  expect(config.btcScanner.initialScanHeight).toBeUndefined();
  expect(config.btcRpc.user?.reveal()).toBe("the user");
  expect(config.btcRpc.pass?.reveal()).toBe("the password");
});

test("a configuration can not be changed", () => {
  const { config } = accepted({ text: real });
  expect(() => Reflect.set(config.web, "throttleMax", 1)).not.toThrow();
  expect(config.web.throttleMax).toBe(60);
  for (const part of [
    config,
    config.web,
    config.web.corsAllowed,
    config.skyExchanger.skyBtcExchangeRate?.rate,
  ]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
});

describe("what a value may be", () => {
  const rows: readonly (readonly [
    string,
    (config: ReturnType<typeof accepted>["config"]) => unknown,
    unknown,
  ])[] = [
    ["web.throttle_duration = 60", (c) => c.web.throttleDurationMs, 60_000],
    ["web.throttle_duration = 1.5", (c) => c.web.throttleDurationMs, 1_500],
    ['btc_scanner.scan_period = "1m30s"', (c) => c.btcScanner.scanPeriodMs, 90_000],
    ["btc_scanner.confirmations_required = 0", (c) => c.btcScanner.confirmationsRequired, 1],
    ["btc_scanner.initial_scan_height = 0", (c) => c.btcScanner.initialScanHeight, 0],
    ["teller.max_bound_addrs = 0", (c) => c.teller.maxBoundAddrs, 0],
    ["teller.max_bound_addrs = 0x10", (c) => c.teller.maxBoundAddrs, 16],
    ['web.http_addr = ":7071"', (c) => c.web.httpAddr, { host: "0.0.0.0", port: 7071, text: ":7071" }],
    ['logfile = ""', (c) => c.logfile, undefined],
    ['dbfile = "/data"', (c) => c.dbfile, "/data"],
    ['btc_rpc.network = "simnet"', (c) => c.btcRpc.network, "simnet"],
    [
      'web.cors_allowed = ["127.0.0.1:8320", "https://a.example"]',
      (c) => c.web.corsAllowed,
      ["127.0.0.1:8320", "https://a.example"],
    ],
    ['admin_panel.token = "0123456789abcdef"', (c) => c.adminPanel.token?.reveal(), "0123456789abcdef"],
    ['sky_rpc.address = "http://10.0.0.1:6420"', (c) => c.skyRpc.address, "http://10.0.0.1:6420"],
    ['web.static_dir = "web"', (c) => c.web.staticDir, "web"],
  ];
  for (const [line, value, expected] of rows) {
    test(line, () => {
      expect(value(accepted({ text: `${dummy}${line}\n` }).config)).toEqual(expected);
    });
  }
});

describe("rates are exact, whatever their spelling", () => {
  const rows: readonly (readonly [string, bigint, bigint, string])[] = [
    ['"500"', 500n, 1n, "500"],
    ["500", 500n, 1n, "500"],
    ['"2/3"', 2n, 3n, "2/3"],
    ["0.1", 1n, 10n, "0.1"],
    ["1_000.000_000_000_000_000_001", 1_000_000_000_000_000_000_001n, 10n ** 18n, "1000.000000000000000001"],
    [
      "123456789012345678901234567890",
      123_456_789_012_345_678_901_234_567_890n,
      1n,
      "123456789012345678901234567890",
    ],
    ["1e3", 1_000n, 1n, "1e3"],
  ];
  for (const [spelled, num, den, text] of rows) {
    test(spelled, () => {
      const { config } = accepted({ text: dummy.replace('"500"', spelled) });
      expect(config.skyExchanger.skyBtcExchangeRate).toEqual({ rate: { num, den }, text });
    });
  }
});

test("the smallest volume is exact", () => {
  const line = (value: string) => `${dummy}sky_exchanger.exchange_client.btc_minimum_volume = ${value}\n`;
  const volume = (value: string) =>
    accepted({ text: line(value) }).config.skyExchanger.exchangeClient.btcMinimumVolume;
  expect(volume("0.00000001")).toEqual({ satoshi: expect.anything(), text: "0.00000001" });
  expect(volume("0.00000001").satoshi).toBe(volume('"0.00000001"').satoshi);
  expect(String(volume("20_999_999.97690001").satoshi)).toBe("2099999997690001");
  expect(problems({ text: line("0.000000001") })).toEqual([
    'config.toml:5: sky_exchanger.exchange_client.btc_minimum_volume: 0.000000001 has more than 8 decimal places; write a decimal number such as "0.005"',
  ]);
});

test("all problems are told at once, in the order of the file", () => {
  const text = `logfil = "x"
debug = 1
[web]
http_addr = "foo"
[btc_scanner]
initial_scan_height = -5
scan_period = "20x"
[sky_exchanger]
sky_btc_exchange_rate = "0"
`;
  const result = loadConfig({ path: "my.toml", text, env: {}, exists: () => false });
  const found = result.ok ? [] : result.refusal.map(({ key, line, column }) => [key, line, column]);
  expect(found).toEqual([
    ["logfil", 1, 1],
    ["debug", 2, 1],
    ["web.http_addr", 4, 1],
    ["btc_scanner.initial_scan_height", 6, 1],
    ["btc_scanner.scan_period", 7, 1],
    ["sky_exchanger.wallet", 8, 1],
    ["sky_exchanger.sky_btc_exchange_rate", 9, 1],
    ["btc_addresses", undefined, undefined],
    ["btc_rpc.user", undefined, undefined],
    ["btc_rpc.pass", undefined, undefined],
    ["btc_rpc.cert", undefined, undefined],
  ]);
});
