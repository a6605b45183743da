import { describe, expect, test } from "bun:test";
import { dummy, problems } from "./harness_test.ts";

describe("a wrong value is told with its line, and with what is allowed", () => {
  const rows: readonly (readonly [string, string])[] = [
    ['debug = "yes"', 'debug: "yes" is neither true nor false; write one of them without quotes'],
    ["logfile = 5", "logfile: 5 is not text; write it in quotes"],
    ['pidfile = "a\\nb"', "pidfile: holds a control character; write text with a backslash in single quotes"],
    [
      'dbfile = "a/b"',
      'dbfile: "a/b" is no file name; write a name such as "teller.db", or an absolute path',
    ],
    ['dbfile = ".."', 'dbfile: ".." is no file name; write a name such as "teller.db", or an absolute path'],
    [
      'btc_scanner.scan_period = "20x"',
      'btc_scanner.scan_period: "20x" is not a duration; write for example "20s" or "1m30s"',
    ],
    [
      'btc_scanner.scan_period = "20"',
      'btc_scanner.scan_period: "20" is not a duration; write for example "20s" or "1m30s"',
    ],
    [
      "btc_scanner.scan_period = 0",
      'btc_scanner.scan_period: 0 is out of range, which is "1ms" to "24h"; write for example "20s" or "1m30s"',
    ],
    [
      "btc_scanner.scan_period = -1",
      'btc_scanner.scan_period: -1 is not a duration; write for example "20s" or "1m30s"',
    ],
    [
      'web.throttle_duration = "25h"',
      'web.throttle_duration: "25h" is out of range, which is "1ms" to "24h"; write for example "20s" or "1m30s"',
    ],
    [
      "web.throttle_duration = inf",
      'web.throttle_duration: Infinity is not a duration; write for example "20s" or "1m30s"',
    ],
    ["web.throttle_max = 0", "web.throttle_max: 0 is too small; write a whole number from 1 to 1000000"],
    [
      "teller.max_bound_addrs = 1.5",
      "teller.max_bound_addrs: 1.5 is not a whole number; write a whole number from 0 to 1000000",
    ],
    [
      "teller.max_bound_addrs = 99999999999999999999",
      "teller.max_bound_addrs: 99999999999999999999 is too large; write a whole number from 0 to 1000000",
    ],
    [
      "teller.max_bound_addrs = 1979-05-27",
      "teller.max_bound_addrs: a date is not a whole number; write a whole number from 0 to 1000000",
    ],
    ["btc_scanner.confirmations_required = -1", "btc_scanner.confirmations_required must be >= 0"],
    ["btc_scanner.initial_scan_height = -1", "btc_scanner.initial_scan_height must be >= 0"],
    ["eth_scanner.confirmations_required = -1", "eth_scanner.confirmations_required must be >= 0"],
    ["eth_scanner.initial_scan_height = -1", "eth_scanner.initial_scan_height must be >= 0"],
    ["sky_exchanger.max_decimals = -1", "sky_exchanger.max_decimals can't be negative; write 0, 1, 2 or 3"],
    [
      "sky_exchanger.max_decimals = 4",
      "sky_exchanger.max_decimals is larger than visor.MaxDropletPrecision=3; write 0, 1, 2 or 3",
    ],
    ['sky_exchanger.buy_method = "foo"', 'sky_exchanger.buy_method must be "direct" or "passthrough"'],
    [
      'sky_exchanger.sky_eth_exchange_rate = "12k"',
      `sky_exchanger.sky_eth_exchange_rate invalid: can't convert 12k to decimal; write for example "500", "0.5" or "2/3"`,
    ],
    [
      "sky_exchanger.sky_eth_exchange_rate = -1",
      'sky_exchanger.sky_eth_exchange_rate invalid: rate must be greater than zero; write for example "500", "0.5" or "2/3"',
    ],
    [
      "sky_exchanger.sky_eth_exchange_rate = nan",
      `sky_exchanger.sky_eth_exchange_rate invalid: can't convert nan to decimal; write for example "500", "0.5" or "2/3"`,
    ],
    [
      'btc_rpc.network = "test"',
      'btc_rpc.network: "test" is not allowed; write one of "mainnet", "testnet3", "signet", "regtest", "simnet"',
    ],
    [
      'btc_rpc.server = "a:b@host:1"',
      'btc_rpc.server: this text is not host:port; write for example "127.0.0.1:8334", or "http://127.0.0.1:8332" for a node without TLS',
    ],
    ["btc_rpc.pass = 12345", "btc_rpc.pass: is not text; write it in quotes"],
    [
      'btc_rpc.user = "a:b"',
      "btc_rpc.user: holds a colon or a control character; HTTP allows neither in a user name",
    ],
    [
      'admin_panel.token = "short"',
      "admin_panel.token: is not a token; write 16 to 200 letters, digits or signs without spaces",
    ],
    ['admin_panel.host = ""', 'admin_panel.host missing; write for example "127.0.0.1:7711"'],
    [
      "web.http_addr = true",
      'web.http_addr: true is not an address; write for example "127.0.0.1:7071", or "0.0.0.0:7071" for every interface',
    ],
    [
      'web.http_addr = "localhost"',
      'web.http_addr: "localhost" is not host:port; write for example "127.0.0.1:7071", or "0.0.0.0:7071" for every interface',
    ],
    ['web.http_addr = ""', "web.http_addr: at least one of web.http_addr, web.https_addr must be set"],
    [
      'web.cors_allowed = "a"',
      'web.cors_allowed: "a" is not a list; write for example ["https://example.com", "127.0.0.1:8320"], without paths and "*"',
    ],
    [
      'web.cors_allowed = ["*"]',
      'web.cors_allowed: "*" is not an origin; write for example ["https://example.com", "127.0.0.1:8320"], without paths and "*"',
    ],
    [
      'eth_rpc.server = "http://h"',
      'eth_rpc.server: "http://h" is not a host; write a name or an IP address without a port, for example "127.0.0.1"',
    ],
    ["eth_rpc.port = 0", 'eth_rpc.port: 0 is not a port; write a number from 1 to 65535, for example "8545"'],
    [
      'sky_rpc.address = "http://u:p@h:1"',
      'sky_rpc.address: this text is not an address; write for example "127.0.0.1:6420" or "http://127.0.0.1:6420", without a user name or password',
    ],
    ["[debug]", "debug: a section is neither true nor false; write one of them without quotes"],
    ["web = 5", "web: is a section; write [web], and its keys below it"],
    ["[[web]]", "web: is a section; write [web], and its keys below it"],
    ["logfil = 1", "logfil: unknown key; the nearest known key is logfile"],
    ["web.logfile = 1", "web.logfile: unknown key; the nearest known key is logfile"],
    ["[btc_scaner]", "btc_scaner: unknown section; the nearest known section is [btc_scanner]"],
    ["[web.tls]", "web.tls: unknown section; the nearest known section is [web]"],
    ['"btc_rpc.user" = 1', '"btc_rpc.user": unknown key; the nearest known key is btc_rpc.user'],
    ["__proto__.x = 1", "__proto__: unknown section; the nearest known section is [teller]"],
    ["constructor = 1", "constructor: unknown key; the nearest known key is eth_rpc.port"],
  ];
  for (const [line, expected] of rows) {
    test(line, () => {
      expect(problems({ text: `${dummy}# a comment\n${line}\n` })).toEqual([`config.toml:6: ${expected}`]);
    });
  }
});

