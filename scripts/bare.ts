/**
 * bare: builds and tests a fresh copy of the tree as on a machine that has git, make and npm, and nothing else.
 *
 *   bun scripts/bare.ts [TARGET …]        (default: build test)
 *
 * The copy holds what git would commit. PATH has a handful of programs and no Bun; HOME is an empty
 * directory, and must be empty afterwards.
 */
import { copyFileSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "..");
const programs = ["git", "make", "npm", "node", "sh", "bash", "env", "sed"];
const coreutils =
  "basename cat chmod cp cut dirname echo false head ln ls mkdir mkfifo mktemp mv pwd rm rmdir sleep sort tail touch tr true uname wc";
/** What the machine needs to reach the registry at all: certificates and proxies are its matter, not ours. */
const kept =
  /^(?:NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|(?:npm_config|https?_proxy|no_proxy).*|LANG)$/i;

/** copyTree copies the files that git knows or would add. */
function copyTree(to: string): void {
  const { stdout } = Bun.spawnSync(["git", "-C", root, "ls-files", "-z", "-co", "--exclude-standard"]);
  for (const path of stdout.toString().split("\0")) {
    if (path === "" || !lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile()) continue;
    mkdirSync(dirname(join(to, path)), { recursive: true });
    copyFileSync(join(root, path), join(to, path));
  }
}

/** linkPrograms makes a directory that has the programs of a bare machine. */
function linkPrograms(bin: string): void {
  mkdirSync(bin);
  for (const name of [...programs, ...coreutils.split(" ")]) {
    const path = Bun.which(name);
    if (path === null) throw new Error(`this machine has no ${name}`);
    symlinkSync(path, join(bin, name));
  }
}

/** bare runs the targets one after the other and gives the first exit code that is not 0. */
function bare(targets: readonly string[]): number {
  const dir = mkdtempSync(join(tmpdir(), "teller-bare-"));
  try {
    const tree = join(dir, "tree");
    const bin = join(dir, "bin");
    const home = join(dir, "home");
    copyTree(tree);
    linkPrograms(bin);
    mkdirSync(home, { mode: 0o555 });
    const machine = Object.entries(process.env).filter(([name]) => kept.test(name));
    const env = { ...Object.fromEntries(machine), PATH: bin, HOME: home };
    for (const target of targets) {
      const started = performance.now();
      const { exitCode } = Bun.spawnSync(["make", target], {
        cwd: tree,
        env,
        stdio: ["ignore", "inherit", "inherit"],
      });
      console.log(
        `bare: make ${target} ended with ${exitCode} in ${Math.round(performance.now() - started)} ms`,
      );
      if (exitCode !== 0) return exitCode;
    }
    const written = readdirSync(home);
    if (written.length > 0) console.error(`bare: written into the home directory: ${written.join(", ")}`);
    return written.length === 0 ? 0 : 1;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const targets = process.argv.slice(2);
process.exitCode = bare(targets.length === 0 ? ["build", "test"] : targets);
