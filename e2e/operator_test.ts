import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { userInfo } from "node:os";
import { join } from "node:path";
import { depositsByStatus, events } from "#internal/book";
import { droplet } from "#internal/money";
import { parseAddress } from "#internal/skycoin";
import { nameOf } from "../cmd/teller/operate.ts";
import { btcdBin, customerAddress } from "./chains.ts";
import { CopiesWorld } from "./copies_world.ts";
import { bindAddress, binary, type Daemon, depositsOf, get, healthOf, readStore, until } from "./daemon.ts";

/**
 * The operator's commands, as a person gives them to the running executable: after an old copy of the store was
 * restored, after somebody spent from the wallet, after a deposit was paid by hand, and for a second scan.
 * Afterwards payouts go on, and nothing is paid twice.
 */
const bin = btcdBin();
if (bin === undefined) console.log("skipped: the operator's commands need btcd (BTCD_BIN) or Go to build it");

const limitMs = 60_000;
const why = "told by the rehearsal";
const [ann, bob, cid, dan] = [1, 2, 3, 4].map((n) => customerAddress(n)) as [string, string, string, string];

let world: CopiesWorld;

beforeEach(async () => {
  if (bin !== undefined) world = await CopiesWorld.open(bin);
}, limitMs);

afterEach(async () => world?.close(), limitMs);

/** filled starts the first teller, and waits until it binds addresses and has chosen its first anchor. */
async function filled(): Promise<Daemon> {
  const teller = await world.startFilled();
  for (const line of ["scanner reached the tip", "the first payout will spend this output"]) {
    await until(line, () => teller.output().includes(line));
  }
  return teller;
}

