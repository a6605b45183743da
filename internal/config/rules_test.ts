import { describe, expect, test } from "bun:test";
import { accepted, dummy, problems, real } from "./harness_test.ts";

describe("what is missing is told with the original's words and a remedy", () => {
  test("an empty file needs a pool, a node, a rate and a wallet", () => {
    expect(problems({ text: "" })).toEqual([
      "config.toml: btc_addresses missing; name the file with the addresses to give out",
      'config.toml: sky_exchanger.sky_btc_exchange_rate missing; write how much SKY is sold for 1 BTC, for example "500"',
      "config.toml: btc_rpc.user missing; write the rpcuser of btcd.conf",
      "config.toml: btc_rpc.pass missing; write the rpcpass of btcd.conf",
      "config.toml: btc_rpc.cert missing; name btcd's rpc.cert, mostly in ~/.btcd",
      "config.toml: sky_exchanger.wallet missing; name the wallet file, or set dummy.sender = true",
    ]);
  });

  test("a missing key has the line of its section", () => {
    const text = real.replace('user = "the user"\n', "").replace("[btc_rpc]", '[btc_rpc]\nserver = ""\n');
    expect(problems({ text })).toEqual([
      "config.toml:3: btc_rpc.user missing; write the rpcuser of btcd.conf",
      'config.toml:4: btc_rpc.server missing; write btcd\'s address, for example "127.0.0.1:8334"',
    ]);
  });

  test("an empty text counts as missing", () => {
    expect(problems({ text: real.replace('"the user"', '""').replace('"hot.wlt"', '""') })).toEqual([
      "config.toml:4: btc_rpc.user missing; write the rpcuser of btcd.conf",
      "config.toml:9: sky_exchanger.wallet missing; name the wallet file, or set dummy.sender = true",
    ]);
    expect(problems({ text: `${real}[sky_rpc]\naddress = ""\n` })).toEqual([
      'config.toml:11: sky_rpc.address missing; write the Skycoin node\'s address, for example "127.0.0.1:6420"',
    ]);
  });

  test("an empty rate is invalid in the original's words", () => {
    expect(problems({ text: real.replace('"500"', '""') })).toEqual([
      `config.toml:8: sky_exchanger.sky_btc_exchange_rate invalid: can't convert  to decimal; write for example "500", "0.5" or "2/3"`,
    ]);
  });

  test("files that are named must exist", () => {
    const text = `${real}wallet_password_file = "~/pw"\n[web]\nstatic_dir = "web"\n`;
    expect(problems({ text, absent: ["pool.json", "rpc.cert", "hot.wlt", "~/pw", "web"] })).toEqual([
      "config.toml:2: btc_addresses file does not exist: pool.json; a path starts from the working directory",
      "config.toml:6: btc_rpc.cert file does not exist: rpc.cert; a path starts from the working directory",
      "config.toml:9: sky_exchanger.wallet file hot.wlt does not exist; a path starts from the working directory",
      'config.toml:10: sky_exchanger.wallet_password_file file ~/pw does not exist; "~" has no meaning here, write the whole path',
      "config.toml:12: web.static_dir folder does not exist: web; leave this key out for the built-in pages",
    ]);
  });

  test("a key with a wrong value is not reported as missing too", () => {
    expect(problems({ text: real.replace('"the user"', "5").replace('"hot.wlt"', "true") })).toEqual([
      "config.toml:4: btc_rpc.user: is not text; write it in quotes",
      "config.toml:9: sky_exchanger.wallet: true is not text; write it in quotes",
    ]);
  });
});

