/** house: who may import whom. */
import { join } from "node:path";
import type { Import, Problem, Source } from "./source.ts";

/** The table of the house, floor 0 first. Imports go to lower floors only; floor 0 may import floor 0. */
const house: readonly (readonly string[])[] = [
  ["cli", "clock", "fault", "json", "life", "log", "money"],
  ["coin", "config", "db", "rpc"],
  ["bitcoin", "c2cx", "ethereum", "memchain", "skycoin"],
  ["book"],
  ["addrs", "exchange", "operator", "scanner", "sender", "watchdog"],
  ["teller"],
  ["httpd"],
  ["dummy", "monitor", "public"],
];

/** floorOf gives the floor of an internal package, or undefined for one that the table does not have. */
function floorOf(name: string): number | undefined {
  const floor = house.findIndex((names) => names.includes(name));
  return floor < 0 ? undefined : floor;
}

/** libraryOwners says which packages may touch a library that has one door. */
const libraryOwners: Readonly<Record<string, readonly string[]>> = {
  "@logtape/logtape": ["log"],
  commander: ["cli", "cmd"],
  lmdb: ["db"],
  "smol-toml": ["config"],
};

/** Place is a file's package: `internal/book`, `cmd/teller`, `standin/skynode`; or its area: `scripts`, `e2e`. */
export function placeOf(path: string): string {
  const [area = "", name = ""] = path.split("/");
  return ["internal", "cmd", "standin"].includes(area) ? `${area}/${name}` : area;
}

/** isTest tells whether a file is a test. */
export function isTest(path: string): boolean {
  return path.endsWith("_test.ts");
}

/** checkImports finds imports that go up, sideways, or past a package's face. */
export function checkImports(files: readonly Source[]): Problem[] {
  const problems: Problem[] = [];
  for (const file of files) {
    for (const found of file.imports) {
      const message = wrongImport(file, found);
      if (message !== undefined) problems.push({ path: file.path, line: found.line, message });
    }
  }
  return problems;
}

function wrongImport(file: Source, { specifier }: Import): string | undefined {
  const from = placeOf(file.path);
  const packaged = from.includes("/");
  if (specifier.startsWith(".")) {
    const target = join(file.path, "..", specifier);
    if (packaged && !target.startsWith(`${from}/`)) return `${specifier} leaves the package ${from}`;
    return undefined;
  }
  if (!packaged) return undefined;
  if (specifier.startsWith("#")) return wrongPackage(file.path, from, specifier);
  const library = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const owners = libraryOwners[library];
  if (owners === undefined || isTest(file.path) || from.startsWith("standin/")) return undefined;
  const [area = "", name = ""] = from.split("/");
  return owners.includes(name) || owners.includes(area)
    ? undefined
    : `only ${owners.join(", ")} may import ${library}`;
}

function wrongPackage(path: string, from: string, specifier: string): string | undefined {
  const [, area = "", name = "", rest] = /^#(?:(internal|cmd)\/)?([^/]+)(\/.*)?$/.exec(specifier) ?? [];
  if (name === "" || rest !== undefined) return `${specifier} is not the face of a package`;
  if (area === "") {
    return from.startsWith("standin/") || isTest(path)
      ? undefined
      : `the product imports the stand-in ${specifier}`;
  }
  if (area === "cmd") return from === "cmd/teller" ? undefined : `${from} imports the program ${specifier}`;
  const to = floorOf(name);
  if (to === undefined) return `${specifier} has no floor: give it one in scripts/tidy/house.ts`;
  if (!from.startsWith("internal/")) return undefined;
  const own = floorOf(from.split("/")[1] ?? "");
  if (own === undefined) return `${from} has no floor: give it one in scripts/tidy/house.ts`;
  if (to < own || (to === 0 && own === 0)) return undefined;
  return `${from} (floor ${own}) imports ${specifier} (floor ${to}): imports go to lower floors only`;
}
