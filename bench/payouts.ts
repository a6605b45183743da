import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openBook } from "#internal/book";
import { systemClock } from "#internal/clock";
import { invariant } from "#internal/fault";
import { addressOf, addressText, generateKeys, publicKeyOf, restNode } from "#internal/skycoin";
import type { Daemon } from "./daemon.ts";
import { anchorIn, stampOf } from "./fill.ts";
import { type Loader, withLoader } from "./loader.ts";
import { saidBy } from "./process.ts";
import { median, type Row, spread } from "./report.ts";
import { type Bench, keepStore, onCopy } from "./stores.ts";

const count = 1_000;
const satoshi = 200_000;
const clients = 48;
/** As on Skycoin's own network. */
const blockSeconds = 10;
const mostBlocks = 4;
const pollMs = 50;
const patienceMs = 180_000;

/** Standin is a Skycoin node in a process of its own. */
interface Standin {
  readonly url: string;
  stop(): Promise<void>;
}

async function startStandin(): Promise<Standin> {
  const main = join(import.meta.dir, "../standin/skynode/main.ts");
  const flags = ["--port", "0", "--block-seconds", String(blockSeconds)];
  const child = Bun.spawn([process.execPath, main, ...flags], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const url = await saidBy(child, /listens on (\S+),/);
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

async function command(node: Standin, name: string, args: unknown = {}): Promise<unknown> {
  const answer = await fetch(`${node.url}/control/${name}`, { method: "POST", body: JSON.stringify(args) });
  if (!answer.ok) throw new Error(`bench: ${name}: ${await answer.text()}`);
  return answer.json();
}

const walletSeed = "public hot wallet of the bench";

/** newWallet makes a hot wallet whose keys everybody knows, and gives its address. */
function newWallet(path: string): string {
  const made = generateKeys(Buffer.from(walletSeed), 1);
  invariant(made.ok, "bench: no keys from a seed");
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const entries = made.value.secrets.map((secret) => ({
    address: addressText(addressOf(publicKeyOf(secret))),
    public_key: hex(publicKeyOf(secret)),
    secret_key: hex(secret),
  }));
  const meta = {
    ...{ coin: "skycoin", filename: "hot.wlt", label: "hot", type: "deterministic", version: "0.2" },
    ...{ seed: walletSeed, lastSeed: hex(made.value.lastSeed), encrypted: "false", tm: "0" },
  };
  writeFileSync(path, JSON.stringify({ meta, entries }));
  return entries[0]?.address ?? "";
}

/** fund gives the hot wallet its coins, and more coin hours than it needs, in a block of their own. */
async function fund(node: Standin, to: string): Promise<void> {
  await command(node, "spend", { from: "genesis", to, coins: "1000000", hours: 1_000_000 });
  await command(node, "block");
}

async function headSeq(node: Standin): Promise<number> {
  return ((await command(node, "state")) as { node: { seq: number } }).node.seq;
}

interface Paid {
  /** Block times that passed until the last customer was paid on the chain. */
  readonly blocks: number;
  /** Seconds until the books say so. */
  readonly seconds: number;
}

/** untilPaid watches both until every customer is paid. */
async function untilPaid(daemon: Daemon, node: Standin): Promise<Paid> {
  const began = performance.now();
  let seq = await headSeq(node);
  let newest = began;
  for (;;) {
    const now = await headSeq(node);
    if (now !== seq) newest = performance.now();
    seq = now;
    const books = (await (await fetch(`${daemon.adminUrl}/api/accounting`)).json()) as { sent: string };
    const seconds = (performance.now() - began) / 1000;
    // The newest block is one of those that passed; so are those a block time before it each, back to the beginning.
    if (books.sent === `${count}.000000`)
      return { blocks: Math.floor((newest - began) / 1000 / blockSeconds) + 1, seconds };
    if (seconds * 1000 > patienceMs)
      throw new Error(`bench: ${books.sent} of ${count} SKY were sent in time`);
    await Bun.sleep(pollMs);
  }
}

/** round pays the customers on a chain of its own. `delay` tells how far into a block time the deposits come. */
async function round(bench: Bench, load: Loader, delay: number): Promise<Paid> {
  const kept = await keepStore(bench, { size: 2 * count, bound: count, dummySender: false });
  const wallet = join(bench.dir, "hot.wlt");
  const address = newWallet(wallet);
  const node = await startStandin();
  try {
    await fund(node, address);
    const sky = { node: new URL(node.url).host, wallet };
    // The chain of each round is another, and with it the output with which the payouts begin.
    const prepare = async (dir: string) => {
      const store = await openBook(join(dir, "teller.db"), stampOf(false));
      await anchorIn(store, restNode({ address: sky.node, clock: systemClock }), [address]);
      await store.close();
    };
    return await onCopy(bench, { ...kept, sky, prepare }, async (daemon) => {
      await Bun.sleep(delay * 1000);
      const paid = untilPaid(daemon, node);
      const posting = load.run({
        kind: "deposit",
        url: daemon.dummyUrl,
        clients,
        list: kept.list,
        value: satoshi,
      });
      const [done] = await Promise.all([paid, posting]);
      return done;
    });
  } finally {
    await node.stop();
  }
}

/**
 * measurePayouts measures how many blocks it takes to pay a thousand customers whose money comes at once. All of a
 * round is waiting, so the rounds go side by side, and the money comes at another moment of a block time in each.
 */
export async function measurePayouts(bench: Bench): Promise<Row[]> {
  bench.say(`payouts to ${count} customers, ${bench.rounds} rounds side by side`);
  await keepStore(bench, { size: 2 * count, bound: count, dummySender: false });
  const rounds = await Promise.all(
    Array.from({ length: bench.rounds }, (_, i) =>
      withLoader((load) => round(bench, load, (i * blockSeconds) / bench.rounds)),
    ),
  );
  const blocks = rounds.map((paid) => paid.blocks);
  return [
    {
      ...{ name: `${count} deposits at once, blocks until all are paid`, unit: "blocks", ...spread(blocks) },
      ...{ goal: `<= ${mostBlocks}`, met: median(blocks) <= mostBlocks },
    },
    {
      name: `  until the books say so, a block every ${blockSeconds} s`,
      unit: "s",
      ...spread(rounds.map(({ seconds }) => seconds)),
    },
  ];
}
