import { join } from "node:path";
import { Fault } from "#internal/fault";

/** WebFile is one file of the built web folder. */
export interface WebFile {
  /** The path of its URL. */
  readonly path: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** True when the name carries a hash of the content. */
  readonly immutable: boolean;
}

/** bundleWeb builds `web/` from its sources, in memory. The executable never calls it: its files are inside. */
export async function bundleWeb(root = join(import.meta.dir, "../../web")): Promise<readonly WebFile[]> {
  const built = await Bun.build({
    entrypoints: [join(root, "index.html")],
    target: "browser",
    minify: true,
    publicPath: "/",
    naming: { entry: "[name].[ext]", chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
    throw: false,
  });
  if (!built.success) {
    throw new Fault(
      "httpd.bundle",
      "stop",
      `web files cannot be built: ${built.logs.map(String).join("; ")}`,
    );
  }
  return Promise.all(
    built.outputs.map(async (output) => ({
      path: output.path.replace(/^\.?\/*/, "/"),
      type: output.type.replace(/;\s*charset/, "; charset"),
      bytes: new Uint8Array(await output.arrayBuffer()),
      immutable: output.hash !== null && output.path.includes(output.hash),
    })),
  );
}
