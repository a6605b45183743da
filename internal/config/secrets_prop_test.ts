import { expect, test } from "bun:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { stringify } from "#internal/json";
import { recordingLog } from "#internal/log";
import { describe, loadConfig, problemLine } from "./mod.ts";

/** Every place in which a file may have a secret. */
const places = [
  "btc_rpc.user",
  "btc_rpc.pass",
  "sky_exchanger.exchange_client.key",
  "sky_exchanger.exchange_client.secret",
  "sky_exchanger.c2cx.key",
  "sky_exchanger.c2cx.secret",
  "admin_panel.token",
  // Slips: names that teller does not know, and a password in an address.
  "btc_rpc.password",
  "sky_exchanger.wallet_password",
  "[address]btc_rpc.server",
  "[address]sky_rpc.address",
] as const;

const marker = "Zq";
/** Long enough that no message has it by chance. */
const secretText = fc.stringMatching(/^[a-z0-9+/%$:-]{14,30}$/).map((text) => marker + text);

/** Right, of a wrong type, or no TOML at all. */
const spelling = fc.constantFrom(
  (secret: string) => `"${secret}"`,
  (secret: string) => `'${secret}'`,
  (secret: string) => `"""\n${secret}"""`,
  (secret: string) => `["${secret}"]`,
  (secret: string) => `{ value = "${secret}" }`,
  (secret: string) => `"${secret}\\n"`,
  (secret: string) => `"${secret}`,
  (secret: string) => secret,
  (secret: string) => `"${secret}" "${secret}"`,
  (secret: string) => `"\\q${secret}"`,
);

const line = fc.record({ place: fc.constantFrom(...places), secret: secretText, spelling });

/** Half of the files have their secrets where they belong, so that both outcomes are common. */
const right: ReadonlySet<string> = new Set(places.slice(0, 7).filter((place) => !place.includes("c2cx")));
const plain = (secret: string) => `"${secret}"`;
const files = fc.record({
  lines: fc.uniqueArray(line, { selector: ({ place }) => place, maxLength: 8 }),
  clean: fc.boolean(),
  dummy: fc.boolean(),
  password: secretText,
  cut: fc.option(fc.nat(600), { freq: 5 }),
});

const base =
  'btc_addresses = "pool.json"\nsky_exchanger.sky_btc_exchange_rate = "500"\nsky_exchanger.wallet = "w"\nbtc_rpc.cert = "c"\n';

test("no problem, warning, log line or print of a configuration shows a secret", () => {
  let loaded = 0;
  let refused = 0;
  fc.assert(
    fc.property(files, ({ lines: drawn, clean, dummy, password, cut }) => {
      const lines = clean ? drawn.filter(({ place }) => right.has(place)) : drawn;
      const secrets = [password, ...lines.map(({ secret }) => secret)];
      const body = lines.map(({ place, secret, spelling }) => {
        const key = place.replace("[address]", "");
        const value = place === key ? secret : `http://me:${secret}@127.0.0.1:80`;
        return `${key} = ${(clean ? plain : spelling)(value)}\n`;
      });
      const whole = `${base}dummy = { sender = ${dummy}, scanner = ${dummy} }\n${body.join("")}`;
      const text = cut === null || clean ? whole : whole.slice(0, cut);
      const result = loadConfig({
        path: "config.toml",
        text,
        env: { TELLER_WALLET_PASSWORD: password },
        exists: () => true,
      });
      const { lines: log, logger } = recordingLog();
      const shown: unknown[] = [result];
      if (result.ok) {
        loaded++;
        const { config, warnings } = result.value;
        logger.info("config", describe(config));
        shown.push(...warnings, describe(config), config.btcRpc, config.skyExchanger, config.adminPanel);
        shown.push(
          `${config.btcRpc.user}${config.btcRpc.pass}${config.adminPanel.token}${config.skyExchanger.walletPassword}`,
        );
      } else {
        refused++;
        for (const problem of result.refusal) logger.error(problemLine(problem));
      }
      const printed = [
        ...log,
        ...shown.flatMap((value) => [
          String(value),
          stringify(value),
          inspect(value, { depth: 20 }),
          Bun.inspect(value, { depth: 20 }),
        ]),
      ];
      const all = printed.join("\n");
      for (const secret of secrets) expect(all.includes(secret) ? all : "").toBe("");
      expect(all).not.toContain(marker);
    }),
    { numRuns: 2_000 },
  );
  // Both outcomes must be common, or the test looks at one of them only.
  expect(loaded).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(100);
});
