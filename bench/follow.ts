/**
 * follow: the client side of catching up, a process of its own. It follows one node with two scanners, each with a
 * store of its own, and can also fetch the same blocks and do nothing with them.
 *
 *   bun bench/follow.ts JSON      see `FollowOptions`; then it is told by messages what to do
 */
import { join } from "node:path";
import { loadWatch } from "#internal/addrs";
import { bitcoinSource } from "#internal/bitcoin";
import { type ChainRules, cursorOf, openBook } from "#internal/book";
import { cursors } from "../internal/book/buckets.ts";
import { systemClock } from "#internal/clock";
import type { ChainSource } from "#internal/coin";
import { noCrash } from "#internal/life";
import { silent } from "#internal/log";
import { basicAuth, createHttp, type JsonRpc, jsonRpc } from "#internal/rpc";
import { scanner } from "#internal/scanner";
import { type BlockFetcher, blockFetcher } from "../internal/bitcoin/blocks.ts";
import { cpuSeconds } from "./process.ts";

/** FollowOptions say which node is followed and where the two stores are: one with few addresses, one with many. */
export interface FollowOptions {
  readonly url: string;
  readonly few: string;
  readonly many: string;
}

/** Task is what is to be done with so many new blocks. */
export interface Task {
  readonly kind: "fetch" | "few" | "many";
  readonly blocks: number;
}

/** TaskDone is what it took. */
export interface TaskDone {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const access = { user: "bench", password: "bench" };
const never = new AbortController().signal;
const pollMs = 2;
const hashesAtOnce = 500;
/** As the daemon's. */
const window = 2_000;
const rules: ChainRules = {
  ...{ coin: "BTC", confirmations: 1, window, rate: "500", maxDecimals: 3, buyMethod: "direct" },
};

function clientOf(url: string): JsonRpc {
  const http = createHttp({ base: url, deadlineMs: 60_000, maxBytes: 1024 * 1024, clock: systemClock });
  const headers = basicAuth(access.user, access.password);
  return jsonRpc(http, { name: "bitcoin", version: "1.0", headers, parse: JSON.parse });
}

/** Follower is a scanner that is told when to look. */
interface Follower {
  /** The newest block that its store has. */
  height(): number;
  /** reach lets it scan up to this height. */
  reach(height: number): Promise<void>;
}

async function follower(url: string, dir: string): Promise<Follower> {
  const stamp = { schema: 1, btc_network: "mainnet", dummy_scanner: true, dummy_sender: true };
  const store = await openBook(join(dir, "teller.db"), stamp);
  // A daemon of another measurement may have followed its dummy chain with this store.
  await store.write((tx) => tx.remove(cursors("BTC"), "cursor"));
  const clock = systemClock;
  const source = bitcoinSource({ url, ...access, network: "mainnet", clock });
  let error = "";
  const made = scanner({
    ...{ store, source, rules, clock, log: silent, crash: noCrash, credited: () => {} },
    watch: (signal) => loadWatch(store, "BTC", { clock, signal }),
    initialHeight: undefined,
    periodMs: 600_000,
  });
  made.part.run(never).catch((reason: unknown) => {
    error = String(reason);
  });
  const height = () => store.read((reader) => cursorOf(reader, "BTC"))?.height ?? 0;
  return {
    height,
    async reach(wanted) {
      made.bell.ring();
      while (height() < wanted || made.state().height < wanted) {
        const trouble = made.state().error || error;
        if (trouble !== "") throw new Error(`bench: ${trouble}`);
        await Bun.sleep(pollMs);
      }
    },
  };
}

/** fetchOnly asks for the same blocks in the same way and looks at none of them. */
async function fetchOnly(
  source: ChainSource,
  fetcher: BlockFetcher,
  from: number,
  count: number,
): Promise<void> {
  for (let done = 0; done < count; ) {
    const heights = Array.from({ length: Math.min(hashesAtOnce, count - done) }, (_, i) => from + done + i);
    const hashes = await source.hashesAt(heights, never);
    let refs = heights.map((height, i) => ({ height, hash: hashes[i] ?? "" }));
    while (refs.length > 0) refs = refs.slice((await fetcher(refs, never)).length);
    done += heights.length;
  }
}

async function main(options: FollowOptions): Promise<void> {
  const rpc = clientOf(options.url);
  const setTip = (height: number) => rpc.call({ method: "settip", params: [height] }, never);
  const source = bitcoinSource({ ...access, url: options.url, network: "mainnet", clock: systemClock });
  const fetcher = blockFetcher(rpc, 60_000);
  const followers = {
    few: await follower(options.url, options.few),
    many: await follower(options.url, options.many),
  };
  const run = async ({ kind, blocks }: Task): Promise<TaskDone> => {
    const from = kind === "fetch" ? 1 : followers[kind].height();
    await setTip(from + blocks);
    const before = { at: performance.now(), cpu: cpuSeconds(process.pid) };
    if (kind === "fetch") await fetchOnly(source, fetcher, from, blocks);
    else await followers[kind].reach(from + blocks);
    return {
      seconds: (performance.now() - before.at) / 1000,
      cpuSeconds: cpuSeconds(process.pid) - before.cpu,
    };
  };
  process.on("message", (task: Task) => {
    run(task).then(
      (done) => process.send?.(done),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.on("disconnect", () => process.exit(0));
  for (const one of Object.values(followers)) await one.reach(1);
  process.send?.("ready");
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? "") as FollowOptions);
