import { afterEach, describe, expect, test } from "bun:test";
import { manualClock, systemClock } from "#internal/clock";
import { droplet } from "#internal/money";
import { type Node, restNode, transactionHex, txidOf } from "#internal/skycoin";
import { firstKeyOf, firstSpend } from "./chain.ts";
import { type Skynode, type SkynodeOptions, startSkynode } from "./skynode.ts";
import { buildPayment, type Payment } from "./wallet.ts";

const never = new AbortController().signal;
const hot = firstKeyOf("hot");
const customer = firstKeyOf("customer");
const [hotUxid] = firstSpend.uxids;

const running: Skynode[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
});

/** A node with the first spend in block 1, its interface as the daemon sees it. */
async function begun(options: SkynodeOptions = {}): Promise<{ skynode: Skynode; node: Node }> {
  const skynode = startSkynode(options);
  running.push(skynode);
  const node = restNode({ address: skynode.url, clock: systemClock });
  expect(await node.inject(firstSpend.raw, never)).toEqual({ ok: true, value: firstSpend.txid });
  expect(skynode.block()?.seq).toBe(1);
  return { skynode, node };
}

function pay(coins: bigint, more: Partial<Payment> = {}): Payment {
  return { from: "hot", to: customer.address, coins: droplet(coins), ...more };
}

/** A payment of the hot wallet, signed and not sent. */
function signed(skynode: Skynode, payment: Payment): { raw: string; txid: string } {
  const tx = buildPayment(skynode.world, payment);
  if (!tx.ok) throw new Error(tx.refusal);
  return { raw: transactionHex(tx.value), txid: txidOf(tx.value) };
}

describe("a publisher with other rules", () => {
  test("a transaction that was taken waits, and revives when the rules change", async () => {
    const { skynode, node } = await begun();
    // The first spend burns a tenth: it confirmed before the rules were strict.
    skynode.setRules({ publisher: { burnFactor: 2n } });
    const { raw, txid } = signed(skynode, pay(1_000_000n, { burn: 10n }));
    expect((await node.inject(raw, never)).ok).toBe(true);
    expect(skynode.block()).toBeUndefined();
    expect(await node.transaction(txid, never)).toEqual({ confirmed: false, blockSeq: undefined });
    expect(await node.uxout(hotUxid, never)).toMatchObject({ spent: undefined });
    skynode.setRules({ publisher: { burnFactor: 10n } });
    expect(skynode.block()?.txids).toEqual([txid]);
  });

  test("one with more fee on the same input confirms, and the first is gone", async () => {
    const { skynode, node } = await begun();
    skynode.setRules({ publisher: { burnFactor: 2n } });
    const [first, second] = [10n, 2n].map((burn) => signed(skynode, pay(1_000_000n, { burn })));
    for (const made of [first, second]) expect((await node.inject(made?.raw ?? "", never)).ok).toBe(true);
    expect(skynode.block()?.txids).toEqual([second?.txid ?? ""]);
    expect(await node.transaction(first?.txid ?? "", never)).toBeUndefined();
  });

  test("a small block leaves out what does not fit, and all behind it", async () => {
    const { skynode, node } = await begun();
    skynode.setRules({ publisher: { maxBlockSize: 300 } });
    const { raw, txid } = signed(skynode, pay(1_000_000n));
    await node.inject(raw, never);
    const foreign = skynode.spend({ from: "genesis", to: customer.address, coins: droplet(5_000_000n) });
    // The genesis wallet burns far more hours, so it is first and leaves no room.
    expect(skynode.block()?.txids).toEqual([foreign.ok ? foreign.value : ""]);
    expect(skynode.block()?.txids).toEqual([txid]);
  });

  test("the node tells its own rules, not the publisher's", async () => {
    const { skynode, node } = await begun({ rules: { burnFactor: 10n, maxSize: 20_000 } });
    skynode.setRules({ node: { burnFactor: 20n, maxDecimals: 2 }, publisher: { burnFactor: 2n } });
    expect(await node.health(never)).toMatchObject({
      burnFactor: 20n,
      maxDecimals: 2,
      maxTransactionSize: 20_000,
    });
  });
});

