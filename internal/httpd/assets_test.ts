import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manualClock } from "#internal/clock";
import { silent } from "#internal/log";
import { application } from "./application.ts";
import { type Assets, loadAssets, serveAssets, shellOf } from "./assets.ts";

let assets: Assets;
let folder = "";

beforeAll(async () => {
  assets = await loadAssets(undefined);
  folder = await mkdtemp(join(tmpdir(), "httpd-assets-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function appOf(files: Assets) {
  const app = application({ logger: silent, clock: manualClock() });
  app.get("*", serveAssets(files));
  return app;
}

const pathOf = (end: string) => [...assets.keys()].find((path) => path.endsWith(end)) ?? "";

test("run from source, the web folder is built in memory: a shell, a script, a style, a picture", () => {
  expect([...assets.keys()].map((path) => path.replace(/-[a-z0-9]{8}\./, "-HASH.")).sort()).toEqual([
    "/favicon-HASH.svg",
    "/index-HASH.css",
    "/index-HASH.js",
    "/index.html",
  ]);
});

test("the shell names the built files, has places for a page, and nothing inline", () => {
  const shell = shellOf(assets);
  for (const end of [".js", ".css", ".svg"]) expect(shell).toContain(pathOf(end));
  for (const place of ["{{title}}", "{{head}}", "{{body}}", "{{language}}"]) expect(shell).toContain(place);
  expect(shell).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|https?:/);
});

test("the page's files are small enough for a slow phone", () => {
  const packed = [...assets.values()].reduce((sum, asset) => sum + (asset.gzip ?? asset.bytes).length, 0);
  expect(packed).toBeLessThan(30_000);
});

test("a file with a hash in its name is cached for ever, and sent compressed", async () => {
  const answer = await appOf(assets).request(pathOf(".js"), { headers: { "Accept-Encoding": "gzip" } });
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-type": expect.stringMatching(/^text\/javascript; ?charset=utf-8$/i),
    "content-encoding": "gzip",
    "cache-control": "public, max-age=31536000, immutable",
    vary: "Accept-Encoding",
    "x-content-type-options": "nosniff",
  });
  expect(Bun.gunzipSync(await answer.arrayBuffer())).toEqual(
    assets.get(pathOf(".js"))?.bytes ?? new Uint8Array(),
  );
});

test("who has the file already gets no body", async () => {
  const path = pathOf(".css");
  const etag = (await appOf(assets).request(path)).headers.get("etag") ?? "";
  expect(etag).toMatch(/^"\w+"$/);
  const again = await appOf(assets).request(path, { headers: { "If-None-Match": `W/${etag}` } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

test("HEAD has the headers of GET and no body", async () => {
  const answer = await appOf(assets).request(pathOf(".svg"), { method: "HEAD" });
  expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
    200,
    "image/svg+xml",
    "",
  ]);
});

test.each(["/index.html", "/nothing.js", "/web/app.ts", "/__proto__", "/constructor"])(
  "%s is not there",
  async (path) => {
    expect((await appOf(assets).request(path)).status).toBe(404);
  },
);

test("files inside the executable are read from where the build put them", async () => {
  await Bun.write(join(folder, "a"), "plain");
  await Bun.write(join(folder, "a.gz"), Bun.gzipSync("plain"));
  const [file, gzip] = [join(folder, "a"), join(folder, "a.gz")];
  const common = { type: "text/plain; charset=utf-8", etag: '"e"' };
  const inside = await loadAssets([
    { ...common, path: "/a.txt", file, gzip, immutable: false },
    { ...common, path: "/b-12345678.txt", file, gzip: undefined, immutable: true },
  ]);
  const app = appOf(inside);
  const headers = { "Accept-Encoding": "gzip" };
  const a = await app.request("/a.txt", { headers });
  expect([a.headers.get("cache-control"), a.headers.get("content-encoding")]).toEqual(["no-cache", "gzip"]);
  const b = await app.request("/b-12345678.txt", { headers });
  expect([b.headers.get("content-encoding"), await b.text()]).toEqual([null, "plain"]);
  expect(() => shellOf(inside)).toThrow("index.html");
});
