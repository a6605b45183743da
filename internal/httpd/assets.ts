import type { Context } from "hono";
import { Fault } from "#internal/fault";
import { matches, notFound } from "./answer.ts";
import { bundleWeb, type WebFile } from "./bundle.ts";
import { embedded, type EmbeddedAsset } from "./embedded.ts";
import { acceptsGzip, compressible } from "./gzip.ts";

/** Asset is a web file in memory, ready to be sent. */
export interface Asset extends WebFile {
  readonly gzip: Uint8Array<ArrayBuffer> | undefined;
  /** A strong entity tag, quotes included. */
  readonly etag: string;
}

/** Assets are the web files by the path of their URL. */
export type Assets = ReadonlyMap<string, Asset>;

/** shellPath is the page's frame: a template for pages, never sent as it is. */
export const shellPath = "/index.html";

/**
 * loadAssets reads the web files into memory, once: those inside the executable, or, run from
 * source, those of `web/` built on the spot.
 */
export async function loadAssets(files: readonly EmbeddedAsset[] | undefined = embedded): Promise<Assets> {
  const assets = files === undefined ? (await bundleWeb()).map(packed) : await Promise.all(files.map(read));
  return new Map(assets.map((asset) => [asset.path, asset]));
}

async function read(file: EmbeddedAsset): Promise<Asset> {
  const bytes = await Bun.file(file.file).bytes();
  const gzip = file.gzip === undefined ? undefined : await Bun.file(file.gzip).bytes();
  return { path: file.path, type: file.type, etag: file.etag, immutable: file.immutable, bytes, gzip };
}

function packed(file: WebFile): Asset {
  const gzip = compressible(file.type) ? Bun.gzipSync(file.bytes) : undefined;
  const worth = gzip !== undefined && gzip.length < file.bytes.length * 0.9;
  return { ...file, gzip: worth ? gzip : undefined, etag: `"${Bun.hash(file.bytes).toString(36)}"` };
}

/** shellOf gives the page's frame as text. */
export function shellOf(assets: Assets): string {
  const shell = assets.get(shellPath);
  if (shell === undefined) throw new Fault("httpd.assets", "stop", "the web files have no index.html");
  return new TextDecoder().decode(shell.bytes);
}

/** serveAssets gives a handler that answers with the web file of the request's path, or 404. */
export function serveAssets(assets: Assets): (c: Context) => Response {
  return (c) => {
    const asset = c.req.path === shellPath ? undefined : assets.get(c.req.path);
    return asset === undefined ? notFound(c) : sendAsset(c, asset);
  };
}

/** sendAsset answers with a file: compressed where the client takes it, without a body where it has it already. */
export function sendAsset(c: Context, { etag, immutable, gzip, bytes, type }: Omit<Asset, "path">): Response {
  c.header("ETag", etag);
  c.header("Cache-Control", immutable ? "public, max-age=31536000, immutable" : "no-cache");
  c.header("Vary", "Accept-Encoding");
  if (matches(c.req.header("if-none-match"), etag)) return c.body(null, 304);
  c.header("Content-Type", type);
  if (gzip === undefined || !acceptsGzip(c)) return c.body(bytes);
  c.header("Content-Encoding", "gzip");
  return c.body(gzip);
}
