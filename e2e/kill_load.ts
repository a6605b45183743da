import type { Random } from "../bench/random.ts";
import { customerAddress } from "./chains.ts";
import type { KillChains } from "./kill_chains.ts";
import type { Post } from "./kill_process.ts";

/** Sent is a deposit that we made on the Bitcoin chain: the books must have it exactly once. */
export interface Sent {
  /** `txid:n`. */
  readonly id: string;
  readonly sky: string;
  readonly address: string;
  /** Satoshi. */
  readonly value: bigint;
}

/** BoundAddress is a deposit address that the executable gave to a customer before it was killed. */
export interface BoundAddress {
  readonly sky: string;
  readonly address: string;
}

/** Load is the traffic of customers: they bind, pay, and their payments are mined. */
export interface Load {
  readonly sent: readonly Sent[];
  readonly bound: readonly BoundAddress[];
  /** What an answer said that should not have been said. */
  readonly complaints: readonly string[];
  /** run goes on until it is told to stop, with as many deposits as `progress` (0 to 1) asks for. */
  run(progress: () => number, signal: AbortSignal): Promise<void>;
}

/** LoadOptions say how much traffic there is. */
export interface LoadOptions {
  readonly chains: KillChains;
  readonly post: Post;
  readonly random: Random;
  readonly deposits: number;
  /** From one block to the next. */
  readonly blockMs: number;
}

/** So many deposits come to each Skycoin address, on the average. */
const depositsPerCustomer = 10;
/** Each customer has so many deposit addresses. */
const addressesPerCustomer = 2;
/** Most transactions pay a few deposits, one in so many pays up to so many. */
const largeEvery = 25;
const mostOutputs = 300;
const fewOutputs = 4;
const bindsAtOnce = 20;
const bindMs = 2_000;
/** One deposit in so many buys less than the smallest amount. */
const dustEvery = 50;

/** bindingsFor tells how many bindings a load of so many deposits makes, those left out whose answer is lost. */
export function bindingsFor(deposits: number): number {
  return Math.max(4, Math.ceil(deposits / depositsPerCustomer)) * addressesPerCustomer;
}

/** amountOf makes the i-th amount: no two deposits are owed the same, so one can never stand in for another. */
function amountOf(i: number, random: Random): bigint {
  if (random(dustEvery) === 0) return BigInt(1 + random(199));
  return 20_000n + 200n * BigInt(i) + BigInt(random(200));
}

/** newLoad makes the traffic; nothing happens before `run`. */
export function newLoad(options: LoadOptions): Load {
  const { chains, post, random, deposits } = options;
  const sent: Sent[] = [];
  const bound: BoundAddress[] = [];
  const complaints: string[] = [];
  const bindings = bindingsFor(deposits);
  const largest = Math.min(mostOutputs, Math.ceil(deposits / 10));
  const batchSize = () => 1 + random(random(largeEvery) === 0 ? largest : fewOutputs);

  const bindOne = async () => {
    const sky = customerAddress(bound.length % (bindings / addressesPerCustomer));
    const address = await bind(post.publicUrl, sky, complaints);
    if (address !== undefined) bound.push({ sky, address });
    return address !== undefined;
  };
  const payBatch = async (count: number) => {
    const payments = Array.from({ length: count }, (_, k) => {
      const to = bound[random(bound.length)] ?? { sky: "", address: "" };
      return { ...to, value: amountOf(sent.length + k, random) };
    });
    const { txid } = await chains.wallet.pay(payments);
    for (const [n, payment] of payments.entries()) sent.push({ ...payment, id: `${txid}:${n}` });
  };
  return {
    sent,
    bound,
    complaints,
    async run(progress, signal) {
      while (!signal.aborted) {
        const due = progress();
        for (let i = 0; i < bindsAtOnce && bound.length < bindings * (0.1 + due); i++) {
          if (!(await bindOne())) break;
        }
        const wanted = Math.ceil(deposits * due);
        // A transaction a block, so that there are many payouts; at the end all that is left.
        do {
          const count = Math.min(batchSize(), deposits - sent.length);
          if (bound.length > 0 && sent.length < wanted) await payBatch(count);
        } while (due === 1 && bound.length > 0 && sent.length < deposits);
        await chains.wallet.generate(1);
        await pause(random, options.blockMs);
      }
    },
  };
}

async function pause(random: Random, ms: number): Promise<void> {
  await Bun.sleep(ms / 2 + random(ms));
}

/** A broken connection is a kill; only words are an answer, and only some of them may be said. */
async function bind(url: string, sky: string, complaints: string[]): Promise<string | undefined> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`${url}/api/bind`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ skyaddr: sky, coin_type: "BTC" }),
      signal: AbortSignal.timeout(bindMs),
    });
    text = await answer.text();
  } catch {
    return undefined;
  }
  if (answer.ok) return (JSON.parse(text) as { deposit_address: string }).deposit_address;
  if (!text.includes("deposits open when the chain is scanned"))
    complaints.push(`bind: ${answer.status} ${text}`);
  return undefined;
}