describe("the pool", () => {
  test("while it holds a loser, outputs and balance answer 500; clean-up ends that", async () => {
    const { skynode, node } = await begun({ cleanSeconds: Number.POSITIVE_INFINITY });
    const [poor, rich] = [10n, 2n].map((burn) => signed(skynode, pay(1_000_000n, { burn })));
    for (const made of [poor, rich]) await node.inject(made?.raw ?? "", never);
    skynode.block();
    await expect(node.outputs([hot.text], never)).rejects.toMatchObject({ fate: "retry" });
    const balance = await fetch(`${skynode.url}/api/v1/balance?addrs=${hot.text}`);
    expect(await balance.text()).toBe(
      `500 Internal Server Error - gateway.GetBalanceOfAddresses failed: GetArray failed when checking addresses balance: unspent output of ${hotUxid} does not exist\n`,
    );
    expect(skynode.clean()).toEqual([poor?.txid ?? ""]);
    expect((await node.outputs([hot.text], never)).unspent.length).toBe(1);
  });

  test("without peers nothing is kept, unless the sender said that it need not be broadcast", async () => {
    const { skynode, node } = await begun();
    skynode.world.peers = 0;
    const { raw, txid } = signed(skynode, pay(1_000_000n));
    await expect(node.inject(raw, never)).rejects.toMatchObject({ fate: "ask" });
    expect(await node.transaction(txid, never)).toBeUndefined();
    skynode.world.peers = 1;
    expect((await node.inject(raw, never)).ok).toBe(true);
    skynode.world.peers = 0;
    // What was pooled before stays, as it would after a failed broadcast.
    await expect(node.inject(raw, never)).rejects.toMatchObject({ fate: "ask" });
    expect(await node.transaction(txid, never)).toMatchObject({ confirmed: false });
  });
});

describe("a node set back to an older copy", () => {
  test("forgets transactions, offers spent outputs, and refuses what it does not know; then it catches up", async () => {
    const { skynode, node } = await begun();
    skynode.remember("before");
    const first = signed(skynode, pay(1_000_000n));
    await node.inject(first.raw, never);
    skynode.block();
    const second = signed(skynode, pay(2_000_000n));
    expect(skynode.setBack("before", "node")).toMatchObject({ ok: true });
    expect((await node.health(never)).head.seq).toBe(1);
    expect(await node.transaction(first.txid, never)).toBeUndefined();
    expect((await node.outputs([hot.text], never)).unspent.map(({ uxid }) => uxid)).toContain(hotUxid);
    expect(await node.inject(second.raw, never)).toMatchObject({ ok: false });
    // It takes again what the chain has confirmed already.
    expect((await node.inject(first.raw, never)).ok).toBe(true);
    expect(skynode.catchUp()).toMatchObject({ ok: true });
    expect(await node.transaction(first.txid, never)).toEqual({ confirmed: true, blockSeq: 2 });
    expect((await node.inject(second.raw, never)).ok).toBe(true);
  });

  test("passes on what it takes: the chain confirms it while the node does not know", async () => {
    const { skynode, node } = await begun();
    skynode.remember("before");
    skynode.setBack("before", "node");
    const { raw, txid } = signed(skynode, pay(1_000_000n));
    await node.inject(raw, never);
    expect(skynode.block()?.txids).toEqual([txid]);
    expect(await node.transaction(txid, never)).toEqual({ confirmed: false, blockSeq: undefined });
    skynode.catchUp();
    expect(await node.transaction(txid, never)).toEqual({ confirmed: true, blockSeq: 2 });
  });

  test("a chain set back goes on with other blocks", async () => {
    const { skynode, node } = await begun();
    skynode.remember("before");
    skynode.spend(pay(1_000_000n));
    skynode.block();
    const lost = await node.blockHash(2, never);
    expect(skynode.setBack("before", "chain")).toMatchObject({ ok: true });
    expect(await node.blockHash(2, never)).toBeUndefined();
    skynode.spend(pay(2_000_000n));
    skynode.block();
    const other = await node.blockHash(2, never);
    expect(other).toBeDefined();
    expect(other).not.toBe(lost ?? "");
  });

  test("there is no way back to what nobody kept", async () => {
    const { skynode } = await begun();
    expect(skynode.setBack("never", "node")).toEqual({ ok: false, refusal: "no snapshot never" });
  });
});

