/**
 * kill: kills the executable under load, again and again, and compares the books at the end.
 *
 *   bun scripts/kill.ts [--kills 1000] [--deposits 10000] [--seed N]
 *
 * Needs btcd ($BTCD_BIN, or Go to build it). With $SKYCOIN_BIN a stock Skycoin node takes the place of the
 * stand-in; its blocks take ten seconds. $TELLER_BIN is the executable; without it one is built. Ends with 1
 * when anything is lost, doubled or otherwise wrong.
 */
import { parseArgs } from "node:util";
import { btcdBin } from "../e2e/chains.ts";
import { killAndCompare, summary } from "../e2e/kill_driver.ts";

function numberOf(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} takes a positive integer, not ${text}`);
  return Number(text);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "1000" },
      deposits: { type: "string", default: "10000" },
      seed: { type: "string" },
    },
  });
  const bin = btcdBin();
  if (bin === undefined) throw new Error("there is neither a btcd ($BTCD_BIN) nor Go to build one");
  const given = process.env["SKYCOIN_BIN"];
  const seed =
    values.seed === undefined ? 1 + Math.floor(Math.random() * 1e8) : numberOf("seed", values.seed);
  const kills = numberOf("kills", values.kills);
  console.log(`${kills} kills, seed ${seed}`);
  const report = await killAndCompare({
    kills,
    deposits: numberOf("deposits", values.deposits),
    seed,
    btcdBin: bin,
    skycoinBin: given === "" ? undefined : given,
    tell: (line) => console.log(line),
  });
  console.log(summary(report));
  return report.problems.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
