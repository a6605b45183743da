/**
 * build: makes the one executable, `./teller`, with web pages and database addon inside.
 *
 *   bun scripts/build.ts [--outfile FILE] [--target bun-linux-arm64]
 *
 * The executable reads nothing of the directory that it is started in by itself: no `.env`,
 * no `bunfig.toml` (whose preload would be code), no tsconfig.json, no package.json.
 */
import { mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BunPlugin } from "bun";
import { embeddedModule, writeWeb } from "./web.ts";

const root = resolve(import.meta.dir, "..");

/** commitOf gives the commit of the tree, with `-dirty` where it has changes; `unknown` outside a repository. */
async function commitOf(tree: string): Promise<string> {
  const git = (...args: string[]) => Bun.$`git -C ${tree} ${args}`.nothrow().quiet();
  const head = await git("rev-parse", "--verify", "HEAD");
  if (head.exitCode !== 0) return "unknown";
  const status = await git("status", "--porcelain");
  return head.text().trim() + (status.text().trim() === "" ? "" : "-dirty");
}

/**
 * embedAddon makes the bundler carry lmdb's prebuilt addon of the target: lmdb looks for it at run time by
 * the names of directories, which an executable does not have. The optional addon of msgpackr stays out.
 */
function embedAddon(target: string): BunPlugin {
  const [, system = "linux", cpu = "x64"] = target.split("-");
  const libc = system === "linux" ? (target.endsWith("-musl") ? ".musl" : ".glibc") : "";
  const addon = join(root, "node_modules", "@lmdb", `lmdb-${system}-${cpu}`, `node.napi${libc}.node`);
  statSync(addon);
  return {
    name: "embed-addon",
    setup(build) {
      build.onLoad({ filter: /[\\/]node-gyp-build-optional-packages[\\/]index\.js$/ }, () => ({
        contents: `module.exports = () => require(${JSON.stringify(addon)});`,
        loader: "js",
      }));
      build.onLoad({ filter: /[\\/]msgpackr-extract[\\/]index\.js$/ }, () => ({
        contents: "module.exports = undefined;",
        loader: "js",
      }));
    },
  };
}

/** embedWeb puts the bundled web pages in the place of the list that is empty in the source. */
function embedWeb(module: string): BunPlugin {
  return {
    name: "embed-web",
    setup(build) {
      build.onLoad({ filter: /[\\/]internal[\\/]httpd[\\/]embedded\.ts$/ }, () => ({
        contents: module,
        loader: "ts",
      }));
    },
  };
}

/** build writes the executable in one step: an old one that is running is not disturbed, a failed build leaves it. */
async function build(outfile: string, target: Bun.Build.CompileTarget): Promise<string> {
  const started = performance.now();
  const work = join(root, "build");
  const commit = await commitOf(root);
  const { version } = await Bun.file(join(root, "package.json")).json();
  const assets = await writeWeb(join(root, "web"), join(work, "web"));
  const draft = join(mkdtempSync(join(dirname(outfile), ".build-")), "teller");
  try {
    await Bun.build({
      // A thread's file is found inside the executable by its place below the tree's root (internal/bitcoin/rootthread.ts).
      entrypoints: ["cmd/teller/main.ts", "internal/bitcoin/worker.ts"].map((path) => join(root, path)),
      root,
      compile: {
        target,
        outfile: draft,
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        autoloadPackageJson: false,
      },
      minify: true,
      bytecode: true,
      format: "esm",
      sourcemap: "external",
      define: { BUILD_COMMIT: JSON.stringify(commit), BUILD_VERSION: JSON.stringify(version) },
      plugins: [embedAddon(target), embedWeb(embeddedModule(assets))],
    });
    await Bun.write(join(work, `${basename(outfile)}.map`), Bun.file(`${draft}.map`));
    await Bun.write(
      join(work, `${basename(outfile)}.worker.map`),
      Bun.file(join(dirname(draft), "worker.js.map")),
    );
    renameSync(draft, outfile);
  } finally {
    rmSync(dirname(draft), { recursive: true });
  }
  const megabytes = (statSync(outfile).size / 1e6).toFixed(1);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return `${outfile}: teller ${version} (commit ${commit}), ${megabytes} MB, ${assets.length} web files, ${seconds} s`;
}

const { values } = parseArgs({
  options: {
    outfile: { type: "string", default: join(root, "teller") },
    target: { type: "string", default: `bun-${process.platform}-${process.arch}` },
  },
});
console.log(await build(resolve(values.outfile), values.target as Bun.Build.CompileTarget));
