/** packages: what every package has, and files that nobody uses. */
import { join } from "node:path";
import { isTest, placeOf } from "./house.ts";
import type { Problem, Source } from "./source.ts";

/** withReadme are the packages whose states and promises need more than a comment. */
const withReadme: ReadonlySet<string> = new Set([
  "internal/book",
  "internal/exchange",
  "internal/scanner",
  "internal/sender",
  "internal/skycoin",
]);

/** checkPackages finds packages without a face, a first comment, a test or a due README. */
export function checkPackages(files: readonly Source[]): Problem[] {
  const problems: Problem[] = [];
  const paths = new Set(files.map(({ path }) => path));
  const packages = Map.groupBy(
    files.filter(({ path }) => path.endsWith(".ts") && placeOf(path).includes("/")),
    ({ path }) => placeOf(path),
  );
  for (const [place, members] of packages) {
    const report = (message: string) => problems.push({ path: place, line: 1, message });
    const name = place.split("/")[1] ?? "";
    const face = members.find(({ path }) => path === `${place}/mod.ts`);
    if (face === undefined) {
      if (!paths.has(`${place}/main.ts`)) report("has no mod.ts");
    } else if (!new RegExp(`^/\\*\\*\\s*(?:\\* )?${name}: `).test(face.text)) {
      problems.push({ path: face.path, line: 1, message: `does not begin with a doc comment "${name}: …"` });
    }
    const runs = members.some(({ code }) => /\b(?:function|const|class)\b/.test(code));
    if (runs && !members.some(({ path }) => isTest(path))) report("has no test");
    if (withReadme.has(place) && !paths.has(`${place}/README.md`)) report("has no README.md");
  }
  return problems;
}

/** reach gives the files that the roots come to by imports, roots included. */
export function reach(files: readonly Source[], isRoot: (path: string) => boolean): ReadonlySet<string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const queue = files.map(({ path }) => path).filter(isRoot);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const { specifier } of byPath.get(path)?.imports ?? []) queue.push(target(path, specifier));
  }
  return reached;
}

/** isEntry tells whether a file is run by itself: a program, or what a thread runs. */
export function isEntry(path: string): boolean {
  return /\/(?:main|worker)\.ts$/.test(path);
}

/** checkDead finds source files that no program, script or test comes to. */
export function checkDead(files: readonly Source[]): Problem[] {
  const reached = reach(
    files,
    (path) => isTest(path) || isEntry(path) || /^(?:scripts|bench|e2e|web)\/[^/]+\.ts$/.test(path),
  );
  const dead = files.map(({ path }) => path).filter((path) => path.endsWith(".ts") && !reached.has(path));
  const deadFaces = new Set(dead.filter((path) => path.endsWith("/mod.ts")).map(placeOf));
  const inside = dead.filter((path) => !deadFaces.has(placeOf(path)));
  return [
    ...inside.map((path) => ({ path, line: 1, message: "nothing imports this file" })),
    ...Array.from(deadFaces, (path) => ({ path, line: 1, message: "nothing imports this package" })),
  ];
}

function target(from: string, specifier: string): string {
  if (specifier.startsWith(".")) return join(from, "..", specifier);
  if (/^#(?:internal|cmd)\//.test(specifier)) return `${specifier.slice(1)}/mod.ts`;
  return specifier.startsWith("#") ? `standin/${specifier.slice(1)}/mod.ts` : specifier;
}
