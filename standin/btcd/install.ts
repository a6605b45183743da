import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

const version = "v0.24.2";
const longestInstallMs = 600_000;

/** InstallOptions say where btcd may be. */
export interface InstallOptions {
  /** A btcd that is there already (the environment's BTCD_BIN); used as it is. */
  readonly bin?: string | undefined;
  /** The folder to install into, if it has no btcd yet. */
  readonly into: string;
}

/**
 * installBtcd gives the path of a btcd, building it with `go install` when it is missing (about half a minute).
 * It gives undefined where there is neither a btcd nor a Go toolchain, and throws when building fails.
 */
export function installBtcd({ bin, into }: InstallOptions): string | undefined {
  if (bin !== undefined && bin !== "") {
    if (!existsSync(bin)) throw new Error(`BTCD_BIN names ${bin}, which is not there`);
    return bin;
  }
  const folder = resolve(into);
  const path = join(folder, "btcd");
  if (existsSync(path)) return path;
  if (spawnSync("go", ["version"]).status !== 0) return undefined;
  mkdirSync(folder, { recursive: true });
  const build = ["go", "install", `github.com/btcsuite/btcd@${version}`];
  const built = spawnSync("env", [`GOBIN=${folder}`, "CGO_ENABLED=0", ...build], {
    encoding: "utf8",
    timeout: longestInstallMs,
  });
  if (built.status !== 0) throw new Error(`go install btcd@${version} failed: ${built.stderr}`);
  return path;
}
