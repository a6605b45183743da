import { afterEach, expect, test } from "bun:test";
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { bitcoinAddresses } from "../bench/addresses.ts";
import { customerAddress } from "./chains.ts";
import { get, until } from "./daemon.ts";
import { bindable, bindAt, type Life, openPost, type Post } from "./limits_world.ts";

/** A very large pool. `LIMITS_POOL=1000000` makes it a million addresses, which takes some minutes. */
const size = Number(process.env["LIMITS_POOL"] || 30_000);
const minute = 60_000;
const longestMs = minute + size;
const shutdownMs = 45_000;
/** A million lines are cut apart and compared in one go; all else is done in pieces. */
const mostHealthMs = 1000 + size / 200;
/** The watched scripts and the import's own list, and what the program needs without any. */
const mostMegabytes = 300 + (1500 * size) / 1e6;

let post: Post | undefined;
afterEach(() => post?.remove());

const config = `btc_addresses = "pool.txt"
[teller]
max_bound_addrs = 0
[sky_exchanger]
sky_btc_exchange_rate = "500"
`;

const megabytes = (life: Life) => {
  const status = readFileSync(`/proc/${life.pid}/status`, "utf8");
  return (Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]) * 1024) / 1e6;
};

/** slowestHealth asks for health again and again until something is true, and gives the longest time it took. */
async function slowestHealth(life: Life, over: () => boolean): Promise<number> {
  let slowest = 0;
  await until(
    "the pool is read again",
    async () => {
      const asked = performance.now();
      await (await fetch(`${life.publicUrl}/api/health`)).text();
      slowest = Math.max(slowest, performance.now() - asked);
      return over();
    },
    longestMs,
  );
  return slowest;
}

async function pay(life: Life, address: string, tx: string): Promise<void> {
  const query = `addr=${address}&value=200000&height=1&tx=${tx}`;
  expect((await fetch(`${life.dummyUrl}/dummy/scanner/deposit?${query}`)).status).toBe(200);
}

test(
  `a pool of ${size} addresses is imported, also when that is cut off, loaded, given out of, and every one of it is seen`,
  async () => {
    const pool = bitcoinAddresses(size);
    post = openPost(pool, config);
    const clock = () => performance.now();
    const tell = (what: string, began: number) => console.log(`${what}: ${Math.round(clock() - began)} ms`);

    let began = clock();
    const doomed = post.launch();
    await until("it writes its pool", () => sizeOf(post) > 300_000, longestMs);
    doomed.signal("SIGHUP");
    const cut = await doomed.stop();
    expect(cut).toMatchObject({ code: 0, signal: null });
    expect(cut.ms).toBeLessThan(shutdownMs);
    expect(post.log()).toContain("stopping before the start was complete");
    tell("import, cut off", began);

    began = clock();
    const first = await post.start("", longestMs);
    tell("import and start", began);
    const bound = [await bindable(first, customerAddress(0))];
    began = clock();
    for (let i = 1; i <= 100; i++)
      bound.push(...[await bindAt(first, customerAddress(i))].flatMap((one) => one ?? []));
    tell("100 bindings, one after the other", began);
    expect(bound).toHaveLength(101);
    console.log(`${Math.round(megabytes(first))} MB`);
    expect(await first.stop()).toMatchObject({ code: 0 });

    began = clock();
    const second = await post.start("", longestMs);
    await bindable(second, customerAddress(0));
    tell("start", began);

    began = clock();
    const extra = bitcoinAddresses(size + 1).at(-1) ?? "";
    appendFileSync(join(post.dir, "pool.txt"), `\n${extra}`);
    second.signal("SIGHUP");
    const slowest = await slowestHealth(second, () => post?.log().includes("added=1 ") === true);
    tell("read again", began);
    console.log(`health took ${Math.round(slowest)} ms at most meanwhile`);
    expect(slowest).toBeLessThan(mostHealthMs);

    const [one] = bound;
    await pay(second, one?.address ?? "", "hit");
    const free = pool.find((address) => bound.every((other) => other.address !== address)) ?? "";
    await pay(second, free, "unbound");
    await until("the deposit is seen", async () => {
      const { deposits } = await get<{ deposits: { deposit_id: string }[] }>(
        `${second.adminUrl}/api/deposits`,
      );
      return deposits.some(({ deposit_id: id }) => id === "hit:0");
    });
    await until("the money of nobody is told", () => post?.log().includes(free) === true);
    console.log(`${Math.round(megabytes(second))} MB`);
    expect(megabytes(second)).toBeLessThan(mostMegabytes);
    expect(await second.stop()).toMatchObject({ code: 0 });
    expect(await post.problems(bound)).toEqual([]);
  },
  3 * longestMs,
);

function sizeOf(at: Post | undefined): number {
  return at === undefined ? 0 : (statSync(at.store, { throwIfNoEntry: false })?.size ?? 0);
}