describe("a file that is not TOML is one problem with line and column", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["debug = yes", 'config.toml:1:9: not valid TOML: invalid value; text needs quotes: key = "text"'],
    [
      "a = 1\n\na = 2",
      "config.toml:3:1: not valid TOML: trying to redefine an already defined table or value; this key or section stands in the file already; leave one of the two",
    ],
    [
      'logfile = "abc\n',
      "config.toml:1:15: not valid TOML: control characters are not allowed in strings; the text has no closing quote",
    ],
    [
      "[web]\nhttp_addr",
      'config.toml:2:1: not valid TOML: incomplete key-value: cannot find end of key; a line is key = value, [section], or a comment that begins with "#"',
    ],
    [
      'logfile = "C:\\temp\\x"',
      'config.toml:1:21: not valid TOML: invalid non-hex character in unicode escape; a backslash has a meaning in "…"; write the text in single quotes',
    ],
    [
      "x = [[[[[[[[[[1]]]]]]]]]]",
      "config.toml:1:13: not valid TOML: document contains excessively nested structures. aborting.",
    ],
    ["# ".padEnd(300_000, "x"), "config.toml: larger than 256 KiB; this is no config file"],
  ];
  for (const [text, expected] of rows) {
    test(text.slice(0, 40), () => {
      expect(problems({ text })).toEqual([expected]);
    });
  }
});

test("a problem never has more than one line, whatever the file quotes", () => {
  const text = `${dummy}btc_rpc.network = "a\\u001b[31m\\u0085\\u2028b"\n"x\\ny\\u0085" = 1\n`;
  for (const line of problems({ text })) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/);
  expect(problems({ text })).toHaveLength(2);
});

test("a file of something else is refused in no time, with a line for every key", () => {
  const text = Array.from({ length: 20_000 }, (_, number) => `key${number} = 1`).join("\n");
  const lines = problems({ text: text.slice(0, text.lastIndexOf("\n", 200_000)) });
  expect(lines[0]).toBe("config.toml:1: key0: unknown key; the nearest known key is debug");
  expect(lines[5_000]).toBe("config.toml:5001: key5000: unknown key");
});