/** say gives a command to a running teller, as a person would, and tells how it ended. */
async function say(daemon: Daemon, ...args: string[]) {
  const at = ["-c", join(daemon.dir, "config.toml"), "-d", join(daemon.dir, "app")];
  const child = Bun.spawn([binary(), ...args, "--why", why, ...at], {
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exit: await child.exited, stdout, stderr };
}

/** saidAndDone gives a command that must be carried out. */
async function saidAndDone(daemon: Daemon, ...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await say(daemon, ...args);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  return stdout;
}

/** saidAndRefused gives a command that must be refused with these words. */
async function saidAndRefused(daemon: Daemon, words: string, ...args: string[]): Promise<void> {
  const { exit, stdout, stderr } = await say(daemon, ...args);
  expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" });
  expect(stderr).toStartWith("teller: not done: ");
  expect(stderr).toContain(words);
}

/** spender reads from the health which transaction spent the anchor; undefined when payouts go on. */
async function spender(daemon: Daemon): Promise<string | undefined> {
  const { sender_error: error } = (await healthOf(daemon)).exchange;
  return /was spent by ([0-9a-f]{64}) in block/.exec(error)?.[1];
}

/** nextSpender waits until payouts are held over a transaction other than this one, and buries it. */
async function nextSpender(daemon: Daemon, before?: string): Promise<string> {
  const found = await heldOver(daemon, before);
  world.othersBlocks(3);
  return found;
}

/** heldOver waits until payouts are held over a transaction other than this one. */
async function heldOver(daemon: Daemon, before?: string): Promise<string> {
  let found: string | undefined;
  await until("payouts are held over a spender", async () => {
    found = await spender(daemon);
    return found !== undefined && found !== before;
  });
  return found ?? "";
}

/** stuckOf reads what the watchdog tells in the health. */
async function stuckOf(daemon: Daemon): Promise<readonly string[]> {
  return (await get<{ stuck: string[] }>(`${daemon.publicUrl}/api/health`)).stuck;
}

/** agree stops a teller and compares its store with the ledger, customer by customer. */
async function agree(daemon: Daemon, ...customers: string[]): Promise<void> {
  expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  const rows = await readStore(world.chains.dir, (reader) =>
    depositsByStatus(reader, undefined, { limit: 1000 }),
  );
  for (const sky of customers) {
    const own = rows.filter((row) => row.sky_address === sky && row.status === "done");
    const sum = own.reduce((total, row) => total + row.sky_sent, 0n);
    expect([sky, world.chains.received(sky), world.owed(sky)]).toEqual([sky, sum, sum]);
  }
}

/** saidEvents reads from the store which events carry the operator's name and reason. */
async function saidEvents(): Promise<string[]> {
  const all = await readStore(world.chains.dir, (reader) => events(reader, 0, 10_000));
  const mine = all.filter(({ event }) => event.detail.includes(`${nameOf(userInfo())}: ${why}`));
  return mine.map(({ event }) => event.type);
}

describe.skipIf(bin === undefined)("the operator", () => {
  test(
    "adopts payouts that a restored copy does not know, one after the other, and paying goes on",
    async () => {
      const first = await filled();
      const addresses = [await bindAddress(first, ann), await bindAddress(first, bob)];
      await first.stop();
      const copy = world.copy("copy");

      const second = await world.start();
      for (const [i, sky] of [ann, bob, ann].entries()) {
        const id = await world.deposit(sky, addresses[sky === ann ? 0 : 1] ?? "");
        await world.reaches(second, id, "done");
        if (i === 1) await world.buyDone(second, cid);
      }
      await second.stop();

      world.restore(copy);
      const third = await world.start();
      const known = async () => (await depositsOf(third)).filter(({ status }) => status === "waiting_send");
      await until("the deposits are seen again", async () => (await known()).length === 3);
      const toAnn = await nextSpender(third);
      await saidAndRefused(third, "whose deposits wait for SKY here", "foreign", toAnn);
      await saidAndRefused(third, `was spent by ${toAnn}, not by`, "adopt", "ab".repeat(32));
      expect(await saidAndDone(third, "adopt", toAnn)).toBe(`${toAnn} is payout 1 now; it paid 1 deposits\n`);
      const toBob = await nextSpender(third, toAnn);
      await saidAndDone(third, "adopt", toBob);
      // The copy does not know that this address was given to cid, so nothing is owed to him here.
      const toCid = await nextSpender(third, toBob);
      await saidAndRefused(third, "not the oldest deposits that are due there", "adopt", toCid);
      await saidAndDone(third, "foreign", toCid);
      await saidAndDone(third, "adopt", await nextSpender(third, toCid));
      await until("payouts go on", async () => (await healthOf(third)).exchange.sender_error === "");

      await world.buyDone(third, dan);
      await world.reaches(third, await world.deposit(ann, addresses[0] ?? ""), "done");
      await world.rounds();
      world.expectPaidOnce(ann, bob, cid, dan);
      const lines = third.output().split("\n");
      const told = lines.filter((line) => line.includes("notice=WATCH") && line.includes(`why="${why}"`));
      expect(told).toHaveLength(4);

      // The money of cid waits for the operator's word.
      const [waiting] = (await depositsOf(third)).filter(({ sky_address }) => sky_address === "");
      await third.stop();
      const fourth = await world.start();
      expect(await stuckOf(fourth)).toEqual(["1 deposits wait for a person: see /api/deposits/errored"]);
      await saidAndDone(fourth, "paid", waiting?.deposit_id ?? "", toCid);
      expect((await healthOf(fourth)).exchange.held_count).toBe(0);
      await agree(fourth, ann, bob, dan);
      expect(await saidEvents()).toEqual([
        "payout_adopted",
        "payout_adopted",
        "anchor_moved",
        "payout_adopted",
        "deposit_settled",
      ]);
    },
    limitMs,
  );

  test(
    "says that a person's payment from the wallet is foreign, and paying goes on",
    async () => {
      const teller = await filled();
      await world.buyDone(teller, ann);
      const address = await bindAddress(teller, bob);
      world.personSpends(10n);
      const id = await world.deposit(bob, address);
      const txid = await nextSpender(teller);
      await saidAndRefused(teller, "not the oldest deposits that are due there", "adopt", txid);
      world.expectUnpaid(bob);
      await saidAndDone(teller, "foreign", txid);
      await world.reaches(teller, id, "done");
      await world.buyDone(teller, ann);
      await saidAndRefused(teller, "nothing to settle", "foreign", txid);
      await world.rounds();
      world.expectPaidOnce(ann, bob);
      await agree(teller, ann, bob);
      expect(await saidEvents()).toEqual(["anchor_moved"]);
    },
    limitMs,
  );

  test(
    "says that a deposit was paid by hand, and it is not paid again",
    async () => {
      const teller = await filled();
      await world.buyDone(teller, ann);
      const addresses = [await bindAddress(teller, bob), await bindAddress(teller, cid)] as const;
      world.chains.sky.pause();
      const sum = (2_000_000n * 500n * 1_000_000n) / 100_000_000n;
      const to = parseAddress(bob);
      if (!to.ok) throw new Error(to.refusal);
      const spent = world.chains.sky.spend({ from: "hot", to: to.value, coins: droplet(sum) });
      if (!spent.ok) throw new Error(spent.refusal);
      const id = await world.deposit(bob, addresses[0], 2_000_000n);
      const more = await world.deposit(cid, addresses[1]);
      await world.reaches(teller, id, "waiting_send");
      await world.reaches(teller, more, "waiting_send");
      await saidAndRefused(teller, "has no confirmed transaction", "paid", id, spent.value);
      world.chains.sky.resume();
      const txid = await heldOver(teller);
      expect(txid).toBe(spent.value);
      await saidAndRefused(teller, "wait until it is 3", "paid", id, txid);
      world.othersBlocks(3);
      await saidAndRefused(teller, "pays 0 droplets to", "paid", more, txid);
      await saidAndRefused(teller, "there is no credited deposit", "paid", `${"ab".repeat(32)}:0`, txid);
      await saidAndDone(teller, "paid", id, txid);
      await saidAndRefused(teller, "is settled already", "paid", id, txid);
      await saidAndDone(teller, "foreign", txid);
      await world.reaches(teller, more, "done");
      await world.rounds();
      world.expectPaidOnce(ann, bob, cid);
      await agree(teller, ann, bob, cid);
      expect(await saidEvents()).toEqual(["deposit_settled", "anchor_moved"]);
    },
    limitMs,
  );

  test(
    "releases a deposit that was held, and it is paid once",
    async () => {
      const teller = await filled();
      const address = await bindAddress(teller, bob);
      await world.buyDone(teller, ann);
      // Refused, then not refused without it, then refused again: that is a culprit.
      world.chains.sky.faults.arm("verify-refuse", { times: 1 });
      world.chains.sky.faults.arm("verify-refuse", { times: 1, skip: 1 });
      const id = await world.deposit(bob, address);
      await until("it is held", async () => (await world.row(teller, id))?.marks.length === 1);
      expect((await healthOf(teller)).exchange.held_count).toBe(1);
      const [done] = (await depositsOf(teller)).filter(({ sky_address }) => sky_address === ann);
      await saidAndRefused(teller, "waits for nobody", "release", done?.deposit_id ?? "");
      expect(await saidAndDone(teller, "release", id)).toStartWith(
        `${id} goes on; it was held: the payout is`,
      );
      await world.reaches(teller, id, "done");
      await saidAndRefused(teller, "waits for nobody", "release", id);
      expect((await healthOf(teller)).exchange.held_count).toBe(0);
      await world.rounds();
      world.expectPaidOnce(ann, bob);
      await agree(teller, ann, bob);
      expect(await saidEvents()).toEqual(["deposit_released"]);
    },
    limitMs,
  );

  test(
    "has the chain scanned again, twice, and nothing is paid twice",
    async () => {
      const teller = await filled();
      for (const sky of [ann, bob, ann]) await world.buyDone(teller, sky);
      const unmarked = async () => (await depositsOf(teller)).every(({ marks }) => marks.length === 0);
      for (let i = 0; i < 2; i++) {
        const text = await saidAndDone(teller, "rescan", "--from", "1");
        expect(text).toBe("scanning again from 1; 3 deposits wait to be seen again\n");
        await until("all deposits are seen again", unmarked);
        await world.atTip(teller);
      }
      await saidAndRefused(teller, "HEIGHT must be from 1 to", "rescan", "--from", "100000");
      expect((await depositsOf(teller)).map(({ status }) => status)).toEqual(["done", "done", "done"]);
      await world.buyDone(teller, cid);
      await world.rounds();
      world.expectPaidOnce(ann, bob, cid);
      await agree(teller, ann, bob, cid);
      expect(await saidEvents()).toEqual(["rescanned", "rescanned"]);
    },
    limitMs,
  );

  test(
    "is told when no teller runs, and nothing is done",
    async () => {
      const teller = await world.start();
      await teller.stop();
      const { exit, stdout, stderr } = await say(teller, "adopt", "ab".repeat(32));
      expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" });
      expect(stderr).toContain("connection refused");
    },
    limitMs,
  );
});
