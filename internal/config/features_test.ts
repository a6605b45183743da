import { describe, expect, test } from "bun:test";
import { notBuiltYet } from "./features.ts";
import { accepted, dummy, problems, real } from "./harness_test.ts";

describe("a feature that is not built yet", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["profile = true", "profile: profiling is not built yet; leave this key out"],
    ["eth_scanner.enabled = true", "eth_scanner.enabled: taking ETH is not built yet; leave this key out"],
    [
      'sky_exchanger.buy_method = "passthrough"',
      "sky_exchanger.buy_method: buying from an exchange is not built yet; leave this key out",
    ],
    [
      "btc_rpc.websocket = true",
      "btc_rpc.websocket: the websocket to btcd is not built yet; leave this key out",
    ],
    ['web.https_addr = ":443"', "web.https_addr: serving HTTPS is not built yet; leave this key out"],
    [
      'web.auto_tls_host = "a.example"',
      "web.auto_tls_host: serving HTTPS is not built yet; leave this key out",
    ],
    ['web.tls_cert = "c"', "web.tls_cert: serving HTTPS is not built yet; leave this key out"],
    ['web.tls_key = "k"', "web.tls_key: serving HTTPS is not built yet; leave this key out"],
  ];
  for (const [line, expected] of rows) {
    test(`can not be switched on: ${line}`, () => {
      expect(problems({ text: `${dummy}${line}\n` })).toEqual([`config.toml:5: ${expected}`]);
    });
  }

  test("may be switched off in so many words", () => {
    const off =
      'profile = false\neth_scanner.enabled = false\nsky_exchanger.buy_method = "direct"\nweb = { https_addr = "", tls_cert = "" }\n';
    expect(accepted({ text: `${dummy}${off}` }).warnings).toEqual([]);
  });

  test("has its other keys checked, and one warning for all of them", () => {
    const text = `${dummy}eth_addresses = "none.json"\neth_rpc = { server = "h", port = 8545 }\nsky_exchanger.exchange_client.key = "k"\n`;
    expect(accepted({ text, absent: ["none.json"] }).warnings).toEqual([
      "config.toml: no effect yet, because what they are for is not built: " +
        "eth_addresses (line 5), eth_rpc.server (line 6), eth_rpc.port (line 6), sky_exchanger.exchange_client.key (line 7)",
    ]);
    expect(problems({ text: text.replace("8545", "-1") })).toHaveLength(1);
  });

  test("is named once in the table, with keys of the schema", () => {
    const named = notBuiltYet.flatMap(({ switches, others }) => [...switches, ...others]);
    expect(new Set(named).size).toBe(named.length);
    expect(notBuiltYet.map(({ name }) => name)).toHaveLength(5);
  });
});

describe("once everything is built", () => {
  const eth = `${dummy}[eth_scanner]\nenabled = true\n`;

  test("ETH needs a pool, a rate and a node", () => {
    expect(problems({ text: eth, all: true })).toEqual([
      'config.toml:3: sky_exchanger.sky_eth_exchange_rate missing; write how much SKY is sold for 1 ETH, for example "30"',
      "config.toml: eth_addresses missing; name the file with the addresses to give out",
    ]);
    const text = `${real}sky_eth_exchange_rate = 30\n[eth_scanner]\nenabled = true\n`;
    expect(problems({ text, all: true })).toEqual([
      "config.toml: eth_addresses missing; name the file with the addresses to give out",
      'config.toml: eth_rpc.server missing; write geth\'s host, for example "127.0.0.1"',
      'config.toml: eth_rpc.port missing; write geth\'s port, for example "8545"',
    ]);
    const whole = `eth_addresses = "e"\neth_rpc = { server = "h", port = "8545" }\n${text}`;
    expect(accepted({ text: whole, all: true }).config.ethRpc).toEqual({ server: "h", port: 8545 });
    expect(problems({ text: whole, all: true, absent: ["e"] })).toEqual([
      "config.toml:1: eth_addresses file does not exist: e; a path starts from the working directory",
    ]);
  });

  test("an ETH-only desk starts", () => {
    const text = `
      eth_addresses = "e"
      eth_rpc = { server = "h", port = 8545 }
      eth_scanner.enabled = true
      btc_scanner.enabled = false
      sky_exchanger = { sky_eth_exchange_rate = "30", wallet = "w" }`;
    expect(accepted({ text, all: true }).warnings).toEqual([]);
  });

  test("passthrough needs a key and a secret, and no ETH", () => {
    const text = `${eth}[sky_exchanger.exchange_client]\n`.replace(
      'rate = "500"',
      'rate = "500"\nsky_exchanger.buy_method = "passthrough"\nsky_exchanger.sky_eth_exchange_rate = 1\neth_addresses = "e"',
    );
    expect(problems({ text: text.replace("[sky_exchanger.exchange_client]\n", ""), all: true })).toEqual([
      "config.toml:3: sky_exchanger.exchange_client.key: c2cx.key must be set for buy_method passthrough",
      "config.toml:3: sky_exchanger.exchange_client.secret: c2cx.secret must be set for buy_method passthrough",
      "config.toml:9: eth_scanner.enabled: eth_scanner must be disabled for buy_method passthrough",
    ]);
  });

  const tls: readonly (readonly [string, readonly string[]])[] = [
    ['https_addr = ":443"\nauto_tls_host = "a.example"', []],
    ['https_addr = ":443"\ntls_cert = "c"\ntls_key = "k"', []],
    ['http_addr = ""\nhttps_addr = ":443"\ntls_cert = "c"\ntls_key = "k"', []],
    [
      'https_addr = ":443"',
      [
        "config.toml:6: web.https_addr: when using web.https_addr, either web.auto_tls_host or both web.tls_cert and web.tls_key must be set",
      ],
    ],
    [
      'https_addr = ":443"\ntls_cert = "c"',
      [
        "config.toml:6: web.https_addr: when using web.https_addr, either web.auto_tls_host or both web.tls_cert and web.tls_key must be set",
      ],
    ],
    [
      'https_addr = ":443"\nauto_tls_host = "a.example"\ntls_cert = "c"',
      ["config.toml:8: web.tls_cert and web.tls_key must be set or unset together"],
    ],
    [
      'https_addr = ":443"\nauto_tls_host = "a.example"\ntls_cert = "c"\ntls_key = "k"',
      ["config.toml:7: web.auto_tls_host: either use web.auto_tls_host or both web.tls_key and web.tls_cert"],
    ],
    [
      'tls_cert = "c"\ntls_key = "k"',
      [
        "config.toml:6: web.tls_cert: web.auto_tls_host or web.tls_key or web.tls_cert is set but web.https_addr is not enabled",
      ],
    ],
    [
      'auto_tls_host = "a.example"',
      [
        "config.toml:6: web.auto_tls_host or web.tls_key or web.tls_cert is set but web.https_addr is not enabled",
      ],
    ],
    [
      'https_addr = ":443"\ntls_cert = "none"\ntls_key = "k"',
      ["config.toml:7: web.tls_cert file does not exist: none; a path starts from the working directory"],
    ],
    [
      'http_addr = ""',
      ["config.toml:6: web.http_addr: at least one of web.http_addr, web.https_addr must be set"],
    ],
  ];
  for (const [lines, expected] of tls) {
    test(`TLS: ${lines.replaceAll("\n", ", ")}`, () => {
      expect(problems({ text: `${dummy}[web]\n${lines}\n`, all: true, absent: ["none"] })).toEqual([
        ...expected,
      ]);
    });
  }
});
