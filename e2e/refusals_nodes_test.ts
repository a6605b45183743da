import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { droplet, hours } from "#internal/money";
import { startBtcd } from "../standin/btcd/mod.ts";
import { firstKeyOf, startSkynode } from "../standin/skynode/mod.ts";
import { btcdBin, type Chains, customerAddress, startChains } from "./chains.ts";
import { askToBind, bindAddress, type Daemon, depositsOf, freePort, healthOf, until } from "./daemon.ts";
import { lastLineOf, type Site, Sites } from "./refusals_site.ts";

/**
 * Nodes that are wrong end the start with the reason; nodes that are away or talk nonsense do not: the
 * executable starts, says in its health what is wrong, and goes on when they are well.
 */
const bin = btcdBin();
if (bin === undefined) console.log("skipped: wrong nodes need btcd (BTCD_BIN) or Go to build it");

const limitMs = 60_000;
const sites = new Sites();
let chains: Chains;

beforeAll(async () => {
  if (bin === undefined) return;
  chains = await startChains(bin);
  await chains.wallet.ready(10);
  chains.fund(1000n);
}, limitMs);
afterEach(() => sites.clear(), limitMs);
afterAll(async () => {
  // A node that was started again is not the one that the chains were opened with.
  await chains?.btcd.stop();
  await chains?.close();
}, limitMs);

/** atChains makes a site with the files of a desk on the two chains. */
function atChains(): Site {
  const site = sites.make();
  for (const name of ["hot.wlt", "rpc.cert", "pool.txt"]) {
    site.put(name, readFileSync(join(chains.dir, name), "utf8"));
  }
  return site;
}

/** configured gives the chains' configuration with texts replaced, each of which must be there. */
function configured(...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the configuration has no ${from}`);
    return text.replace(from, to);
  }, chains.daemon.config);
}

const btcdAt = () => `127.0.0.1:${chains.btcd.options.rpcPort}`;
const skyAt = () => `127.0.0.1:${chains.sky.port}`;

async function atTip(daemon: Daemon): Promise<void> {
  await until("the scan is at the tip", async () => {
    const { BTC } = (await healthOf(daemon)).scanners;
    return BTC.error === "" && BTC.tip > 0 && BTC.height === BTC.tip;
  });
}

/** sells buys once, to show that a daemon that was told off works. */
async function sells(daemon: Daemon, customer: number): Promise<void> {
  await pays(daemon, await bindAddress(daemon, customerAddress(customer)));
}

/** pays pays to a deposit address, and waits until teller has seen it. */
async function pays(daemon: Daemon, address: string): Promise<void> {
  const { txid } = await chains.wallet.pay([{ address, value: 1_000_000n }]);
  await chains.wallet.generate(1);
  await until("it is seen", async () =>
    (await depositsOf(daemon)).some(({ deposit_id }) => deposit_id === `${txid}:0`),
  );
}

describe.skipIf(bin === undefined)("a wrong btcd ends the start with the reason", () => {
  const otherCert = join(import.meta.dir, "..", "internal", "rpc", "testdata", "another-test.cert");
  const rows: readonly { why: string; site?: (site: Site) => void; config: () => string; told: string }[] = [
    {
      why: "that refuses the password",
      config: () => configured(['pass = "reader-test"', 'pass = "guessed"']),
      told: "it refuses our user and password (401)",
    },
    {
      why: "with another certificate",
      site: (site) => void site.put("rpc.cert", readFileSync(otherCert)),
      config: () => configured(),
      told: "its certificate is not trusted",
    },
    {
      why: "of another network",
      site: (site) => void site.put("pool.txt", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080\n"),
      config: () => configured(['network = "simnet"', 'network = "regtest"']),
      told: "the node is on simnet, the configuration says regtest",
    },
  ];
  for (const { why, site, config, told } of rows) {
    test(
      why,
      async () => {
        const there = atChains();
        site?.(there);
        const output = await there.refusal(config());
        expect(lastLineOf(output)).toStartWith(`teller: ${btcdAt()}: ${told}`);
        expect(output).not.toContain("guessed");
        // The pool is in; nothing was scanned, bound or paid.
        const rowsThere = await there.storeRows();
        expect(rowsThere).toContain('"next_event":1,');
      },
      limitMs,
    );
  }

  test(
    "whose certificate file is none",
    async () => {
      const there = atChains();
      there.put("rpc.cert", "this is no certificate\n");
      const line = lastLineOf(await there.refusal(configured()));
      expect(line).toBe("teller: btc_rpc.cert file rpc.cert is not a certificate (PEM)");
    },
    limitMs,
  );
});

describe.skipIf(bin === undefined)("a wrong Skycoin node ends the start with the reason", () => {
  test(
    "of another chain than the store was made with, which is left as it is",
    async () => {
      const there = atChains();
      const first = await there.start(configured());
      await atTip(first);
      await first.stop();
      const before = await there.storeRows();
      const { address } = firstKeyOf("genesis");
      const other = startSkynode({
        genesis: { address, time: 1_600_000_000, coins: droplet(10n ** 12n), hours: hours(10n ** 12n) },
      });
      const otherHash = other.world.chain.blockHash(0) ?? "";
      const ownHash = chains.sky.world.chain.blockHash(0) ?? "";
      try {
        const output = await there.refusal(configured([skyAt(), `127.0.0.1:${other.port}`]));
        expect(lastLineOf(output)).toBe(
          `teller: the Skycoin node is on another chain: its genesis is ${otherHash}, the store was made for ${ownHash}`,
        );
        expect(await there.storeRows()).toBe(before ?? "none");
      } finally {
        await other.stop();
      }
      await (await there.start(configured())).stop();
    },
    limitMs,
  );

  test(
    "that asks for a password, or does not know our name for it",
    async () => {
      for (const fault of ["any-401", "any-403-host"] as const) {
        chains.sky.faults.arm(fault, { times: 1_000_000 });
        const there = atChains();
        const line = lastLineOf(await there.refusal(configured()));
        chains.sky.faults.clear();
        expect(line).toStartWith(`teller: Skycoin node ${skyAt()}: /api/v1/`);
        expect(line).toMatch(/: 40[13] /);
      }
    },
    limitMs,
  );
});

/** relay is a btcd behind something that speaks plain HTTP and can answer nonsense instead. */
function relay() {
  let nonsense: string | undefined;
  let requests = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      requests += 1;
      if (nonsense !== undefined) return new Response(nonsense, { headers: { "content-type": "text/html" } });
      return fetch(chains.btcd.url, {
        method: "POST",
        headers: { authorization: request.headers.get("authorization") ?? "" },
        body: await request.text(),
        tls: { ca: chains.btcd.cert },
      });
    },
  });
  return {
    at: `http://127.0.0.1:${server.port}`,
    say(text: string | undefined) {
      nonsense = text;
    },
    requests: () => requests,
    stop: () => server.stop(true),
  };
}

