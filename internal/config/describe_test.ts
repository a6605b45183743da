import { expect, test } from "bun:test";
import { accepted, dummy, real } from "./harness_test.ts";
import { describe } from "./mod.ts";
import { isKey } from "./schema.ts";

test("settings are listed under the keys of the file, as the file would spell them", () => {
  const { config } = accepted({
    text: `${dummy}web.throttle_duration = 90\nweb.cors_allowed = ["a.example", "b.example"]\nlogfile = "x.log"\n`,
  });
  const fields = describe(config);
  expect(fields).toMatchObject({
    debug: true,
    logfile: "x.log",
    btc_addresses: "pool.json",
    "teller.max_bound_addrs": 5,
    "btc_rpc.server": "127.0.0.1:8334",
    "btc_scanner.scan_period": "20s",
    "sky_exchanger.sky_btc_exchange_rate": "500",
    "sky_exchanger.exchange_client.btc_minimum_volume": "0.005",
    "web.throttle_duration": "1m30s",
    "web.cors_allowed": "a.example,b.example",
    "admin_panel.host": "127.0.0.1:7711",
    "dummy.http_addr": "127.0.0.1:4121",
  });
  expect(Object.keys(fields).filter((key) => !isKey(key))).toEqual([]);
});

test("secrets are listed as [secret] when they are set, and left out when they are not", () => {
  const text = `${real}[admin_panel]\ntoken = "0123456789abcdef"\n`;
  const fields = describe(accepted({ text, env: { TELLER_WALLET_PASSWORD: "x" } }).config);
  expect(Object.entries(fields).filter(([, value]) => value === "[secret]")).toEqual([
    ["btc_rpc.user", "[secret]"],
    ["btc_rpc.pass", "[secret]"],
    ["sky_exchanger.wallet_password", "[secret]"],
    ["admin_panel.token", "[secret]"],
  ]);
  expect(fields).not.toHaveProperty(["sky_exchanger.exchange_client.key"]);
});
