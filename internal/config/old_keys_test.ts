import { describe, expect, test } from "bun:test";
import { accepted, dummy, problems } from "./harness_test.ts";

describe("spellings of older files", () => {
  test("are accepted with a warning and have their effect", () => {
    const text = `${dummy}[sky_exchanger.c2cx]\nkey = "k"\nratelimit_wait = 7\nbtc_minimum_volume = 0.5\n[btc_rpc]\nenabled = false\n[eth_rpc]\nenabled = false\n`;
    const { config, warnings } = accepted({ text });
    expect(config.skyExchanger.exchangeClient.key?.reveal()).toBe("k");
    expect(config.skyExchanger.exchangeClient.ratelimitWaitMs).toBe(7_000);
    expect(config.skyExchanger.exchangeClient.btcMinimumVolume.text).toBe("0.5");
    expect(config.btcScanner.enabled).toBe(false);
    expect(warnings).toEqual([
      "config.toml:6: sky_exchanger.c2cx.key: is an old spelling; write sky_exchanger.exchange_client.key",
      "config.toml:7: sky_exchanger.c2cx.ratelimit_wait: is an old spelling; write sky_exchanger.exchange_client.ratelimit_wait",
      "config.toml:8: sky_exchanger.c2cx.btc_minimum_volume: is an old spelling; write sky_exchanger.exchange_client.btc_minimum_volume",
      "config.toml:10: btc_rpc.enabled: is an old spelling; write btc_scanner.enabled",
      "config.toml:10: btc_rpc.enabled: no coin is taken: every scanner is off",
      "config.toml:12: eth_rpc.enabled: is an old spelling; write eth_scanner.enabled",
      "config.toml: no effect yet, because what they are for is not built: sky_exchanger.c2cx.key (line 6), " +
        "sky_exchanger.c2cx.ratelimit_wait (line 7), sky_exchanger.c2cx.btc_minimum_volume (line 8)",
    ]);
  });

  test("have their errors under the name in the file", () => {
    expect(
      problems({ text: `${dummy}sky_exchanger.c2cx.ratelimit_wait = "x"\neth_rpc.enabled = true\n` }),
    ).toEqual([
      'config.toml:5: sky_exchanger.c2cx.ratelimit_wait: "x" is not a duration; write for example "20s" or "1m30s"',
      "config.toml:6: eth_rpc.enabled: taking ETH is not built yet; leave this key out",
    ]);
  });

  test("may stand beside the new one only with the same value", () => {
    const both = (old: boolean, now: boolean) =>
      `${dummy}btc_rpc.enabled = ${old}\nbtc_scanner.enabled = ${now}\n`;
    expect(accepted({ text: both(true, true) }).warnings).toEqual([
      "config.toml:5: btc_rpc.enabled: is an old spelling; write btc_scanner.enabled",
    ]);
    expect(problems({ text: both(false, true) })).toEqual([
      "config.toml:5: btc_rpc.enabled: is the old spelling of btc_scanner.enabled, which has another value; leave it out",
    ]);
  });

  test("keys for selling SKY for SKY have no effect, and can not be switched on", () => {
    const text = `${dummy}sky_addresses = "s"\n[sky_scanner]\nenabled = false\n`;
    expect(accepted({ text }).warnings).toEqual([
      "config.toml:5: sky_addresses: SKY is not sold for SKY: no effect has sky_addresses, sky_scanner.enabled",
    ]);
    expect(problems({ text: text.replace("false", "true") })).toEqual([
      "config.toml:7: sky_scanner.enabled: SKY is not sold for SKY; leave this key out",
    ]);
  });
});
