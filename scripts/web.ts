/** web: bundles the web pages and writes the module that carries them into the executable. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundleWeb, type WebFile } from "../internal/httpd/bundle.ts";
import type { EmbeddedAsset } from "../internal/httpd/embedded.ts";

/** writeWeb bundles the pages of `from` into the folder `to`, with gzip copies, and gives the list of the files. */
export async function writeWeb(from: string, to: string): Promise<EmbeddedAsset[]> {
  rmSync(to, { recursive: true, force: true });
  const files = await bundleWeb(from);
  return files.map((file) => write(file, join(to, file.path)));
}

function write({ path, type, bytes, immutable }: WebFile, file: string): EmbeddedAsset {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  const packed = gzipSync(bytes, { level: 9 });
  const gzip = packed.length < bytes.length * 0.9 ? `${file}.gz` : undefined;
  if (gzip !== undefined) writeFileSync(gzip, packed);
  const digest = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  return { path, file, gzip, type, etag: `"${digest.slice(0, 32)}"`, immutable };
}

/** embeddedModule writes the module that stands in for `internal/httpd/embedded.ts` in the executable. */
export function embeddedModule(assets: readonly EmbeddedAsset[]): string {
  const imports: string[] = [];
  const carry = (path: string | undefined): string => {
    if (path === undefined) return "undefined";
    const name = `file${imports.length}`;
    imports.push(`import ${name} from ${JSON.stringify(path)} with { type: "file" };`);
    return name;
  };
  const rows = assets.map(({ file, gzip, ...facts }) => {
    const text = JSON.stringify(facts);
    return `  { ...${text}, file: ${carry(file)}, gzip: ${carry(gzip)} },`;
  });
  return [...imports, "export const embedded = [", ...rows, "];", ""].join("\n");
}
