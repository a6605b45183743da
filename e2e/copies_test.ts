import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { btcdBin, customerAddress } from "./chains.ts";
import { CopiesWorld } from "./copies_world.ts";
import { askToBind, bindAddress, type Daemon, depositsOf, healthOf, until } from "./daemon.ts";

/**
 * Whoever else spends from the wallet: an old copy of the store, a second teller on a copy, a person with
 * the same wallet. The ledger shows it: nothing is paid twice, and what cannot be told apart is held and told.
 */
const bin = btcdBin();
if (bin === undefined) console.log("skipped: copies of the store need btcd (BTCD_BIN) or Go to build it");

const limitMs = 60_000;
const closed = { status: 503, text: "BTC deposits are closed for a while; try again later" };
const spentByOther = "which this store does not know: an old copy of the store";
const [ann, bob, cid, dan] = [1, 2, 3, 4].map((n) => customerAddress(n)) as [string, string, string, string];

let world: CopiesWorld;

beforeEach(async () => {
  if (bin !== undefined) world = await CopiesWorld.open(bin);
}, limitMs);

afterEach(async () => world?.close(), limitMs);

describe.skipIf(bin === undefined)("an old copy of the store is restored", () => {
  test(
    "payouts made since are not made again, and everything is held and told",
    async () => {
      const first = await world.startFilled();
      await world.buyDone(first, ann);
      const bound = await bindAddress(first, cid);
      await first.stop();
      const copy = world.copy("copy");

      const second = await world.start();
      const address = await bindAddress(second, ann);
      for (let i = 0; i < 3; i++) await world.reaches(second, await world.deposit(ann, address), "done");
      await second.stop();
      world.expectPaidOnce(ann);

      world.restore(copy);
      const third = await world.start();
      await world.expectHeld(third, spentByOther);
      // It could give away an address that has an owner, so it gives away none.
      expect(await askToBind(third, dan)).toEqual(closed);
      const later = await world.deposit(cid, bound);
      await world.reaches(third, later, "waiting_send");
      await world.rounds();
      world.expectPaidOnce(ann);
      world.expectUnpaid(cid);
    },
    limitMs,
  );

  for (const point of ["payout.built", "payout.signed", "payout.sent"]) {
    test(
      `a copy made when it was killed at ${point}: that payout is paid once, later ones are held`,
      async () => {
        await (await world.startFilled()).stop();
        const doomed = await world.startDoomed(world.chains.dir, "--crash-at", point);
        const id = await world.buy(doomed, ann);
        await doomed.exited;
        const copy = world.copy("copy");

        const second = await world.start();
        await world.reaches(second, id, "done");
        await world.buyDone(second, bob);
        await second.stop();

        world.restore(copy);
        const third = await world.start();
        await world.expectHeld(third, spentByOther);
        if (point !== "payout.built") await world.reaches(third, id, "done");
        await world.rounds();
        world.expectPaidOnce(ann, bob);
      },
      limitMs,
    );
  }

  test(
    "a copy that does not know by which replacement a payout confirmed holds it, and does not pay again",
    async () => {
      await (await world.startFilled()).stop();
      const doomed = await world.startDoomed(world.chains.dir, "--crash-at", "payout.signed");
      const id = await world.buy(doomed, ann);
      await doomed.exited;
      const copy = world.copy("copy");

      world.chains.sky.pause();
      const second = await world.start();
      await until("the payout is sent", () => second.output().includes("payout sent"));
      world.othersBlocks(3);
      await until("the payout is replaced", () => second.output().includes("payout replaced"));
      world.chains.sky.resume();
      await world.reaches(second, id, "done");
      await second.stop();
      world.othersBlocks(3);

      world.restore(copy);
      const third = await world.start();
      await world.expectHeld(third, spentByOther);
      await world.rounds();
      world.expectPaidOnce(ann);
    },
    limitMs,
  );

  test(
    "a copy from before the first payout: nothing is paid again",
    async () => {
      const first = await world.startFilled();
      const address = await bindAddress(first, ann);
      await first.stop();
      const copy = world.copy("copy");
      const second = await world.start();
      await world.reaches(second, await world.deposit(ann, address), "done");
      await second.stop();

      world.restore(copy);
      const third = await world.start();
      await world.expectHeld(third, spentByOther);
      await world.rounds();
      world.expectPaidOnce(ann);
    },
    limitMs,
  );

  test(
    "a copy from before the wallet was filled: nothing is paid again",
    async () => {
      const first = await world.start();
      await until("it says why", async () =>
        (await healthOf(first)).exchange.sender_error.includes("wallet is empty"),
      );
      expect(await askToBind(first, ann)).toEqual(closed);
      await first.stop();
      const copy = world.copy("copy");
      const second = await world.startFilled();
      await world.buyDone(second, ann);
      await second.stop();

      world.restore(copy);
      const third = await world.start();
      await until("it has seen the deposit again", async () => (await depositsOf(third)).length === 1);
      expect((await depositsOf(third))[0]).toMatchObject({ sky_address: "", status: "waiting_decide" });
      await world.rounds(40);
      world.expectPaidOnce(ann);
    },
    limitMs,
  );

  test(
    "money on an address that was bound after the copy goes to nobody else",
    async () => {
      const first = await world.startFilled();
      await first.stop();
      const copy = world.copy("copy");
      const second = await world.startDoomed(world.chains.dir, "--crash-at", "decide.due");
      await world.atTip(second);
      const id = await world.buy(second, ann);
      await second.exited;

      world.restore(copy);
      const third = await world.withoutBtcd(async () => {
        const daemon = await world.startDoomed(world.chains.dir);
        // A new customer comes before the scan has seen what the old one paid.
        const soon = "BTC deposits open when the chain is scanned; try again soon";
        expect(await askToBind(daemon, bob)).toEqual({ status: 503, text: soon });
        return daemon;
      });
      const address = await bindAddress(third, bob);
      await until("it is seen", async () => (await world.row(third, id)) !== undefined);
      expect((await world.row(third, id))?.deposit_address).not.toBe(address);
      await world.rounds();
      expect((await world.row(third, id))?.sky_address).not.toBe(bob);
      world.expectUnpaid(bob);
    },
    limitMs,
  );
});

