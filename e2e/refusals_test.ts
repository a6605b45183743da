import { afterEach, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { chmodSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { poolAddresses, walletFile } from "./chains.ts";
import { binary, type Daemon, freePort, get, healthOf, until } from "./daemon.ts";
import { lastLineOf, type Site, Sites } from "./refusals_site.ts";

/**
 * Bad input to the compiled executable: what it refuses, with which words, and that nothing is half done
 * afterwards. Wrong nodes are in refusals_nodes_test.ts.
 */
const limitMs = 60_000;
const sites = new Sites();
afterEach(() => sites.clear(), limitMs);

const mainnet = ["1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLB", "14FG8vQnmK6B7YbLSr6uC5wfGY78JFNCYg"];

/** dummy is a configuration that needs no node and no wallet; `own` are further lines of the exchanger. */
const dummy = (own = "", pool = "pool.txt") => `
btc_addresses = "${pool}"
[dummy]
sender = true
scanner = true
[sky_exchanger]
sky_btc_exchange_rate = "500"
${own}`;

/** ready makes a site whose dummy starts as it is. */
function ready(): Site {
  const site = sites.make();
  site.put("pool.txt", mainnet.join("\n"));
  return site;
}

describe("the configuration", () => {
  test(
    "has every wrong and unknown key told at once, in order, with line and remedy, and nothing is made",
    async () => {
      const site = ready();
      const output = await site.refusal(`debug = "yes"
btc_addresses = "nowhere.txt"
logfil = "x"
[btc_scanner]
scan_period = "20x"
confirmations_required = -1
[sky_exchanger]
sky_btc_exchange_rate = "12k"
max_decimals = 4
[dummy]
sender = true
scanner = true
[btc_scaner]
`);
      const path = join(site.dir, "config.toml");
      expect(output.split("\n")).toEqual([
        "teller: Config error:",
        `${path}:1: debug: "yes" is neither true nor false; write one of them without quotes`,
        `${path}:2: btc_addresses file does not exist: nowhere.txt; a path starts from the working directory`,
        `${path}:3: logfil: unknown key; the nearest known key is logfile`,
        `${path}:5: btc_scanner.scan_period: "20x" is not a duration; write for example "20s" or "1m30s"`,
        `${path}:6: btc_scanner.confirmations_required must be >= 0`,
        `${path}:8: sky_exchanger.sky_btc_exchange_rate invalid: can't convert 12k to decimal; write for example "500", "0.5" or "2/3"`,
        `${path}:9: sky_exchanger.max_decimals is larger than visor.MaxDropletPrecision=3; write 0, 1, 2 or 3`,
        `${path}:14: btc_scaner: unknown section; the nearest known section is [btc_scanner]`,
        "",
      ]);
      expect(site.storeBytes()).toBeUndefined();
    },
    limitMs,
  );

  test(
    "that is no TOML has its line and column told, and no secret is shown",
    async () => {
      const site = ready();
      const output = await site.refusal(`[btc_rpc]\npass = "a secret text" x\n`);
      expect(output).toContain(`${join(site.dir, "config.toml")}:2:`);
      expect(output).not.toContain("a secret text");
      expect(site.storeBytes()).toBeUndefined();
    },
    limitMs,
  );

  test(
    "of a real desk has every missing file and key told at once",
    async () => {
      const site = sites.make();
      const output = await site.refusal(`btc_addresses = "pool.txt"
[btc_rpc]
cert = "rpc.cert"
[sky_exchanger]
wallet = "hot.wlt"
wallet_password_file = "password.txt"
`);
      for (const text of [
        ":1: btc_addresses file does not exist: pool.txt",
        ":2: btc_rpc.user missing; write the rpcuser of btcd.conf",
        ":2: btc_rpc.pass missing; write the rpcpass of btcd.conf",
        ":3: btc_rpc.cert file does not exist: rpc.cert",
        ":4: sky_exchanger.sky_btc_exchange_rate missing; write how much SKY is sold for 1 BTC",
        ":5: sky_exchanger.wallet file hot.wlt does not exist",
        ":6: sky_exchanger.wallet_password_file file password.txt does not exist",
      ]) {
        expect(output).toContain(text);
      }
      expect(site.storeBytes()).toBeUndefined();
    },
    limitMs,
  );

  test(
    "may not switch on what is not built",
    async () => {
      const site = ready();
      const output = await site.refusal(`profile = true\n${dummy('buy_method = "passthrough"')}`);
      expect(output).toMatch(/config\.toml:1: profile/);
      expect(output).toMatch(/config\.toml:10: sky_exchanger\.buy_method/);
      expect(site.storeBytes()).toBeUndefined();
    },
    limitMs,
  );
});

describe("a pool file", () => {
  const rows: readonly { why: string; name: string; text: string; told: string }[] = [
    {
      why: "with an address that is none",
      name: "pool.txt",
      text: `# mine\n${mainnet[0]}\n\n1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLC\n`,
      told: "pool.txt: line 4: Invalid deposit address `1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLC`: ",
    },
    {
      why: "with an address of another network",
      name: "pool.txt",
      text: `${mainnet[0]}\n${poolAddresses(1)[0]}\n`,
      told: `pool.txt: line 2: Invalid deposit address \`${poolAddresses(1)[0]}\`: `,
    },
    {
      why: "with an address twice",
      name: "pool.txt",
      text: `${mainnet[0]}\n${mainnet[1]}\n${mainnet[0]}\n`,
      told: `pool.txt: Duplicate deposit address \`${mainnet[0]}\` (line 1 and line 3)`,
    },
    { why: "without an address", name: "pool.txt", text: "# none\n\n", told: "pool.txt: No BTC addresses" },
    {
      why: "in JSON with something else than an address",
      name: "pool.json",
      text: JSON.stringify({ btc_addresses: [mainnet[0], "x"] }),
      told: "pool.json: btc_addresses[1]: Invalid deposit address `x`: ",
    },
    {
      why: "in JSON with a number",
      name: "pool.json",
      text: '{"btc_addresses": [5]}',
      told: "pool.json: Decode loaded address json failed: btc_addresses[0] is not a text",
    },
    {
      why: "that is no JSON",
      name: "pool.json",
      text: mainnet.join("\n"),
      told: "pool.json: Decode loaded address json failed: ",
    },
    {
      why: "in JSON of another coin",
      name: "pool.json",
      text: '{"eth_addresses": []}',
      told: 'pool.json: Decode loaded address json failed: expected {"btc_addresses": ["…"]}',
    },
  ];
  for (const { why, name, text, told } of rows) {
    test(
      `${why} is refused with file and place, and not one address of it is taken`,
      async () => {
        const site = sites.make();
        site.put(name, text);
        expect(lastLineOf(await site.refusal(dummy("", name)))).toContain(told);
        expect(await site.storeRows()).toContain('"BTC":0');
        expect(await site.storeRows()).toEndWith(",[],[]]");
        site.put(
          name,
          name.endsWith(".json") ? JSON.stringify({ btc_addresses: mainnet }) : mainnet.join("\n"),
        );
        expect(await (await site.start(dummy("", name))).stop()).toEqual({ code: 0, signal: null });
      },
      limitMs,
    );
  }

  test(
    "that went bad leaves the store with the addresses that it had",
    async () => {
      const site = ready();
      await (await site.start(dummy())).stop();
      const before = await site.storeRows();
      site.put("pool.txt", `${mainnet[0]}\nnonsense\n`);
      expect(lastLineOf(await site.refusal(dummy()))).toContain("pool.txt: line 2: Invalid deposit address");
      expect(await site.storeRows()).toBe(before ?? "none");
    },
    limitMs,
  );
});

describe("a wallet", () => {
  const wallets = join(import.meta.dir, "..", "internal", "skycoin", "testdata", "wallets");
  const stored = (name: string) => readFileSync(join(wallets, name), "utf8");
  /** Made-up deposits and a real wallet, whose node is away: only the wallet decides about the start. */
  const config = (port: number, own = "") => `
btc_addresses = "pool.txt"
[dummy]
scanner = true
[sky_rpc]
address = "127.0.0.1:${port}"
[sky_exchanger]
sky_btc_exchange_rate = "500"
wallet = "hot.wlt"
${own}`;
  const withPassword = 'wallet_password_file = "password.txt"';

  const rows: readonly { why: string; text: string; own?: string; told: string }[] = [
    { why: "that is no JSON", text: "seed words of mine", told: "the wallet file is not JSON" },
    { why: "without a meta part", text: "{}", told: "the wallet file is malformed at meta" },
    { why: "of another type", text: stored("bip44.wlt"), told: "a wallet of type bip44 is not allowed here" },
    {
      why: "of another coin",
      text: walletFile().replace('"coin":"skycoin"', '"coin":"bitcoin"'),
      told: 'coin "bitcoin" is not allowed here; allowed is skycoin',
    },
    {
      why: "whose key is not that of its address",
      text: walletFile().replace(/"secret_key":"[0-9a-f]{64}"/, `"secret_key":"${"11".repeat(32)}"`),
      told: "the public key does not match the secret key",
    },
    {
      why: "that is encrypted, without a password",
      text: stored("deterministic-sha256-xor.wlt"),
      told: "the wallet is encrypted and no password is given",
    },
    {
      why: "with the wrong password",
      text: stored("deterministic-sha256-xor.wlt"),
      own: withPassword,
      told: "invalid password",
    },
  ];
  for (const { why, text, own, told } of rows) {
    test(
      `${why} is refused with its file and the reason, and without its secrets`,
      async () => {
        const site = ready();
        site.put("hot.wlt", text);
        site.put("password.txt", "wrong secret password\n");
        const output = await site.refusal(config(freePort(), own));
        const line = lastLineOf(output);
        expect(line).toStartWith("teller: sky_exchanger.wallet file hot.wlt is invalid: ");
        expect(line).toContain(told);
        for (const secret of ["seed words", "wrong secret password", "11111111"]) {
          expect(output).not.toContain(secret);
        }
        expect(await site.storeRows()).toEndWith(",[],[]]");
      },
      limitMs,
    );
  }

  test(
    "that may not be read is refused with its file and the reason",
    async () => {
      const site = ready();
      chmodSync(site.put("hot.wlt", walletFile()), 0o000);
      // Root may read everything, so for root a folder stands in the way.
      const root = process.getuid?.() === 0;
      if (root) mkdirSync(join(site.dir, "folder.wlt"));
      const text = config(freePort()).replace("hot.wlt", root ? "folder.wlt" : "hot.wlt");
      expect(await site.refusal(text)).toMatch(
        /sky_exchanger\.wallet file (?:folder|hot)\.wlt (?:does not exist|failed to load)/,
      );
    },
    limitMs,
  );

  test(
    "with the right password is taken",
    async () => {
      const site = ready();
      site.put("hot.wlt", stored("deterministic-sha256-xor.wlt"));
      site.put("password.txt", "test password\n");
      const daemon = await site.start(config(freePort(), withPassword));
      await until("the node is asked", async () =>
        (await healthOf(daemon)).exchange.sender_error.includes("connection refused"),
      );
      expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    },
    limitMs,
  );
});

describe("a store", () => {
  const strange: readonly {
    why: string;
    make: (path: string, site: Site) => void | Promise<void>;
    told: string;
  }[] = [
    {
      why: "of SQLite",
      make: (path) => {
        const database = new Database(path, { create: true });
        database.run("create table people (name text)");
        database.close();
      },
      told: "not a store of teller",
    },
    {
      why: "that is a text",
      make: (_path, site) => void site.put("app/teller.db", "these are my notes\n".repeat(1000)),
      told: "not a store of teller",
    },
    {
      why: "that is a short text",
      make: (_path, site) => void site.put("app/teller.db", "notes\n"),
      told: "too short to be a store",
    },
    {
      why: "that was cut off",
      make: async (path, site) => {
        await (await site.start(dummy())).stop();
        truncateSync(path, 8192);
      },
      told: "cut off: 8192 bytes",
    },
  ];
  for (const { why, make, told } of strange) {
    test(
      `${why} is refused with its path, and left as it is`,
      async () => {
        const site = ready();
        mkdirSync(join(site.dir, "app"));
        const path = join(site.dir, "app", "teller.db");
        await make(path, site);
        const before = site.storeBytes();
        const line = lastLineOf(await site.refusal(dummy()));
        expect(line).toContain(path);
        expect(line).toContain(told);
        expect(line).toContain("give another dbfile or restore the store from a copy");
        expect(site.storeBytes()).toBe(before ?? "none");
      },
      limitMs,
    );
  }

  test(
    "of a dummy is refused with a real configuration, and the other network's as well; each difference is named",
    async () => {
      const site = ready();
      await (await site.start(dummy())).stop();
      const before = site.storeBytes();
      site.put("hot.wlt", walletFile());
      const real = dummy('wallet = "hot.wlt"').replace("sender = true", "sender = false");
      expect(lastLineOf(await site.refusal(real))).toEndWith(
        "was made for another set-up: dummy_sender is true in the store and false now. Use another -d directory or dbfile",
      );
      const regtest = `${dummy()}\n[btc_rpc]\nnetwork = "regtest"\n`;
      expect(lastLineOf(await site.refusal(regtest))).toContain(
        "btc_network is mainnet in the store and regtest now",
      );
      expect(site.storeBytes()).toBe(before ?? "none");
      await (await site.start(dummy())).stop();
    },
    limitMs,
  );

  test(
    "that another teller has open is refused, with that one's pid, and that one goes on",
    async () => {
      const site = ready();
      const first = await site.start(dummy());
      expect(lastLineOf(await site.refusal(dummy()))).toMatch(
        /teller\.db is in use by another teller \(pid \d+\)$/,
      );
      expect((await healthOf(first)).status).toBe("OK");
      expect(await first.stop()).toEqual({ code: 0, signal: null });
    },
    limitMs,
  );

  test(
    "is let go when a listener's address is taken, which is named",
    async () => {
      const other = await ready().start(dummy());
      const site = ready();
      const taken = new URL(other.adminUrl).host;
      const free = `[web]\nhttp_addr = "127.0.0.1:${freePort()}"\n[admin_panel]\nhost = "${taken}"\n`;
      const dummyAddr = `[dummy]\nhttp_addr = "127.0.0.1:${freePort()}"\n`;
      const path = site.put("config.toml", dummy().replace("[dummy]\n", dummyAddr) + free);
      const command = [binary(), "-c", path, "-d", join(site.dir, "app")];
      const { exitCode, stderr } = Bun.spawnSync(command, { cwd: site.dir, timeout: 15_000 });
      expect([exitCode, stderr.toString()]).toEqual([
        1,
        `teller: the admin listener cannot listen on ${taken}: the port is in use\n`,
      ]);
      expect((await healthOf(other)).status).toBe("OK");
      expect(await (await site.start(dummy())).stop()).toEqual({ code: 0, signal: null });
    },
    limitMs,
  );
});

describe("a request", () => {
  const sky = "2EVNa4CK9SKosT4j1GEn8SuuUUEAXaHAMbM";
  const send = async (url: string, body: string, type = "application/json") => {
    const answer = await fetch(url, { method: "POST", headers: { "content-type": type }, body });
    return { status: answer.status, text: await answer.text() };
  };
  /** left tells what the daemon has: addresses to give out, and deposits. */
  const left = async (daemon: Daemon) => {
    const { BTC } = await get<{ BTC: { remaining_addresses: number } }>(
      `${daemon.adminUrl}/api/deposit-addresses`,
    );
    const { deposits } = await get<{ deposits: unknown[] }>(`${daemon.adminUrl}/api/deposits`);
    return [BTC.remaining_addresses, deposits.length];
  };

  test(
    "that is no JSON, has the wrong shape or is too large is refused on every listener, and changes nothing",
    async () => {
      const daemon = await ready().start(dummy());
      const binds: readonly (readonly [string, number])[] = [
        ...["", "{", "null", "[]", '"x"', "5", `{"skyaddr": 5, "coin_type": "BTC"}`].map(
          (b) => [b, 400] as const,
        ),
        [JSON.stringify({ skyaddr: "nonsense", coin_type: "BTC" }), 400],
        [JSON.stringify({ skyaddr: sky }), 400],
        [JSON.stringify({ skyaddr: sky, coin_type: "DOGE" }), 400],
        [JSON.stringify({ coin_type: "BTC" }), 400],
        [JSON.stringify({ skyaddr: sky, coin_type: "BTC", more: "x".repeat(16 * 1024) }), 413],
      ];
      for (const [body, status] of binds) {
        const answer = await send(`${daemon.publicUrl}/api/bind`, body);
        expect([body.slice(0, 60), answer.status]).toEqual([body.slice(0, 60), status]);
        expect(answer.text.trim()).not.toBe("");
      }
      const page = { origin: new URL(daemon.publicUrl).origin, "content-type": "text/html" };
      const body = JSON.stringify({ skyaddr: sky, coin_type: "BTC" });
      const typed = await fetch(`${daemon.publicUrl}/api/bind`, { method: "POST", headers: page, body });
      expect(typed.status).toBe(415);
      for (const [body, status] of [
        ["{", 400],
        ["null", 400],
        [JSON.stringify({ command: "adopt" }), 400],
        [JSON.stringify({ command: "rescan", from: 1, who: "ann", why: "x".repeat(17_000) }), 413],
      ] as const) {
        expect((await send(`${daemon.adminUrl}/api/operator`, body)).status).toBe(status);
      }
      const form = "application/x-www-form-urlencoded";
      for (const [body, status] of [
        ["", 400],
        [`addr=nonsense&value=1&height=1&tx=t&n=0&coin=BTC`, 400],
        [`addr=${mainnet[0]}&value=-1&height=1&tx=t&n=0&coin=BTC`, 400],
        [`addr=${mainnet[0]}&value=1&height=1&tx=${"t".repeat(17_000)}&n=0&coin=BTC`, 413],
      ] as const) {
        const answer = await send(`${daemon.dummyUrl}/dummy/scanner/deposit`, body, form);
        expect([body.slice(0, 60), answer.status]).toEqual([body.slice(0, 60), status]);
      }
      expect(await left(daemon)).toEqual([mainnet.length, 0]);
      expect((await healthOf(daemon)).status).toBe("OK");
    },
    limitMs,
  );
});
