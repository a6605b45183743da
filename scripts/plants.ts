/**
 * plants: bugs that are kept as patches in `plants/`. Each is planted into a copy of the tree, and the one test that
 * its header names must then fail; without the bug the same test must pass. So the tests are tested.
 *
 *   bun scripts/plants.ts [--only TEXT] [--jobs 2]
 *   bun scripts/plants.ts --page > plants/README.md
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { btcdBin } from "../e2e/chains.ts";

const root = resolve(import.meta.dir, "..");

/** Plant is a bug that is kept as a patch. */
export interface Plant {
  /** Its file without `.patch`. */
  readonly name: string;
  readonly patch: string;
  /** What is wrong, in one line. */
  readonly bug: string;
  readonly test: PlantTest;
}

/** PlantTest is the one test that must fail: a file, and the names (a regular expression) to run of it. */
export interface PlantTest {
  readonly file: string;
  readonly names: string;
}

/** Caught tells how a plant fared; `verdict` is `caught` or says what went wrong instead. */
export interface Caught {
  readonly plant: Plant;
  readonly verdict: string;
  readonly seconds: number;
}

const headerShape = /^Bug: (.+)\nTest: bun test (\S+) -t "(.+)"\n/;

/** readPlants reads every plant, by name. Throws for one whose header is not two lines, `Bug: …` and `Test: bun test FILE -t "…"`. */
export function readPlants(): Plant[] {
  const dir = join(root, "plants");
  const files = readdirSync(dir).filter((file) => file.endsWith(".patch"));
  return files.toSorted().map((file) => {
    const patch = join(dir, file);
    const [, bug, testFile, names] = headerShape.exec(readFileSync(patch, "utf8")) ?? [];
    if (bug === undefined || testFile === undefined || names === undefined)
      throw new Error(`plants/${file}: the header must be "Bug: …" and 'Test: bun test FILE -t "…"'`);
    return { name: file.replace(/\.patch$/, ""), patch, bug, test: { file: testFile, names } };
  });
}

/** needsBtcd tells whether a test drives the executable on real chains. */
export const needsBtcd = ({ test }: Plant): boolean => test.file.startsWith("./e2e/");

/** copyTree copies what git knows or would take into a folder; what was fetched is linked. */
function copyTree(into: string): void {
  const listed = spawnSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: root });
  if (listed.status !== 0) throw new Error(`git ls-files: ${listed.stderr.toString()}`);
  for (const path of new Set(listed.stdout.toString().split("\0"))) {
    if (path !== "") copyIfThere(join(root, path), join(into, path));
  }
  for (const fetched of ["node_modules", ".tools"]) symlinkSync(join(root, fetched), join(into, fetched));
}

