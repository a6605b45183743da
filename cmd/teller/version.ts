// The build writes these two into the executable; run from source they do not exist.
declare const BUILD_VERSION: string;
declare const BUILD_COMMIT: string;

/** Build says which source an executable was made from. */
export interface Build {
  /** The version of package.json, or `dev` when run from source. */
  readonly version: string;
  /** The commit, with `-dirty` when the tree had changes; `dev` when run from source. */
  readonly commit: string;
}

/** build gives the stamp of this executable. */
export function build(): Build {
  return {
    version: typeof BUILD_VERSION === "string" ? BUILD_VERSION : "dev",
    commit: typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : "dev",
  };
}

/** versionText is what `--version` prints: `teller 0.1.0 (commit 3f2a…)`. */
export function versionText({ version, commit }: Build): string {
  return `teller ${version} (commit ${commit})`;
}
