import { describe, expect, test } from "bun:test";
import { btcdBin } from "./chains.ts";
import { type KillReport, killAndCompare, summary } from "./kill_driver.ts";

/**
 * A hundred kills under load, with all three parties in processes of their own. `KILL_SEED` plays a seed again;
 * `make test-kill` does ten times as much.
 */
const bin = btcdBin();
if (bin === undefined) console.log("skipped: the kills need btcd (BTCD_BIN) or Go to build it");

function seedOf(given: string | undefined): number {
  return given === undefined || given === "" ? 1 + Math.floor(Math.random() * 1e8) : Number(given);
}

const kills = 100;
const deposits = 1000;
const longestMs = 240_000;

describe.skipIf(bin === undefined)("killed at random moments under load", () => {
  let report: KillReport | undefined;

  test(
    "every deposit is paid exactly once, and the books of both sides agree",
    async () => {
      const seed = seedOf(process.env["KILL_SEED"]);
      console.log(`KILL_SEED=${seed}`);
      report = await killAndCompare({ kills, deposits, seed, btcdBin: bin ?? "" });
      console.log(summary(report));
      expect(report.problems).toEqual([]);
      expect(report).toMatchObject({ kills, deposits, lost: 0, doubled: 0 });
    },
    longestMs,
  );

  test("the kills were such that something could go wrong", () => {
    expect(report?.payouts).toBeGreaterThan(kills / 10);
    expect(report?.whilePaying).toBeGreaterThan(kills / 10);
  });
});