describe("another user of the wallet", () => {
  test("spends an output that the daemon counts on", async () => {
    const { skynode, node } = await begun();
    const spent = skynode.spend(pay(7_000_000n, { inputs: [hotUxid] }));
    skynode.block();
    expect(await node.uxout(hotUxid, never)).toMatchObject({ spent: { txid: spent.ok ? spent.value : "" } });
  });

  test("cannot spend what is not there", async () => {
    const { skynode } = await begun();
    expect(skynode.spend(pay(10n ** 15n))).toEqual({ ok: false, refusal: "balance is not sufficient" });
    expect(skynode.spend({ ...pay(1n), from: "customer" })).toMatchObject({ ok: false });
  });
});

describe("blocks", () => {
  test("of others give change the hours that it does not gain by itself", async () => {
    const { skynode, node } = await begun({ foreignSeconds: 3_600 });
    const before = (await node.outputs([hot.text], never)).unspent[0]?.hours ?? 0n;
    skynode.spend(pay(1_000_000n, { burn: 2n }));
    skynode.block();
    // Half of the million was burned; the hour behind it gave another million.
    const after = (await node.outputs([hot.text], never)).unspent[0]?.hours ?? 0n;
    expect([before > 1_000_000n, after > before / 2n + 990_000n]).toEqual([true, true]);
  });

  test("of others are refused when the publisher has burned all their hours", async () => {
    const { skynode } = await begun();
    skynode.setRules({ publisher: { burnFactor: 1n } });
    expect(skynode.foreignBlock(60).ok).toBe(true);
    expect(skynode.foreignBlock(60)).toEqual({ ok: false, refusal: "the genesis wallet has no hours" });
  });

  test("come on the timer, not while paused", async () => {
    const clock = manualClock();
    const { skynode } = await begun({ clock, blockSeconds: 10 });
    const mine = (): number => skynode.world.chain.head().seq;
    skynode.pause();
    skynode.spend(pay(1_000_000n));
    await clock.advance(30_000);
    expect(mine()).toBe(1);
    skynode.resume();
    await clock.advance(9_000);
    expect(mine()).toBe(1);
    await clock.advance(1_000);
    expect(mine()).toBe(2);
    await clock.advance(60_000);
    expect(mine()).toBe(2);
  });

  test("a chain that keeps one wallet only still answers for it", async () => {
    const { skynode, node } = await begun({ keep: [hot.text], history: 5 });
    for (let i = 0; i < 10; i++) {
      expect((await node.inject(signed(skynode, pay(1_000_000n, { burn: 10n })).raw, never)).ok).toBe(true);
      skynode.block();
    }
    expect((await node.outputs([hot.text], never)).unspent.length).toBe(1);
    expect((await node.outputs([customer.text], never)).unspent.length).toBe(0);
    expect(await node.blockHash(11, never)).toBeDefined();
  });
});

describe("tokens", () => {
  test("end after thirty seconds", async () => {
    const clock = manualClock();
    const { skynode } = await begun({ clock });
    const { csrf_token: token } = Object(await (await fetch(`${skynode.url}/api/v1/csrf`)).json());
    const ask = () =>
      fetch(`${skynode.url}/api/v1/injectTransaction`, {
        method: "POST",
        body: "{}",
        headers: { "X-CSRF-Token": String(token) },
      });
    clock.jump(30_000);
    expect((await ask()).status).toBe(400);
    clock.jump(1);
    expect(await (await ask()).text()).toBe("403 Forbidden - csrf token expired\n");
  });
});
