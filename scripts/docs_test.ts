import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { loadConfig, problemLine } from "#internal/config";
import { oldSpellings } from "../internal/config/old_keys.ts";
import { keys } from "../internal/config/schema.ts";
import { plantsPage, readPlants } from "./plants.ts";

/** What the documents say of the tree is held against the tree, so that they cannot rot unseen. */
const root = join(import.meta.dir, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const filesBelow = (dir: string) =>
  readdirSync(join(root, dir), { recursive: true, encoding: "utf8" }).map((name) => join(dir, name));

const documents = ["README.md", ...filesBelow("docs").filter((path) => path.endsWith(".md"))].map((path) => ({
  path,
  text: read(path),
}));
const everything = documents.map(({ text }) => text).join("\n");
const product = ["internal", "cmd"]
  .flatMap(filesBelow)
  .filter((path) => path.endsWith(".ts") && !/_test\.ts$|\/test\w+\.ts$/.test(path));

const unique = (found: Iterable<string>) => [...new Set(found)].sort();
const all = (text: string, pattern: RegExp) =>
  unique(Array.from(text.matchAll(pattern), (match) => match[1] ?? match[0]));

/** anchorsOf gives the names by which a document's headings are linked to. */
const anchorsOf = (text: string) =>
  all(text.replaceAll(/^```[\s\S]*?^```/gm, ""), /^#+ +(.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

test.each(documents)("$path links to what is there", ({ path, text }) => {
  const links = all(text, /\]\(([^)\s]+)\)/g).filter((link) => !/^[a-z]+:/.test(link));
  const broken = links.filter((link) => {
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test.each(documents)("$path names only files that are there", ({ text }) => {
  const named = all(text, /`((?:internal|cmd|web|e2e|scripts|standin|bench|docs)\/[\w./-]*\w\/?)`/g);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each(documents)("$path has no line of more than 120 characters", ({ text }) => {
  expect(text.split("\n").filter((line) => line.length > 120)).toEqual([]);
});

test("the page of the planted bugs has them all, and the tests that catch them are there", () => {
  const plants = readPlants();
  expect(read("plants/README.md")).toBe(plantsPage(plants));
  expect(plants.filter(({ test: { file } }) => !existsSync(join(root, file)))).toEqual([]);
});

test("every make target that is named is in the Makefile", () => {
  const targets = all(read("Makefile"), /^#\? make (\S+)/gm);
  expect(all(everything, /\bmake ([a-z][a-z-]*)`/g).filter((name) => !targets.includes(name))).toEqual([]);
  expect(all(everything, /^\$? ?make ([a-z-]+)/gm).filter((name) => !targets.includes(name))).toEqual([]);
  const undocumented = targets.filter((name) => !everything.includes(`make ${name}`));
  expect(undocumented).toEqual([]);
});

test("every configuration key that is named is in the schema", () => {
  const sections = unique(keys.flatMap((key) => (key.includes(".") ? [key.split(".")[0] ?? ""] : [])));
  const named = all(
    everything,
    new RegExp(`\`((?:${sections.join("|")})\\.[a-z_]+(?:\\.[a-z_]+)?)(?: =[^\`]*)?\``, "g"),
  );
  const known = (name: string) =>
    keys.some((key) => key === name || key.startsWith(`${name}.`)) ||
    oldSpellings.has(name) ||
    /\.(?:db|lock|log|pid|toml|wlt)$/.test(name);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !known(name))).toEqual([]);
});

test("every configuration that is shown loads without a problem", () => {
  const shown = all(everything, /^```toml\n([\s\S]*?)^```/gm);
  expect(shown.length).toBeGreaterThan(0);
  for (const text of shown) {
    const loaded = loadConfig({ path: "shown", text, env: {}, exists: () => true });
    expect(loaded.ok ? loaded.value.warnings : loaded.refusal.map(problemLine)).toEqual([]);
  }
});

test("every route that is named is served, and every route that is served is named", () => {
  const sources = product.filter((path) => /^internal\/(?:public|monitor|dummy)\//.test(path)).map(read);
  const served = all(sources.join("\n"), /"(\/(?:api|dummy)\/[a-z/-]+)"/g);
  const named = all(everything, /(?<![\w.])(\/(?:api|dummy)\/[a-z]+(?:[/-][a-z]+)*)/g);
  const notBuilt = ["/api/backup"];
  expect(named.filter((route) => !served.includes(route) && !notBuilt.includes(route))).toEqual([]);
  expect(served.filter((route) => !named.includes(route))).toEqual([]);
});

test("every line that asks for a person is explained to the operator", () => {
  const code = product.map(read).join("\n");
  const told = all(code, /\.watch\(\s*"([^"]+)"/g);
  const operate = read("docs/operate.md");
  expect(told.length).toBeGreaterThan(5);
  expect(told.filter((text) => !operate.includes(text))).toEqual([]);
});

test("every test that holds a promise is there under its name", () => {
  const cited = Array.from(read("docs/promises.md").matchAll(/`([\w/]+_test\.ts)`: “([^”]+)”/g));
  expect(cited.length).toBeGreaterThan(20);
  const missing = cited.filter(([, path = "", name = ""]) => {
    return !existsSync(join(root, path)) || !read(path).includes(name.replaceAll(/\s+/g, " "));
  });
  expect(missing.map(([cite]) => cite)).toEqual([]);
});

test("every function on a deposit's way is in one of the files that are named beside it", () => {
  const rows = Array.from(
    read("docs/develop.md").matchAll(/^\|[^|]+\|([^|]*`[^|]*)\|([^|]*\.ts`[^|]*)\|$/gm),
  );
  expect(rows.length).toBeGreaterThan(10);
  const lost = rows.flatMap(([, names = "", files = ""]) => {
    const code = all(files, /`([^`]+)`/g).map((file) => read(`internal/${file}`));
    return all(names, /`(\w+)`/g).filter(
      (name) => !code.some((text) => new RegExp(`function\\*? ${name}[(<]`).test(text)),
    );
  });
  expect(lost).toEqual([]);
});

test("every dependency of the product is explained", () => {
  const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
  const readme = read("README.md");
  expect(Object.keys(dependencies).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
