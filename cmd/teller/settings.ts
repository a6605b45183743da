import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  type Config,
  databasePath,
  existsOnDisk,
  findConfig,
  loadConfig,
  problemLine,
} from "#internal/config";
import { Fault, messageOf } from "#internal/fault";
import type { Flags } from "./flags.ts";

/** Settings are the checked configuration and where the daemon keeps its things. */
export interface Settings {
  readonly config: Config;
  readonly configPath: string;
  readonly warnings: readonly string[];
  readonly appDir: string;
  readonly dbPath: string;
}

/** refuseStart is thrown for whatever the operator must change first; its text is for stderr. */
function refuseStart(text: string, cause?: unknown): Fault {
  return new Fault("teller.start", "stop", text, { cause });
}

function makeAppDir(appDir: string): void {
  try {
    if (!existsSync(appDir)) mkdirSync(appDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw refuseStart(`Create application data directory failed: ${appDir}: ${messageOf(cause)}`, cause);
  }
}

/**
 * loadSettings finds and checks the configuration and makes the application directory. Throws a
 * `Fault` (`stop`) whose text has all problems at once, a line each.
 */
export function loadSettings(flags: Flags, env: Readonly<Record<string, string | undefined>>): Settings {
  const appDir = resolve(flags.dir);
  const found = findConfig({ name: flags.config, appDir, workDir: process.cwd(), exists: existsOnDisk });
  if (!found.ok) throw refuseStart(`Config error:\n${found.refusal}`);
  const text = readConfig(found.value);
  const loaded = loadConfig({ path: found.value, text, env, exists: existsOnDisk });
  if (!loaded.ok) throw refuseStart(`Config error:\n${loaded.refusal.map(problemLine).join("\n")}`);
  makeAppDir(appDir);
  const { config, warnings } = loaded.value;
  return {
    config,
    warnings,
    configPath: found.value,
    appDir,
    dbPath: databasePath(config.dbfile, appDir, existsOnDisk),
  };
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw refuseStart(`Config error:\n${path}: ${messageOf(cause)}`, cause);
  }
}
