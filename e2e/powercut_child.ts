import { readFileSync, writeSync } from "node:fs";
import {
  bind,
  bookBuckets,
  boundAddresses,
  depositInfo,
  latestPayout,
  attemptsOf,
  payoutOf,
  storedStatuses,
} from "#internal/book";
import { openStore, type Reader, type Store } from "#internal/db";
import { Fault, messageOf } from "#internal/fault";
import { audit } from "../internal/book/testaudit.ts";
import type { Fact } from "./powercut_world.ts";

/**
 * powercut_child looks at stores as power cuts left them, in a process of its own: a store that is damaged
 * can take its reader down. `bun powercut_child.ts JOB FROM STEP` tells `looking I`, then `fine I …` or `bad I …`.
 */

/** Look is what one child is asked to look at. */
export interface Look {
  readonly facts: readonly Fact[];
  /** Each store with the number of facts that had left before the cut. */
  readonly cuts: readonly { readonly path: string; readonly facts: number }[];
}

const say = (line: string) => writeSync(1, `${line}\n`);

/** forgotten names what left the machine and is not in the store. */
function forgotten(reader: Reader, facts: readonly Fact[]): string[] {
  const raws = new Set<string>();
  const last = latestPayout(reader)?.seq ?? 0;
  for (let seq = 1; seq <= last; seq++) {
    const payout = payoutOf(reader, seq);
    for (const { raw } of payout === undefined ? [] : attemptsOf(payout)) raws.add(raw);
  }
  const rank = (status: string) => (storedStatuses as readonly string[]).indexOf(status);
  return facts.flatMap((fact) => {
    if (fact.kind === "payout") return raws.has(fact.raw) ? [] : [`the bytes of a payout`];
    if (fact.kind === "bind") {
      const owner = boundAddresses(reader, "BTC", fact.address);
      return owner === fact.sky && owner !== "" ? [] : [`${fact.address} of ${fact.sky}, it has ${owner}`];
    }
    const status = depositInfo(reader, fact.id)?.status ?? "";
    return rank(status) >= rank(fact.status) ? [] : [`${fact.id} ${fact.status}, it has ${status}`];
  });
}

/** A store that can be read may still have lost count of its free pages: only writing to it shows that. */
async function writes(store: Store): Promise<void> {
  const request = { coin: "BTC", method: "direct", limit: 0, at: 1 } as const;
  for (let i = 0; i < 20; i++) await store.write((tx) => bind(tx, { ...request, sky: `after ${i}` }));
}

async function look(path: string, facts: readonly Fact[]): Promise<string[]> {
  let store: Store;
  try {
    store = openStore(path, bookBuckets);
  } catch (error) {
    // Before the first sync there is no store; it may be refused, but only if nothing had left.
    if (error instanceof Fault && facts.length === 0) return [];
    return [`it does not open: ${messageOf(error)}`];
  }
  try {
    const problems = [...audit(store), ...store.read((reader) => forgotten(reader, facts))];
    if (problems.length > 0) return problems;
    await writes(store);
    return audit(store);
  } finally {
    await store.close();
  }
}

if (import.meta.main) {
  const [job = "", from = "0", step = "1"] = process.argv.slice(2);
  const { facts, cuts } = JSON.parse(readFileSync(job, "utf8")) as Look;
  for (let i = Number(from); i < cuts.length; i += Number(step)) {
    const cut = cuts[i];
    if (cut === undefined) break;
    say(`looking ${i}`);
    const problems = await look(cut.path, facts.slice(0, cut.facts)).catch((error: unknown) => [
      `it fails: ${messageOf(error)}`,
    ]);
    say(
      problems.length === 0
        ? `fine ${i}`
        : `bad ${i} ${problems.slice(0, 3).join("; ").replaceAll("\n", " ")}`,
    );
  }
}
