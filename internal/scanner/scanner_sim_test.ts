import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  bind,
  type ChainRules,
  cursorOf,
  depositsByStatus,
  importAddresses,
  openBook,
  totalsOf,
} from "#internal/book";
import { manualClock } from "#internal/clock";
import type { Store } from "#internal/db";
import { noCrash } from "#internal/life";
import { silent } from "#internal/log";
import { scanner } from "./mod.ts";
import { SimChain, type SimPayment, watchAll } from "./simchain.ts";

const stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };
const rules: ChainRules = {
  coin: "BTC",
  confirmations: 3,
  window: 60,
  rate: "7",
  maxDecimals: 3,
  buyMethod: "direct",
};
const addresses = ["a1", "a2", "a3"];
const sky = "2EVNa4CK9SKosT4j1GEn8SuuUUEAXaHAMbM";

type Step =
  | { kind: "mine"; pays: { address: number; remine: boolean }[] }
  | { kind: "reorg"; depth: number; longer: number; then: "drop" | "remine" | "respend" }
  | { kind: "outage"; calls: number }
  | { kind: "restart" }
  | { kind: "look" };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("mine" as const),
      pays: fc.array(fc.record({ address: fc.nat(3), remine: fc.boolean() }), { maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("reorg" as const),
      depth: fc.integer({ min: 1, max: 12 }),
      longer: fc.integer({ min: 0, max: 2 }),
      then: fc.constantFrom("drop" as const, "remine" as const, "respend" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("outage" as const), calls: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: "look" as const }) },
);

/** Runs one scanner over the store until it has caught up, then stops it: each use is a restart. */
async function run(store: Store, chain: SimChain): Promise<void> {
  const clock = manualClock();
  const made = scanner({
    store,
    source: chain.source(3),
    watch: async () => watchAll(new Set(addresses)),
    rules,
    initialHeight: 1,
    periodMs: 1000,
    clock,
    log: silent,
    crash: noCrash,
    credited: () => {},
  });
  const stop = new AbortController();
  const running = made.part.run(stop.signal);
  for (let i = 0; i < 10; i++) {
    const idle = clock.nextSleep();
    made.bell.ring();
    await idle;
    const cursor = store.read((reader) => cursorOf(reader, "BTC"));
    if (cursor?.hash === chain.tip.hash || (cursor?.height ?? -1) > chain.tip.height) break;
  }
  stop.abort();
  await running;
}

const idOf = (payment: SimPayment) => `${payment.txid}:${payment.n}`;

function play(chain: SimChain, step: Step, state: { made: number; gone: SimPayment[] }): void {
  const fresh = (address: number): SimPayment => {
    state.made += 1;
    const name = addresses[address] ?? "not-ours";
    return {
      txid: `t${state.made}`,
      n: state.made % 3,
      value: BigInt(state.made),
      address: name,
      inputs: [`c${state.made}:0`],
    };
  };
  if (step.kind === "mine") {
    chain.mine(
      step.pays.map(({ address, remine }) => (remine ? state.gone.pop() : undefined) ?? fresh(address)),
    );
  } else if (step.kind === "reorg") {
    const depth = Math.min(step.depth, chain.tip.height);
    state.gone.push(...chain.drop(depth).flatMap((block) => block.payments));
    for (let i = 0; i < depth + step.longer; i++) {
      const back = step.then === "drop" ? [] : state.gone.splice(0, 1);
      chain.mine(step.then === "respend" ? back.map(({ inputs }) => ({ ...fresh(i % 3), inputs })) : back);
    }
  } else if (step.kind === "outage") {
    chain.failures = step.calls;
  }
}

/** What the final chain says is credited: ours, and deep enough. */
function truth(chain: SimChain): string[] {
  const deep = chain.blocks.filter((block) => chain.tip.height - block.height + 1 >= rules.confirmations);
  const ours = deep.flatMap((block) => block.payments).filter(({ address }) => addresses.includes(address));
  return ours.map(idOf).sort();
}

test("for any blocks, reorgs, outages and restarts the credited set is what the final chain says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), async (script) => {
      const dir = mkdtempSync(join(tmpdir(), "scan-sim-"));
      const store = await openBook(join(dir, "teller.db"), stamp);
      try {
        await store.write((tx) => {
          importAddresses(
            tx,
            "BTC",
            addresses.map((address) => ({ address, script: address })),
          );
          for (const _ of addresses) bind(tx, { sky, coin: "BTC", method: "direct", limit: 0, at: 1 });
        });
        const chain = new SimChain();
        const state = { made: 0, gone: [] as SimPayment[] };
        for (const step of script) {
          play(chain, step, state);
          if (step.kind === "look" || step.kind === "restart") await run(store, chain);
        }
        chain.failures = 0;
        chain.mine();
        await run(store, chain);
        const rows = store.read((reader) => depositsByStatus(reader, undefined, { limit: 10_000 }));
        const standing = rows.filter((info) => !info.reversed && info.replaced_by === "");
        expect(standing.map((info) => info.deposit_id).sort()).toEqual(truth(chain));
        const sum = standing.reduce((total, info) => total + info.deposit_value, 0n);
        expect(store.read(totalsOf).received.BTC).toBe(sum);
        expect(store.read((reader) => cursorOf(reader, "BTC"))?.hash).toBe(chain.tip.hash);
      } finally {
        await store.close();
        rmSync(dir, { recursive: true });
      }
    }),
    { numRuns: 100 },
  );
}, 60_000);
