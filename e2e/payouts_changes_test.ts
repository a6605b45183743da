import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { depositInfo } from "#internal/book";
import { addressText } from "#internal/skycoin";
import { btcdBin, walletFile } from "./chains.ts";
import { binary, readStore, until } from "./daemon.ts";
import type { Sent } from "./kill_load.ts";
import { type Bitcoin, openBitcoin, Shop } from "./payouts_world.ts";
import { build, never, textOf } from "./skynode_contract_build.ts";

/**
 * What a person changes between two lives of the executable, at every place where a deposit may be: the wallet file,
 * and whether anything is sent. At the end of each the store is held against both chains, deposit by deposit.
 */
const bin = btcdBin();
if (bin === undefined) console.log("skipped: changes between lives need btcd (BTCD_BIN) or Go to build it");

const limitMs = 60_000;
const sky = 1_000_000n;

let bitcoin: Bitcoin;
let shop: Shop;

async function openShop(): Promise<void> {
  shop = new Shop(bitcoin);
  await shop.fill([[1_000_000n * sky, 10_000_000n]]);
  await shop.start();
}

beforeAll(async () => {
  if (bin !== undefined) bitcoin = await openBitcoin(bin);
}, limitMs);
afterAll(() => bitcoin?.close(), limitMs);

/** leftAt buys something, and leaves it where the teller is killed; without a crash point it is paid, and the teller stopped. */
async function leftAt(crashAt: string | undefined): Promise<Sent> {
  if (crashAt === undefined) {
    const made = await shop.buy();
    await shop.reaches(made, "done");
    await shop.stop();
    return made;
  }
  await shop.restart({ crashAt });
  const made = await shop.buy();
  await shop.dies();
  return made;
}

const stored = ({ id }: Sent) => readStore(shop.dir, (reader) => depositInfo(reader, id));

/** quiet lets some rounds pass, in which no bytes may be handed to the node. */
async function quiet(): Promise<void> {
  const before = shop.sendings();
  await shop.rounds();
  expect(shop.sendings()).toBe(before);
}

describe.skipIf(bin === undefined)("another wallet after a restart", () => {
  const own = walletFile();
  const other = walletFile({ seed: "another hot wallet", keys: 5 });
  const otherAddress = /"address":"(\w+)"/.exec(other)?.[1] ?? "";
  const noKey = `the wallet has no key for ${textOf("hot")}`;

  beforeAll(async () => {
    if (bin === undefined) return;
    await openShop();
    await shop.fill([[5000n * sky, 100_000n]], otherAddress);
  }, limitMs);
  afterAll(async () => {
    if (bin !== undefined) await shop.close();
  }, limitMs);

  for (const crashAt of [undefined, "payout.signed", "payout.sent", "payout.seen"]) {
    const when = crashAt === undefined ? "idle" : `at ${crashAt}`;
    test(
      `without the old keys, changed ${when}: what is signed is paid, nothing new is built until the old one is back`,
      async () => {
        const left = await leftAt(crashAt);
        const { txid } = (await stored(left)) ?? {};
        shop.useWallet(other);
        await shop.start();
        await shop.reaches(left, "done");
        expect((await shop.row(left))?.txid).toBe(txid ?? "none");
        const next = await shop.buy();
        await shop.reaches(next, "waiting_send");
        await shop.expectHeld(noKey);
        await quiet();
        shop.expectUnpaid(next);
        shop.useWallet(own);
        await shop.restart();
        await shop.reaches(next, "done");
        await shop.expectWell();
      },
      limitMs,
    );
  }

  test(
    "that has the old keys and more goes on by itself",
    async () => {
      shop.useWallet(walletFile({ keys: 8 }));
      await shop.restart();
      await shop.reaches(await shop.buy(), "done");
      await shop.expectWell();
      shop.useWallet(own);
    },
    limitMs,
  );

  test(
    "without the old keys replaces nothing, which is told; with the old ones back the deposit is paid once",
    async () => {
      await shop.restart();
      shop.sky.pause();
      const made = await shop.buy();
      await until("the payout is sent", () => shop.daemon.output().includes("payout sent"));
      shop.useWallet(other);
      await shop.restart();
      await until("the payout is sent", () => shop.daemon.output().includes("payout sent"));
      shop.othersBlocks(3);
      await shop.expectHeld(`is not replaced: ${noKey}`);
      await shop.rounds();
      expect(shop.daemon.output()).not.toContain("payout replaced");
      shop.useWallet(own);
      await shop.restart();
      await until("the payout is sent", () => shop.daemon.output().includes("payout sent"));
      shop.othersBlocks(3);
      await until("the payout is replaced", () => shop.daemon.output().includes("payout replaced"));
      shop.sky.resume();
      await shop.reaches(made, "done");
      await shop.expectWell();
    },
    limitMs,
  );

  test("at the end both ledgers say the same, deposit by deposit", async () => {
    await shop.settleUp();
  });

  test(
    "to which everything was moved by hand goes on when the operator has said so",
    async () => {
      // Before the move: while the operator has not said what it was, nobody is given an address.
      await shop.start();
      const sky = shop.customer();
      const bound = { sky, address: await shop.bind(sky) };
      await shop.stop();
      const coins = shop.sky.world.chain.unspent(shop.sky.world.wallets.hot.map(({ address }) => address));
      const sum = coins.reduce((total, output) => total + output.coins, 0n);
      const inputs = coins.map(({ uxid, address }) => ({ uxid, address: addressText(address) }));
      const { raw, txid } = build(inputs, [[otherAddress, sum, 1_000_000n]]);
      expect((await shop.node.inject(raw, never)).ok).toBe(true);
      await until("it is moved", () => shop.sky.world.chain.confirmed(txid) !== undefined);
      shop.othersBlocks(3);
      shop.useWallet(other);
      await shop.start();
      const made = await shop.pay(bound, 5_000_000n);
      await shop.expectHeld(`was spent by ${txid}`);
      await quiet();
      const place = ["-c", join(shop.dir, "config.toml"), "-d", join(shop.dir, "app")];
      const said = Bun.spawn([binary(), "foreign", txid, "--why", "new wallet", ...place], {
        stdout: "ignore",
      });
      expect(await said.exited).toBe(0);
      await shop.reaches(made, "done");
      await shop.expectWell();
    },
    limitMs,
  );
});

