import type { Context } from "hono";

/** Below this a packet is a packet and compression only costs; the original's figure (`spec/teller.md` §8.1). */
const smallest = 1400;
/** Fast enough to be done for each answer. */
const level = 5;

const gzipNamed = /(?:^|,)\s*(?:gzip|x-gzip|\*)\s*(?:;\s*q=([\d.]+)\s*)?(?=,|$)/i;

/** acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3). */
export function acceptsGzip(c: Context): boolean {
  const match = gzipNamed.exec(c.req.header("accept-encoding") ?? "");
  return match !== null && Number(match[1] ?? 1) > 0;
}

/** compressible tells whether content of this type gets smaller. */
export function compressible(type: string): boolean {
  return /^(?:text\/|image\/svg|application\/(?:json|javascript|manifest|xml|wasm))/.test(type);
}

/** gzipText gives the compressed text, or undefined where the client does not take it or it is too short. */
export function gzipText(c: Context, text: string): Uint8Array<ArrayBuffer> | undefined {
  return text.length >= smallest && acceptsGzip(c) ? Bun.gzipSync(text, { level }) : undefined;
}
