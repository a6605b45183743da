import { statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { accept, type Result, refuse } from "#internal/fault";
import type { Exists } from "./rules.ts";

const suffix = ".toml";

/** FindInput says what was asked for and where to look. */
export interface FindInput {
  /** The value of `-c`, or undefined when it was not given. */
  readonly name: string | undefined;
  /** The application directory. */
  readonly appDir: string;
  readonly workDir: string;
  readonly exists: Exists;
}

function candidates({ name, appDir, workDir }: FindInput): readonly string[] {
  if (name === undefined) return [appDir, workDir].map((dir) => join(dir, `config${suffix}`));
  const names = name.endsWith(suffix) ? [name] : [name, name + suffix];
  const dirs = name.includes("/") ? [workDir] : [workDir, appDir];
  return dirs.flatMap((dir) => names.map((file) => resolve(dir, file)));
}

/**
 * findConfig gives the path of the file to load. A given name is a path from the working directory;
 * where that is absent and the name has no slash, it is looked for in the application directory.
 * `.toml` may be left out. Without a name: `config.toml` of the application directory, then of the
 * working directory. Refused with every place that was looked at.
 */
export function findConfig(input: FindInput): Result<string, string> {
  const tried = candidates(input);
  const found = tried.find((path) => input.exists(path, "file"));
  if (found !== undefined) return accept(found);
  const { name = "config", appDir, workDir } = input;
  return refuse(
    `Config File ${JSON.stringify(name)} Not Found in "[${appDir} ${workDir}]"; looked for ${tried.join(", ")}`,
  );
}

/** What a database is called when `dbfile` names the folder for it. */
const databaseName = "teller.db";

/**
 * databasePath gives the path of the database: `dbfile` is a name in the application directory; an
 * absolute path is taken as it is, and an existing folder holds `teller.db`.
 */
export function databasePath(dbfile: string, appDir: string, exists: Exists): string {
  if (!isAbsolute(dbfile)) return join(appDir, dbfile);
  return exists(dbfile, "folder") ? join(dbfile, databaseName) : dbfile;
}

/** existsOnDisk asks the file system; links are followed, and what may not be read does not exist. */
export const existsOnDisk: Exists = (path, kind) => {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return kind === "folder" ? found?.isDirectory() === true : found !== undefined && !found.isDirectory();
  } catch {
    return false;
  }
};
