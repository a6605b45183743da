/**
 * tidy: the house rules that neither the compiler nor the linter can say.
 *
 *   bun scripts/tidy.ts [ROOT]
 *
 * Prints one line a broken rule and ends with 1 when there is any.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { checkImports } from "./tidy/house.ts";
import { checkDead, checkPackages } from "./tidy/packages.ts";
import { type Problem, type Source, source } from "./tidy/source.ts";
import { checkNames, checkTexts } from "./tidy/words.ts";

const skipped: ReadonlySet<string> = new Set([
  ".git",
  ".teller",
  ".tools",
  "build",
  "node_modules",
  "testdata",
]);
const textual =
  /(?:\.(?:ts|json|toml|md|html|css|svg|sh|yml|yaml|txt)|\/?(?:Makefile|Dockerfile|\.gitignore|run))$/;

/** readTree reads every text file below the root, test data and what is fetched or built left out. */
function readTree(root: string): Source[] {
  const files: Source[] = [];
  const visit = (dir: string) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (entry.isDirectory() && !skipped.has(entry.name)) visit(path);
      else if (entry.isFile() && textual.test(entry.name)) {
        files.push(source(relative(root, path), readFileSync(path, "utf8")));
      }
    }
  };
  visit(root);
  return files;
}

/** tidy gives every broken house rule of the tree below the root, in order of the paths. */
export function tidy(root: string): Problem[] {
  const files = readTree(root);
  const rules = [checkImports, checkPackages, checkDead, checkNames, checkTexts];
  const problems = rules.flatMap((rule) => rule(files));
  return problems.toSorted((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}

if (import.meta.main) {
  const problems = tidy(resolve(process.argv[2] ?? join(import.meta.dir, "..")));
  for (const { path, line, message } of problems) console.error(`${path}:${line}: ${message}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
