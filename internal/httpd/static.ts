import type { Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import type { Context } from "hono";
import { fail, notFound } from "./answer.ts";
import { type Asset, sendAsset } from "./assets.ts";
import { compressible } from "./gzip.ts";

/** Above this a file is sent as it is and not read into memory. */
const largestInMemory = 1024 * 1024;
/** How much of the folder's files is kept compressed in memory. */
const cacheBytes = 16 * 1024 * 1024;

type Cached = Omit<Asset, "path">;

/**
 * staticFiles gives a handler that serves a folder (`web.static_dir`): `index.html` for a folder,
 * never a listing, nothing outside of the folder or behind a link that leads out of it, nothing
 * whose name begins with a dot. Files may change while it runs.
 */
export function staticFiles(root: string): (c: Context) => Promise<Response> {
  const cache = new Map<string, Cached>();
  return async (c) => {
    if (c.req.method !== "GET" && c.req.method !== "HEAD") {
      c.header("Allow", "GET, HEAD");
      return fail(c, 405, "Invalid request method");
    }
    const path = cleanPath(new URL(c.req.url).pathname);
    if (path === undefined) return notFound(c);
    const found = await find(root, path);
    if (found === undefined) return notFound(c);
    if (found.stats.isDirectory()) return c.redirect(`${encodeURI(path)}/`, 301);
    return serve(c, found, cache);
  };
}

/** cleanPath decodes a URL's path, or gives undefined for one that no file of ours can have. */
function cleanPath(pathname: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(pathname).replaceAll(/\/+/g, "/");
  } catch {
    return undefined;
  }
  const hidden = path.split("/").some((part) => part.startsWith(".") && part !== ".well-known");
  return hidden || /[\\\0]/.test(path) ? undefined : path;
}

interface Found {
  readonly file: string;
  readonly stats: Stats;
}

async function find(root: string, path: string): Promise<Found | undefined> {
  try {
    const inside = await realpath(resolve(root));
    const file = await realpath(join(inside, path.endsWith("/") ? `${path}index.html` : path));
    if (file !== inside && !file.startsWith(inside + sep)) return undefined;
    const stats = await stat(file);
    return stats.isFile() || stats.isDirectory() ? { file, stats } : undefined;
  } catch {
    // Absent, not readable, or a name that the system refuses: none of it is the client's to know.
    return undefined;
  }
}

async function serve(c: Context, { file, stats }: Found, cache: Map<string, Cached>): Promise<Response> {
  const etag = `"${stats.mtimeMs.toString(36).replace(".", "-")}-${stats.size.toString(36)}"`;
  const type = Bun.file(file).type.replace(/;\s*charset/, "; charset");
  if (stats.size > largestInMemory) {
    c.header("ETag", etag);
    c.header("Cache-Control", "no-cache");
    c.header("Content-Type", type);
    return c.body(Bun.file(file).stream());
  }
  const held = cache.get(file);
  if (held?.etag === etag) return sendAsset(c, held);
  const bytes = await Bun.file(file).bytes();
  const gzip = compressible(type) && bytes.length > 0 ? Bun.gzipSync(bytes) : undefined;
  // A name with a hash could be cached for ever, but in a folder of somebody else we cannot know.
  const fresh = { etag, type, bytes, gzip, immutable: false };
  cache.set(file, fresh);
  let kept = 0;
  for (const [name, entry] of [...cache].reverse()) {
    kept += entry.bytes.length + (entry.gzip?.length ?? 0);
    if (kept > cacheBytes) cache.delete(name);
  }
  return sendAsset(c, fresh);
}