describe.skipIf(bin === undefined)("two tellers run on two copies of one store", () => {
  /** Both run, the first in its own folder, the second in the copy's. */
  async function both(): Promise<[Daemon, Daemon]> {
    const copy = world.copy("second");
    return [await world.start(), await world.start(copy)];
  }

  test(
    "what both know is paid once, however often both try",
    async () => {
      const alone = await world.startFilled();
      const address = await bindAddress(alone, ann);
      await alone.stop();
      const tellers = await both();
      for (let i = 0; i < 6; i++) {
        await world.deposit(ann, address);
        await until("it is paid", () => world.chains.received(ann) >= world.owed(ann));
        world.expectPaidOnce(ann);
      }
      await world.rounds(40);
      world.expectPaidOnce(ann);
      for (const teller of tellers) {
        const open = (await depositsOf(teller)).filter(({ status }) => status !== "done");
        if (open.length > 0) await world.expectHeld(teller, spentByOther);
      }
    },
    limitMs,
  );

  test(
    "one address that both have given away is paid once, and the loser holds and tells",
    async () => {
      await (await world.startFilled()).stop();
      const [one, two] = await both();
      const address = await bindAddress(one, ann);
      expect(await bindAddress(two, bob)).toBe(address);
      const id = await world.deposit(ann, address);
      const paid = () => world.chains.received(ann) + world.chains.received(bob);
      await until("somebody is paid", () => paid() > 0n);
      const [winner, loser] = world.chains.received(ann) > 0n ? [one, two] : [two, one];
      await world.reaches(winner, id, "done");
      // A spend is proof that the loser's payout is dead when it is three blocks deep.
      world.othersBlocks(3);
      await world.expectHeld(loser, spentByOther);
      await world.reaches(loser, id, "waiting_send");
      await world.buyDone(winner, cid);
      expect(await askToBind(loser, dan)).toEqual(closed);
      await world.rounds(40);
      await world.reaches(loser, id, "waiting_send");
      expect(paid()).toBe(world.owed(ann));
      world.expectPaidOnce(cid);
      world.expectUnpaid(dan);
    },
    limitMs,
  );

  for (const point of ["payout.signed", "payout.sent"]) {
    test(
      `copied when it was killed at ${point}: the same bytes are sent by both, and pay once`,
      async () => {
        await (await world.startFilled()).stop();
        const doomed = await world.startDoomed(world.chains.dir, "--crash-at", point);
        const id = await world.buy(doomed, ann);
        await doomed.exited;
        const [one, two] = await both();
        await world.reaches(one, id, "done");
        await world.reaches(two, id, "done");
        await world.rounds(40);
        world.expectPaidOnce(ann);
      },
      limitMs,
    );
  }
});

