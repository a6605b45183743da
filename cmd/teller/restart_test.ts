import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cursorOf, depositsByStatus, totalsOf } from "#internal/book";
import { addressOf, addressText, publicKeyOf } from "#internal/skycoin";
import { type Desk, newDir, openDesk, until } from "./testdaemon.ts";

// A busy machine may be slow; what is waited for has a deadline of its own.
setDefaultTimeout(30_000);

let desk: Desk;
let place: ReturnType<typeof newDir>;
beforeEach(async () => {
  place = newDir();
  desk = await openDesk(place.dir);
});
afterEach(async () => {
  await desk.stop();
  place.remove();
});

const alice = addressText(addressOf(publicKeyOf(new Uint8Array(32).fill(1))));
const bob = addressText(addressOf(publicKeyOf(new Uint8Array(32).fill(2))));

async function restart(): Promise<void> {
  await desk.stop();
  desk = await openDesk(place.dir);
}

async function bind(sky: string): Promise<string> {
  await until("binding is open", async () => {
    const health = await desk.get("public", "/api/health");
    return health.includes('"OK"') && desk.store.read((reader) => cursorOf(reader, "BTC")) !== undefined;
  });
  for (;;) {
    const answer = await desk.post("/api/bind", { skyaddr: sky, coin_type: "BTC" });
    if (answer.status === 200) return ((await answer.json()) as { deposit_address: string }).deposit_address;
    if (answer.status !== 503) throw new Error(await answer.text());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const pay = (address: string, tx: string, value = 100_000_000, n = 0) =>
  desk.get("dummy", `/dummy/scanner/deposit?addr=${address}&value=${value}&height=494713&tx=${tx}&n=${n}`);

interface Sent {
  readonly txid: string;
  readonly outputs: readonly { readonly address: string; readonly coins: string }[];
  readonly confirmed: boolean;
}
const broadcasts = async () => JSON.parse(await desk.get("dummy", "/dummy/sender/broadcasts")) as Sent[];
const statusOf = (id: string) =>
  desk.store
    .read((reader) => depositsByStatus(reader, undefined, { limit: 100 }))
    .find((info) => info.deposit_id === id);

/** sent waits until a deposit's payout was broadcast, and gives its txid. */
async function sent(id: string): Promise<string> {
  let txid = "";
  await until(`${id} is sent`, async () => {
    txid = statusOf(id)?.txid ?? "";
    return txid !== "" && (await broadcasts()).some((one) => one.txid === txid);
  });
  return txid;
}

async function confirm(txid: string): Promise<void> {
  await desk.get("dummy", `/dummy/sender/confirm?txid=${txid}`);
}

const done = (id: string) => until(`${id} is done`, () => statusOf(id)?.status === "done");

describe("a dummy desk", () => {
  test("sells from bind to done", async () => {
    await pay(await bind(alice), "t1");
    const txid = await sent("t1:0");
    expect(await broadcasts()).toEqual([
      { txid, outputs: [{ address: alice, coins: "500.000000" }], confirmed: false },
    ]);
    expect(statusOf("t1:0")?.status).toBe("waiting_confirm");
    await confirm(txid);
    await done("t1:0");
    expect(JSON.parse(await desk.get("admin", "/api/accounting"))).toMatchObject({
      sent: "500.000000",
      received: { BTC: "1.00000000" },
    });
  });

  test("counts the same tx:n once, in one run and over restarts", async () => {
    const address = await bind(alice);
    await pay(address, "t1");
    await pay(address, "t1", 999_999_999);
    await confirm(await sent("t1:0"));
    await done("t1:0");
    await restart();
    await pay(address, "t1");
    await pay(address, "t2", 200_000);
    await sent("t2:0");
    const totals = desk.store.read(totalsOf);
    expect([totals.received.BTC, totals.by_status.done]).toEqual([100_200_000n, 1]);
    expect(desk.store.read((reader) => depositsByStatus(reader, undefined, { limit: 10 }))).toHaveLength(2);
  });

  test("sends again what a restart forgot: the same transaction", async () => {
    await pay(await bind(alice), "t1");
    const txid = await sent("t1:0");
    await restart();
    expect(await sent("t1:0")).toBe(txid);
    await restart();
    expect(await sent("t1:0")).toBe(txid);
    await confirm(txid);
    await done("t1:0");
    await restart();
    // A round of the sender with nothing to do has looked at everything.
    await pay(await bind(bob), "t2");
    const second = await sent("t2:0");
    expect((await broadcasts()).map((one) => one.txid)).toEqual([second]);
    expect(desk.store.read(totalsOf).sent).toBe(500_000_000n);
  });

  test("pays nobody twice and goes on along its chain, over many restarts", async () => {
    const [a, b] = [await bind(alice), await bind(bob)];
    const paid = new Map<string, bigint>();
    const seen = new Set<string>();
    const collect = async () => {
      for (const one of await broadcasts()) {
        if (!one.confirmed || seen.has(one.txid)) continue;
        seen.add(one.txid);
        for (const { address, coins } of one.outputs) {
          paid.set(address, (paid.get(address) ?? 0n) + BigInt(coins.replace(".", "")));
        }
      }
    };
    let height = -1;
    for (let run = 0; run < 4; run++) {
      await pay(a, `a${run}`, 1_000_000);
      await pay(b, `b${run}`, 2_000_000);
      if (run % 2 === 1) {
        // Everything that is open is confirmed, one payout after the other.
        await until("all is done", async () => {
          for (const one of await broadcasts()) if (!one.confirmed) await confirm(one.txid);
          const { by_status: counts } = desk.store.read(totalsOf);
          return counts.done === 2 * (run + 1);
        });
        await collect();
      } else await sent(`a${run}:0`);
      const cursor = desk.store.read((reader) => cursorOf(reader, "BTC"))?.height ?? -1;
      expect(cursor).toBeGreaterThan(height);
      height = cursor;
      await restart();
    }
    expect([paid.get(alice), paid.get(bob)]).toEqual([20_000_000n, 40_000_000n]);
    expect(desk.store.read(totalsOf)).toMatchObject({ sent: 60_000_000n, attention: 0, errored: 0 });
  });

  test("takes nothing back at a restart, and is well after it", async () => {
    await pay(await bind(alice), "t1");
    await confirm(await sent("t1:0"));
    await done("t1:0");
    await restart();
    await bind(bob);
    expect(desk.log.lines.filter((line) => line.includes("reorg"))).toEqual([]);
    expect(statusOf("t1:0")).toMatchObject({ status: "done", reversed: false });
    expect(JSON.parse(await desk.get("public", "/api/health"))).toMatchObject({
      status: "OK",
      exchange: { sender_error: "" },
    });
  });

  test("a second one on the same store is refused, and the first goes on", async () => {
    const second = await openDesk(place.dir).catch((error: Error) => error.message);
    expect(second).toContain("is in use by another teller");
    await pay(await bind(alice), "t1");
    await sent("t1:0");
  });
});