describe.skipIf(bin === undefined)("sending switched off", () => {
  beforeAll(async () => {
    if (bin !== undefined) await openShop();
  }, limitMs);
  afterAll(async () => {
    if (bin !== undefined) await shop.close();
  }, limitMs);

  /** offAndOn lives with sending off until the deposit has this status and nothing more happens, then with sending on. */
  async function offAndOn(made: Sent, status: string): Promise<void> {
    await shop.reaches(made, status);
    await quiet();
    expect((await shop.row(made))?.status).toBe(status);
    if (status === "done") shop.expectPaid(made);
    else shop.expectUnpaid(made);
    await shop.restart();
    await shop.reaches(made, "done");
    await shop.expectWell();
  }

  test(
    "while an address waits for its deposit: that is not paid before it is on again",
    async () => {
      const to = { sky: shop.customer(), address: "" };
      const address = await shop.bind(to.sky);
      await shop.restart({ sending: false });
      await offAndOn(await shop.pay({ ...to, address }, 1_000_000n), "waiting_send");
    },
    limitMs,
  );

  /** Where a crash leaves a deposit, and where it comes to while nothing is sent. */
  const rows = [
    { crashAt: "decide.due", left: "waiting_decide", off: "waiting_send" },
    { crashAt: "payout.built", left: "waiting_send", off: "waiting_send" },
    { crashAt: "payout.signed", left: "waiting_confirm", off: "waiting_confirm" },
    { crashAt: "payout.sent", left: "waiting_confirm", off: "done" },
    { crashAt: "payout.seen", left: "waiting_confirm", off: "done" },
    { crashAt: undefined, left: "done", off: "done" },
  ] as const;

  for (const { crashAt, left, off } of rows) {
    test(
      `while a deposit is ${left}${crashAt === undefined ? "" : ` (${crashAt})`}: it comes to ${off}, nothing is sent, and it is paid once`,
      async () => {
        const made = await leftAt(crashAt);
        expect((await stored(made))?.status).toBe(left);
        await shop.start({ sending: false });
        await offAndOn(made, off);
      },
      limitMs,
    );
  }

  test(
    "while a payout is sent and no block has it: it is neither sent again nor replaced, and its block is seen",
    async () => {
      shop.sky.pause();
      const made = await leftAt("payout.sent");
      const { txid } = (await stored(made)) ?? {};
      await shop.start({ sending: false });
      await quiet();
      shop.othersBlocks(4);
      await quiet();
      expect(await shop.row(made)).toMatchObject({ status: "waiting_confirm", txid: txid ?? "none" });
      shop.sky.resume();
      await offAndOn(made, "done");
    },
    limitMs,
  );

  test("at the end both ledgers say the same, deposit by deposit", async () => {
    await shop.settleUp();
  });
});