describe("what dummy mode and switched-off scanners do not need", () => {
  test("dummy mode needs neither node nor wallet, and looks at no file of theirs", () => {
    const text = `${dummy}btc_rpc.cert = "rpc.cert"\nsky_exchanger.wallet = "hot.wlt"\nsky_rpc.address = ""\n`;
    expect(accepted({ text, absent: ["rpc.cert", "hot.wlt"] }).warnings).toEqual([]);
  });

  test("without a BTC scanner neither btcd nor a pool nor a rate is needed", () => {
    const { warnings } = accepted({
      text: '[btc_scanner]\nenabled = false\n[sky_exchanger]\nwallet = "w"\n',
    });
    expect(warnings).toEqual(["config.toml:2: btc_scanner.enabled: no coin is taken: every scanner is off"]);
  });

  test("a node behind http:// needs no certificate, and a far one is warned of", () => {
    const near = real.replace('cert = "rpc.cert"', 'server = "http://127.0.0.1:8332"');
    expect(accepted({ text: near }).config.btcRpc).toMatchObject({ server: { tls: false, port: 8332 } });
    expect(accepted({ text: near }).warnings).toEqual([]);
    expect(accepted({ text: near.replace("127.0.0.1", "10.0.0.1") }).warnings).toEqual([
      "config.toml:6: btc_rpc.server: the password travels without encryption; use TLS, or a node on this machine",
    ]);
  });

  test("half a dummy is allowed and warned of", () => {
    expect(accepted({ text: `${real}[dummy]\nscanner = true\n` }).warnings).toEqual([
      "config.toml:11: dummy.scanner: deposits are made up and real SKY is sent for them; set dummy.sender = true as well",
    ]);
    expect(accepted({ text: `${real}[dummy]\nsender = true\n` }).warnings).toEqual([
      "config.toml:11: dummy.sender: real deposits are taken and no SKY is sent for them; for tests only",
    ]);
  });
});

describe("listeners", () => {
  test("two listeners can not share a port", () => {
    expect(problems({ text: `${dummy}admin_panel.host = "0.0.0.0:7071"\n` })).toEqual([
      "config.toml:5: admin_panel.host: 0.0.0.0:7071 is taken by web.http_addr; give each listener a port of its own",
    ]);
    expect(problems({ text: `${dummy}admin_panel.host = "127.0.0.2:7071"\n` })).toEqual([]);
    expect(
      problems({ text: `${dummy}admin_panel.host = "127.0.0.1:0"\nweb.http_addr = "127.0.0.1:0"\n` }),
    ).toEqual([]);
  });

  test("the dummy listener counts only in dummy mode", () => {
    expect(problems({ text: `${real}[dummy]\nhttp_addr = ""\n` })).toEqual([]);
    expect(problems({ text: `${real}[dummy]\nhttp_addr = "127.0.0.1:7071"\n` })).toEqual([]);
    expect(problems({ text: `${real}[dummy]\nsender = true\nhttp_addr = ""\n` })).toEqual([
      'config.toml:12: dummy.http_addr missing; write for example "127.0.0.1:4121"',
    ]);
    expect(problems({ text: `${real}[dummy]\nsender = true\nhttp_addr = "127.0.0.1:7711"\n` })).toEqual([
      "config.toml:12: dummy.http_addr: 127.0.0.1:7711 is taken by admin_panel.host; give each listener a port of its own",
    ]);
  });
});

describe("the wallet's password", () => {
  const env = { TELLER_WALLET_PASSWORD: "open sesame" };

  test("comes from the environment", () => {
    expect(accepted({ text: real, env }).config.skyExchanger.walletPassword?.reveal()).toBe("open sesame");
    expect(
      accepted({ text: real, env: { TELLER_WALLET_PASSWORD: "" } }).config.skyExchanger.walletPassword,
    ).toBeUndefined();
  });

  test("or from a file, and not from both", () => {
    const text = `${real}wallet_password_file = "pw"\n`;
    expect(accepted({ text }).config.skyExchanger.walletPasswordFile).toBe("pw");
    expect(problems({ text, env })).toEqual([
      "config.toml:10: sky_exchanger.wallet_password_file: TELLER_WALLET_PASSWORD is set too; leave out one of the two",
    ]);
  });
});
