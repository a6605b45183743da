import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

const root = join(import.meta.dir, "..");

/**
 * executable gives the path of the executable under test: `$TELLER_BIN` where it is set, else one
 * that is built now.
 */
export function executable(): string {
  const given = process.env["TELLER_BIN"];
  if (given !== undefined && given !== "") return resolve(given);
  const path = join(root, "build", "e2e", "teller");
  mkdirSync(join(path, ".."), { recursive: true });
  const build = Bun.spawnSync([process.execPath, join(root, "scripts/build.ts"), "--outfile", path]);
  if (build.exitCode !== 0) throw new Error(`the executable cannot be built: ${build.stderr.toString()}`);
  return path;
}