describe.skipIf(bin === undefined)("the start does not wait for", () => {
  test(
    "a btcd that answers nonsense: health says so, and it goes on when the answers are good",
    async () => {
      const btcd = relay();
      try {
        btcd.say("<html>a proxy's login page</html>");
        const there = atChains();
        const daemon = await there.start(
          configured([`server = "${btcdAt()}"`, `server = "${btcd.at}"`], ['cert = "rpc.cert"\n', ""]),
        );
        await until("health names it", async () => (await healthOf(daemon)).scanners.BTC.error !== "");
        const { status, scanners } = await healthOf(daemon);
        expect(status).toBe("ERROR");
        expect(scanners.BTC.error).toContain(`${new URL(btcd.at).host}: it answered HTML instead of JSON`);
        for (const text of ["", "null", '{"result": null, "error": null, "id": 1}', "[]"]) {
          btcd.say(text);
          const seen = btcd.requests();
          await until("it was asked again", () => btcd.requests() > seen + 2);
          expect((await healthOf(daemon)).scanners.BTC.error).not.toBe("");
        }
        btcd.say(undefined);
        await until("the scan goes on", async () => (await healthOf(daemon)).scanners.BTC.error === "");
        await sells(daemon, 1);
        expect(await daemon.stop()).toEqual({ code: 0, signal: null });
      } finally {
        await btcd.stop();
      }
    },
    limitMs,
  );

  test(
    "a Skycoin node that answers nonsense: health says so, and it pays when the answers are good",
    async () => {
      chains.sky.faults.arm("any-garbage", { times: 1_000_000 });
      const daemon = await atChains().start(configured());
      await until("health names it", async () => (await healthOf(daemon)).exchange.sender_error !== "");
      expect((await healthOf(daemon)).exchange.sender_error).toStartWith("Skycoin node: ");
      expect((await healthOf(daemon)).exchange.sender_error).not.toContain("<html>");
      // What the Skycoin chain says of the store is not known yet, so nobody is given an address.
      expect((await askToBind(daemon, customerAddress(2))).status).toBe(503);
      chains.sky.faults.clear();
      const address = await bindAddress(daemon, customerAddress(2));
      chains.sky.faults.arm("any-garbage", { times: 1_000_000 });
      await until("health names it again", async () =>
        (await healthOf(daemon)).exchange.sender_error.startsWith("Skycoin node: "),
      );
      await pays(daemon, address);
      expect(chains.received(customerAddress(2))).toBe(0n);
      chains.sky.faults.clear();
      await until("it is paid", () => chains.received(customerAddress(2)) === 5_000_000n);
      expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    },
    limitMs,
  );

  test(
    "nodes that are away: health names both, nobody is given an address, and it goes on when they come",
    async () => {
      await chains.btcd.stop();
      const skyPort = freePort();
      const daemon = await atChains().start(configured([skyAt(), `127.0.0.1:${skyPort}`]));
      await until("health names both", async () => {
        const { exchange, scanners } = await healthOf(daemon);
        return scanners.BTC.error !== "" && exchange.sender_error !== "";
      });
      const health = await healthOf(daemon);
      expect(health.status).toBe("ERROR");
      expect(health.scanners.BTC.error).toBe(`${btcdAt()}: connection refused`);
      expect(health.exchange.sender_error).toContain("connection refused");
      expect((await askToBind(daemon, customerAddress(3))).status).toBe(503);
      const sky = startSkynode({ port: skyPort, blockSeconds: 0.2, foreignSeconds: 3600 });
      try {
        chains.btcd = await startBtcd(chains.btcd.options);
        await until("the nodes are well", async () => {
          const { exchange, scanners } = await healthOf(daemon);
          return scanners.BTC.error === "" && !exchange.sender_error.includes("refused");
        });
        const paid = sky.spend({
          ...{ from: "genesis", to: firstKeyOf("hot").address },
          ...{ coins: droplet(1_000_000_000n), hours: 1_000_000n },
        });
        expect(paid.ok).toBe(true);
        await atTip(daemon);
        await until(
          "the wallet is filled",
          async () => (await healthOf(daemon)).exchange.sender_error === "",
        );
        expect(await daemon.stop()).toEqual({ code: 0, signal: null });
      } finally {
        await sky.stop();
      }
    },
    limitMs,
  );
});