describe.skipIf(bin === undefined)("a person spends from the same wallet", () => {
  test(
    "the anchor: the next deposit is held, and told at once",
    async () => {
      const teller = await world.startFilled();
      await world.buyDone(teller, ann);
      const address = await bindAddress(teller, bob);
      world.personSpends(10n);
      await world.expectHeld(teller, spentByOther);
      expect(await askToBind(teller, cid)).toEqual(closed);
      const id = await world.deposit(bob, address);
      await world.reaches(teller, id, "waiting_send");
      await world.rounds();
      world.expectPaidOnce(ann);
      world.expectUnpaid(bob);
    },
    limitMs,
  );

  test(
    "the anchor, not yet in a block: nothing is built beside it",
    async () => {
      const teller = await world.startFilled();
      await world.buyDone(teller, ann);
      const address = await bindAddress(teller, bob);
      world.chains.sky.pause();
      world.personSpends(10n);
      await world.expectHeld(teller, "is about to spend the anchor");
      const id = await world.deposit(bob, address);
      await world.reaches(teller, id, "waiting_send");
      await world.rounds();
      world.chains.sky.resume();
      await world.expectHeld(teller, spentByOther);
      world.expectUnpaid(bob);
    },
    limitMs,
  );

  test(
    "another output of the wallet: payouts go on",
    async () => {
      const teller = await world.startFilled();
      await world.buyDone(teller, ann);
      const [anchor] = world.walletOutputs();
      await world.topUp(50n);
      const others = world.walletOutputs().filter((uxid) => uxid !== anchor);
      world.personSpends(10n, others);
      await world.buyDone(teller, bob);
      await world.buyDone(teller, ann);
      world.expectPaidOnce(ann, bob);
      expect((await healthOf(teller)).exchange.sender_error).toBe("");
    },
    limitMs,
  );

  test(
    "the change of a payout that was left unsettled: it is settled once, and the next is held",
    async () => {
      const first = await world.startFilled();
      const address = await bindAddress(first, bob);
      await first.stop();
      const doomed = await world.startDoomed(world.chains.dir, "--crash-at", "payout.seen");
      const id = await world.buy(doomed, ann);
      await doomed.exited;
      world.personSpends(10n);
      const teller = await world.start();
      await world.reaches(teller, id, "done");
      await world.expectHeld(teller, spentByOther);
      await world.reaches(teller, await world.deposit(bob, address), "waiting_send");
      await world.rounds();
      world.expectPaidOnce(ann);
      world.expectUnpaid(bob);
    },
    limitMs,
  );

  for (const point of ["payout.signed", "payout.sent"]) {
    test(
      `the anchor, while a payout on it was left at ${point}: the payout dies, its deposit is held`,
      async () => {
        await (await world.startFilled()).stop();
        const doomed = await world.startDoomed(world.chains.dir, "--crash-at", point);
        world.chains.sky.pause();
        const id = await world.buy(doomed, ann);
        await doomed.exited;
        const txid = world.personSpends(10n);
        expect(world.chains.sky.block(txid)?.txids).toEqual([txid]);
        const teller = await world.start();
        await world.rounds(5);
        world.othersBlocks(3);
        await world.reaches(teller, id, "waiting_send");
        await until("it is told", () => teller.output().includes("payout is dead"));
        world.chains.sky.resume();
        await world.expectHeld(teller, spentByOther);
        await world.rounds();
        world.expectUnpaid(ann);
      },
      limitMs,
    );
  }

  test(
    "another input of a payout that was left signed: the payout dies, and its deposit is paid once by the next",
    async () => {
      await (await world.startFilled(60n)).stop();
      const [anchor] = world.walletOutputs();
      await world.topUp(50n);
      await world.topUp(40n);
      const doomed = await world.startDoomed(world.chains.dir, "--crash-at", "payout.signed");
      world.chains.sky.pause();
      const id = await world.buy(doomed, ann, 14_000_000n);
      await doomed.exited;
      const [other] = world.walletOutputs().filter((uxid) => uxid !== anchor);
      const txid = world.personSpends(1n, [other ?? ""]);
      expect(world.chains.sky.block(txid)?.txids).toEqual([txid]);
      world.othersBlocks(3);
      world.chains.sky.resume();
      const teller = await world.start();
      await world.reaches(teller, id, "done");
      await world.rounds();
      world.expectPaidOnce(ann);
    },
    limitMs,
  );
});
