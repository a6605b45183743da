/** words: names that have one owner, and texts that no file may hold. */
import { isEntry, reach } from "./packages.ts";
import { lineAt, type Problem, type Source } from "./source.ts";

/** banned are names with one door each; the owners are beginnings of paths. The linter has those that are globals. */
const banned: readonly {
  readonly name: RegExp;
  readonly owners: readonly string[];
  readonly instead: string;
}[] = [
  {
    name: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bBun\.sleep/g,
    owners: ["internal/clock/"],
    instead: "time comes from #internal/clock",
  },
  { name: /\bMath\.random\b/g, owners: [], instead: "take randomness from outside" },
  { name: /\bprocess\.exit\b/g, owners: ["cmd/"], instead: "return to cmd, which gives the exit code" },
  {
    name: /\bprocess\.on\b/g,
    owners: ["internal/life/", "cmd/"],
    instead: "use onSignals of #internal/life",
  },
  { name: /\bBun\.connect\b/g, owners: ["internal/rpc/"], instead: "ask with #internal/rpc" },
  { name: /\bBun\.(?:serve|listen)\b/g, owners: ["internal/httpd/"], instead: "listen with #internal/httpd" },
  { name: /\bBun\.(?:spawn|spawnSync|\$)/g, owners: [], instead: "the product starts no programs" },
];

/** checkNames finds banned names in the product: in what the programs and the faces of the packages come to. */
export function checkNames(files: readonly Source[]): Problem[] {
  const product = files.filter(({ path }) => /^(?:internal|cmd)\//.test(path));
  const reached = reach(product, (path) => isEntry(path) || path.endsWith("/mod.ts"));
  const watched = product.filter(({ path }) => reached.has(path));
  return watched.flatMap(({ path, code }) =>
    banned
      .filter(({ owners }) => !owners.some((owner) => path.startsWith(owner)))
      .flatMap(({ name, instead }) =>
        Array.from(code.matchAll(name), (match) => ({
          path,
          line: lineAt(code, match.index),
          message: `${match[0]} has no place here: ${instead}`,
        })),
      ),
  );
}

/** foreign are texts that belong to one machine, or addresses of package registries. */
const foreign =
  /(?<![\w$])(?:\/wor[k]|(?<!bunfs)\/roo[t]|\/far[m])\/|registry[.]npmjs|proxy[.]golang|pypi[.]org|crates[.]io\/|deb[.]debian/g;

/** checkTexts finds such texts in any file of the tree. */
export function checkTexts(files: readonly Source[]): Problem[] {
  return files.flatMap(({ path, text }) =>
    Array.from(text.matchAll(foreign), (match) => ({
      path,
      line: lineAt(text, match.index),
      message: `"${match[0]}" belongs to one machine or to a registry, not into the tree`,
    })),
  );
}
