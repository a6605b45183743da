import { watchNew } from "#internal/addrs";
import { scriptSet, type ScriptSet } from "#internal/bitcoin";
import { blockScanner } from "../internal/bitcoin/scan.ts";
import { watchedScript } from "./addresses.ts";
import { type MadeBlock, makeBlock } from "./blocks.ts";
import { seeded } from "./random.ts";
import { median, type Row, spread } from "./report.ts";
import type { Bench } from "./stores.ts";

const transactions = 2_500;
const few = 1_000;
const many = 1_000_000;
const blockCount = 8;
/** The two sets take turns this often in a round, so that a busy moment of the machine meets both. */
const turns = 40;
/** Not one of the blocks' seeds, which count from 1. */
const scriptSeed = 0x5c217;
const mostLossPercent = 10;

/** watching builds a set as the daemon does when it loads its pool: page by page, growing by itself. */
function watching(
  scripts: readonly string[],
  resolve: (script: Uint8Array) => string | undefined,
): ScriptSet {
  const page = 5_000;
  const set = scriptSet({ resolve });
  for (let i = 0; i < scripts.length; i += page) watchNew(set, scripts.slice(i, i + page));
  return set;
}

/** scanAll decodes and scans each block once, and gives the seconds that it took. */
function scanAll(
  blocks: readonly MadeBlock[],
  watch: ScriptSet,
  scan: ReturnType<typeof blockScanner>,
): number {
  const began = performance.now();
  for (const [height, { hex, hash, paying }] of blocks.entries()) {
    const { outputs } = scan(Buffer.from(hex, "hex"), { height, hash }, watch);
    if (outputs.length !== paying)
      throw new Error(`bench: ${outputs.length} outputs found, ${paying} are there`);
  }
  return (performance.now() - began) / 1000;
}

/** measureScan measures the scanner on blocks in memory: hex decoded, txids hashed, merkle root checked, outputs matched. */
export async function measureScan(bench: Bench): Promise<Row[]> {
  bench.say(`making ${blockCount} blocks and ${many} scripts`);
  const random = seeded(scriptSeed);
  const scripts = Array.from({ length: many }, () => watchedScript(random));
  const hex = scripts.map((script) => Buffer.from(script).toString("hex"));
  const ours = scripts.slice(0, few);
  const names = new Map(hex.slice(0, few).map((script) => [script, script]));
  const resolve = (script: Uint8Array) => names.get(Buffer.from(script).toString("hex"));
  const sets = { few: watching(hex.slice(0, few), resolve), many: watching(hex, resolve) };
  const blocks = Array.from({ length: blockCount }, (_, i) => makeBlock(i + 1, transactions, ours));
  const bytesEach = blocks.reduce((sum, block) => sum + block.hex.length / 2, 0) / blockCount;
  const scan = blockScanner();
  for (const set of [sets.few, sets.many, sets.few, sets.many]) scanAll(blocks, set, scan);
  const rates: { few: number; many: number; change: number }[] = [];
  for (let i = 0; i < bench.rounds; i++) {
    bench.say(`scan, round ${i + 1}`);
    const seconds = Array.from({ length: turns }, () => ({
      few: scanAll(blocks, sets.few, scan),
      many: scanAll(blocks, sets.many, scan),
    }));
    rates.push({
      few: blockCount / median(seconds.map((turn) => turn.few)),
      many: blockCount / median(seconds.map((turn) => turn.many)),
      // The middle one of all turns: what happens beside us for a moment changes nothing.
      change: (median(seconds.map((turn) => turn.few / turn.many)) - 1) * 100,
    });
  }
  const changes = rates.map(({ change }) => change);
  const size = `${transactions} transactions, ${(bytesEach / 1e6).toFixed(2)} MB`;
  return [
    {
      name: `scan, ${few} watched (${size})`,
      unit: "blocks/s",
      ...spread(rates.map((rate) => rate.few)),
    },
    { name: `scan, ${many} watched`, unit: "blocks/s", ...spread(rates.map((rate) => rate.many)) },
    {
      ...{ name: `  ${many} watched against ${few}`, unit: "%", ...spread(changes) },
      ...{ goal: `>= -${mostLossPercent}`, met: median(changes) >= -mostLossPercent },
    },
  ];
}
