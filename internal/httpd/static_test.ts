import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manualClock } from "#internal/clock";
import { silent } from "#internal/log";
import { application } from "./application.ts";
import { staticFiles } from "./static.ts";

let root = "";
let site = "";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "httpd-static-"));
  site = join(root, "site");
  await Bun.write(join(root, "secret.txt"), "secret");
  await Bun.write(join(root, "site-secret", "x.txt"), "secret");
  await Bun.write(join(site, "index.html"), "<h1>front</h1>");
  await Bun.write(join(site, "a b", "index.html"), "<h1>spaced</h1>");
  await Bun.write(join(site, "cn", "index.html"), "<h1>cn</h1>");
  await Bun.write(join(site, "app.js"), "let x = 1;".repeat(500));
  await Bun.write(join(site, "empty.css"), "");
  await Bun.write(join(site, "picture.png"), new Uint8Array([1, 2, 3]));
  await Bun.write(join(site, "big.txt"), "b".repeat(1_100_000));
  await Bun.write(join(site, ".git", "config"), "secret");
  await Bun.write(join(site, ".env"), "secret");
  await Bun.write(join(site, ".well-known", "security.txt"), "Contact: us");
  await mkdir(join(site, "no-index"));
  await symlink(join(root, "secret.txt"), join(site, "link.txt"));
  await symlink(join(root, "site-secret"), join(site, "outside"));
  await symlink(join(site, "app.js"), join(site, "inside.js"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

function ask(path: string, init: RequestInit = {}) {
  const app = application({ logger: silent, clock: manualClock() });
  app.all("*", staticFiles(site));
  return app.request(`http://localhost${path}`, init);
}

test.each([
  { path: "/", text: "<h1>front</h1>", type: "text/html; charset=utf-8" },
  { path: "/?x=/../..", text: "<h1>front</h1>", type: "text/html; charset=utf-8" },
  { path: "/index.html", text: "<h1>front</h1>", type: "text/html; charset=utf-8" },
  { path: "/cn/", text: "<h1>cn</h1>", type: "text/html; charset=utf-8" },
  { path: "/a%20b/", text: "<h1>spaced</h1>", type: "text/html; charset=utf-8" },
  { path: "/empty.css", text: "", type: "text/css; charset=utf-8" },
  { path: "/picture.png", text: "\u0001\u0002\u0003", type: "image/png" },
  { path: "//cn//", text: "<h1>cn</h1>", type: "text/html; charset=utf-8" },
  { path: "/inside.js", text: "let x = 1;".repeat(500), type: "text/javascript; charset=utf-8" },
  { path: "/.well-known/security.txt", text: "Contact: us", type: "text/plain; charset=utf-8" },
])("$path is served", async ({ path, text, type }) => {
  const answer = await ask(path);
  expect([answer.status, await answer.text(), answer.headers.get("content-type")]).toEqual([200, text, type]);
  expect(answer.headers.get("cache-control")).toBe("no-cache");
  expect(answer.headers.has("content-security-policy")).toBe(true);
});

test.each([
  "/none.txt",
  "/no-index/",
  "/../secret.txt",
  "/..%2fsecret.txt",
  "/%2e%2e/secret.txt",
  "/%2e%2e%2fsecret.txt",
  "/cn/..%2f..%2fsecret.txt",
  "/..%5csecret.txt",
  "/..\\secret.txt",
  "/....//secret.txt",
  "/link.txt",
  "/outside/x.txt",
  "/outside/",
  "/../site-secret/x.txt",
  "/.env",
  "/.git/config",
  "/cn/../.env",
  "/%2eenv",
  "/index.html%00.txt",
  "/%00",
  "/%ff",
  "/%",
  `/${"a".repeat(5000)}`,
  "/proc/self/environ",
])("%s is not there", async (path) => {
  const answer = await ask(path);
  expect([answer.status, await answer.text()]).toEqual([404, "404 page not found\n"]);
});

test("a folder without its slash is sent to the one with it, on this host", async () => {
  const moved = async (path: string) => {
    const answer = await ask(path);
    return [answer.status, answer.headers.get("location")];
  };
  expect(await moved("/cn")).toEqual([301, "/cn/"]);
  expect(await moved("/a%20b")).toEqual([301, "/a%20b/"]);
  expect(await moved("//cn")).toEqual([301, "/cn/"]);
});

test("text is compressed, once for many", async () => {
  const app = application({ logger: silent, clock: manualClock() });
  app.all("*", staticFiles(site));
  for (let i = 0; i < 2; i++) {
    const answer = await app.request("/app.js", { headers: { "Accept-Encoding": "gzip" } });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(new TextDecoder().decode(Bun.gunzipSync(await answer.arrayBuffer()))).toBe(
      "let x = 1;".repeat(500),
    );
  }
  expect(
    (await ask("/picture.png", { headers: { "Accept-Encoding": "gzip" } })).headers.has("content-encoding"),
  ).toBe(false);
});

test("a changed file is seen as changed", async () => {
  const app = application({ logger: silent, clock: manualClock() });
  app.all("*", staticFiles(site));
  const file = join(site, "changing.txt");
  await Bun.write(file, "one");
  await utimes(file, 1000, 1000);
  const first = await app.request("/changing.txt");
  const headers = { "If-None-Match": first.headers.get("etag") ?? "" };
  expect((await app.request("/changing.txt", { headers })).status).toBe(304);
  await Bun.write(file, "two");
  await utimes(file, 2000, 2000);
  const second = await app.request("/changing.txt", { headers });
  expect([second.status, await second.text()]).toEqual([200, "two"]);
});

test("a big file is streamed", async () => {
  const answer = await ask("/big.txt", { headers: { "Accept-Encoding": "gzip" } });
  expect([answer.status, (await answer.text()).length, answer.headers.get("content-encoding")]).toEqual([
    200,
    1_100_000,
    null,
  ]);
});

test("HEAD has no body and other methods are refused", async () => {
  const head = await ask("/app.js", { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  const post = await ask("/app.js", { method: "POST" });
  expect([post.status, post.headers.get("allow"), await post.text()]).toEqual([
    405,
    "GET, HEAD",
    "Invalid request method\n",
  ]);
});

test("a folder that is not there gives 404s", async () => {
  const app = application({ logger: silent, clock: manualClock() });
  app.all("*", staticFiles(join(root, "absent")));
  expect((await app.request("/")).status).toBe(404);
});
