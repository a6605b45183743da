/**
 * bench: measures the hot paths of the compiled executable. README.md says what and how.
 *
 *   bun bench/main.ts [--only start,bind] [--rounds 3] [--exe FILE] [--out FILE]
 *
 * Prints a table with the goals and writes the same as JSON. Ends with 0 whether they are met or not: a figure
 * says something about this machine at this hour, so nobody should fail by it.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { measureBind } from "./bind.ts";
import { measureCatchUp } from "./catchup.ts";
import { measureDeposits, measureMemory } from "./deposits.ts";
import { measurePayouts } from "./payouts.ts";
import { type Row, table, writeReport } from "./report.ts";
import { measureScan } from "./scan.ts";
import { measureStart } from "./start.ts";
import type { Bench } from "./stores.ts";

const root = resolve(import.meta.dir, "..");
const measurements = {
  start: measureStart,
  scan: measureScan,
  catchup: measureCatchUp,
  bind: measureBind,
  deposits: measureDeposits,
  memory: measureMemory,
  payouts: measurePayouts,
};
type Name = keyof typeof measurements;
const names = Object.keys(measurements) as Name[];

function chosen(only: string | undefined): readonly Name[] {
  if (only === undefined) return names;
  return only.split(",").map((text) => {
    const name = names.find((known) => known === text);
    if (name === undefined) throw new Error(`bench: no measurement ${text}; there are ${names.join(", ")}`);
    return name;
  });
}

/** build makes an executable of its own, so that a teller that runs from ./teller is not disturbed. */
function build(): string {
  const exe = join(root, "build", "bench", "teller");
  mkdirSync(dirname(exe), { recursive: true });
  const made = Bun.spawnSync([process.execPath, join(root, "scripts/build.ts"), "--outfile", exe]);
  if (made.exitCode !== 0)
    throw new Error(`bench: the executable cannot be built: ${made.stderr.toString()}`);
  return exe;
}

function machine(): string {
  const [first] = cpus();
  return `${cpus().length} cores (${first?.model ?? "unknown"}), Bun ${Bun.version}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      rounds: { type: "string", default: "3" },
      exe: { type: "string" },
      out: { type: "string", default: join(root, "build", "bench.json") },
    },
  });
  const wanted = chosen(values.only);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("bench: --rounds is a whole number above 0");
  const exe = values.exe === undefined ? build() : resolve(values.exe);
  const version = Bun.spawnSync([exe, "--version"]).stdout.toString().trim();
  const dir = mkdtempSync(join(tmpdir(), "teller-bench-"));
  const began = performance.now();
  const say = (text: string) =>
    console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);
  const bench: Bench = { exe, dir, rounds, say };
  const at = new Date().toISOString();
  const load = [loadavg()[0]];
  const rows: Row[] = [];
  try {
    for (const name of wanted) rows.push(...(await measurements[name](bench)));
  } finally {
    rmSync(dir, { recursive: true, force: true });
    load.push(loadavg()[0]);
    writeReport(values.out, { at, version, machine: machine(), load, rounds, rows });
    const loads = load.map((one) => one?.toFixed(1)).join(" to ");
    console.log(`${version}\n${machine()}; load ${loads}; ${rounds} rounds\n`);
    console.log(table(rows));
  }
  if ((load[0] ?? 0) > cpus().length / 2)
    console.log("\nSomething else was running: do not compare with another run.");
}

await main();