/** A file may go while the tree is copied, or be deleted and not yet committed. */
function copyIfThere(from: string, to: string): void {
  try {
    cpSync(from, to, { recursive: true });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

/** plant applies a patch to a copy. Gives why it does not fit, or undefined. */
function applyPatch(tree: string, patch: string): string | undefined {
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: tree, GIT_DIR: join(tree, "none") };
  const applied = spawnSync("git", ["apply", "--recount", "-C1", patch], { cwd: tree, env });
  return applied.status === 0 ? undefined : applied.stderr.toString().trim().replaceAll("\n", "; ");
}

type Outcome = "passed" | "failed" | { readonly broken: string };

const unitLimitMs = 60_000;
const chainLimitMs = 150_000;

/** runTest runs one test in a copy of the tree. Only a test that ran and said no has failed; all else is broken. */
async function runTest(tree: string, test: PlantTest): Promise<Outcome> {
  const limit = test.file.startsWith("./e2e/") ? chainLimitMs : unitLimitMs;
  // Chains and executables are made from the copy, not from what the caller has.
  const env = { ...process.env, TELLER_BIN: "", BTCD_BIN: process.env["BTCD_BIN"] ?? "", TMPDIR: tree };
  const child = Bun.spawn(
    [process.execPath, "test", "--no-orphans", "--timeout", "60000", test.file, "-t", test.names],
    {
      cwd: tree,
      env,
      stdout: "pipe",
      stderr: "pipe",
      stdin: "ignore",
      timeout: limit,
      killSignal: "SIGKILL",
    },
  );
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const count = (what: string) => Number(new RegExp(`^ *(\\d+) ${what}$`, "m").exec(out + err)?.[1] ?? 0);
  if (child.signalCode !== null) return { broken: `not over after ${limit / 1000} s` };
  if (count("errors?") > 0) return { broken: `does not load: ${lastError(err)}` };
  if (count("fail") > 0) return "failed";
  if (code === 0 && count("pass") > 0) return "passed";
  return { broken: `no test ran (exit ${code}): ${lastError(err)}` };
}

function lastError(text: string): string {
  return (/^error: .*$/m.exec(text)?.[0] ?? text.trim().split("\n").at(-1) ?? "").slice(0, 200);
}

/** inCopy gives a fresh copy of the tree to a function, and takes it away again. */
async function inCopy<T>(fn: (tree: string) => Promise<T>): Promise<T> {
  const tree = mkdtempSync(join(tmpdir(), "teller-plant-"));
  try {
    copyTree(tree);
    return await fn(tree);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

const keyOf = ({ file, names }: PlantTest) => `${file} ${names}`;

/** withoutBug runs each distinct test once on the tree as it is, and gives what does not pass. */
async function withoutBug(plants: readonly Plant[], jobs: number): Promise<ReadonlyMap<string, string>> {
  const distinct = new Map(plants.map(({ test }) => [keyOf(test), test]));
  const wrong = new Map<string, string>();
  await eachOf([...distinct], jobs, async ([key, test]) => {
    const outcome = await inCopy((tree) => runTest(tree, test));
    if (outcome !== "passed") wrong.set(key, outcome === "failed" ? "fails without it" : outcome.broken);
  });
  return wrong;
}

/** eachOf does something with every item, so many at once, in the order of the list. */
async function eachOf<T>(items: readonly T[], jobs: number, fn: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await fn(item);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

async function withBug(plant: Plant): Promise<string> {
  return inCopy(async (tree) => {
    const misfit = applyPatch(tree, plant.patch);
    if (misfit !== undefined) return `does not apply: ${misfit}`;
    const outcome = await runTest(tree, plant.test);
    if (outcome === "failed") return "caught";
    return outcome === "passed" ? "NOT CAUGHT: the test passes with the bug" : outcome.broken;
  });
}

/** runPlants runs each test without a bug, and then every plant. The slow ones, on real chains, begin first. */
export async function runPlants(plants: readonly Plant[], jobs = 2): Promise<readonly Caught[]> {
  const ordered = plants.toSorted((a, b) => Number(needsBtcd(b)) - Number(needsBtcd(a)));
  const wrong = await withoutBug(ordered, jobs);
  const results: Caught[] = [];
  await eachOf(ordered, jobs, async (plant) => {
    const started = performance.now();
    const before = wrong.get(keyOf(plant.test));
    const verdict = before === undefined ? await withBug(plant) : `its test ${before}`;
    results.push({ plant, verdict, seconds: Math.round((performance.now() - started) / 100) / 10 });
  });
  return results.toSorted((a, b) => (a.plant.name < b.plant.name ? -1 : 1));
}

/** tableOf prints bug, test and verdict of each plant, a line each. */
export function tableOf(results: readonly Caught[]): string {
  const rows = results.map(({ plant, verdict, seconds }) => [
    plant.bug,
    `${plant.test.file.replace("./", "")} "${plant.test.names}"`,
    `${verdict} (${seconds} s)`,
  ]);
  const width = (i: number) => Math.max(...rows.map((row) => row[i]?.length ?? 0));
  const widths = [width(0), width(1), 0];
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")).join("\n");
}

/** plantsPage is the text of `plants/README.md`: every plant, and the test that catches it. */
export function plantsPage(plants: readonly Plant[]): string {
  const lines = plants.map(({ name, bug, test }) => {
    return `- **${name}**: ${bug}.\n  \`${test.file.replace("./", "")}\`: “${test.names.replaceAll("\\", "")}”`;
  });
  return `# Planted bugs

Each patch is a bug along the way of the money. \`scripts/plants.ts\` plants it into a copy of the tree; the one test that
its header names must fail with it and pass without it. \`e2e/plants_test.ts\` does so with all of them.

${lines.join("\n")}

A new one: make the bug, \`git diff\` it into a patch, put two lines before it (\`Bug: …\` and
\`Test: bun test ./FILE -t "…"\`), and write this page again: \`.tools/bun scripts/plants.ts --page > plants/README.md\`.
`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      jobs: { type: "string", default: "2" },
      page: { type: "boolean", default: false },
    },
  });
  if (values.page) {
    process.stdout.write(plantsPage(readPlants()));
    return 0;
  }
  const chosen = readPlants().filter(({ name }) => name.includes(values.only));
  const bin = btcdBin();
  if (bin !== undefined) process.env["BTCD_BIN"] = bin;
  const able = chosen.filter((plant) => bin !== undefined || !needsBtcd(plant));
  for (const { name } of chosen.filter((plant) => !able.includes(plant)))
    console.log(`skipped: ${name} needs btcd (BTCD_BIN) or Go to build it`);
  const results = await runPlants(able, Number(values.jobs));
  console.log(tableOf(results));
  if (chosen.length === 0) console.log(`no plant has ${values.only} in its name`);
  return chosen.length > 0 && results.every(({ verdict }) => verdict === "caught") ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
