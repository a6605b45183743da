import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Socket } from "bun";
import { customerAddress, poolAddresses } from "./chains.ts";
import { until } from "./daemon.ts";
import { bindable, healthy, openFiles, openPost, type Post } from "./limits_world.ts";

/** Thousands of clients connect and say nothing, or half of something. */

const wanted = 10_000;
const shutdownMs = 45_000;
/** What the test itself needs beside the connections. */
const spareFiles = 1000;
const atOnce = 250;
/** Requests that never end; one client may have 64 of them at a time. */
const halves = 50;

let post: Post | undefined;
let sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets) socket.terminate();
  sockets = [];
  post?.remove();
});

/** allowedFiles is how many descriptors this process may have. */
function allowedFiles(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 256);
}

/** connect opens so many connections; each says these bytes and then nothing. */
async function connect(url: string, count: number, bytes = ""): Promise<void> {
  const { hostname, port } = new URL(url);
  for (let open = 0; open < count; open += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - open) }, () =>
      Bun.connect({ hostname, port: Number(port), socket: { data() {}, error() {}, close() {} } }),
    );
    for (const socket of await Promise.all(some)) {
      if (bytes !== "") socket.write(bytes);
      sockets.push(socket);
    }
  }
}

const half =
  "POST /api/bind HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{";

test("with ten thousand silent connections health answers, an address is bound, and SIGTERM ends it in time", async () => {
  post = openPost(poolAddresses(100));
  const count = Math.min(wanted, allowedFiles() - spareFiles);
  if (count < wanted) console.log(`only ${count} connections: this process may not have more files`);
  const life = await post.start("ulimit -n $(ulimit -H -n)");
  const first = await bindable(life, customerAddress(0));
  const began = performance.now();
  await connect(life.publicUrl, count - 2 * halves);
  await connect(life.publicUrl, halves, half);
  await connect(life.adminUrl, halves, "GET / HT");
  await until("it has taken them", () => openFiles(life.pid) > count);
  console.log(`${count} connections after ${Math.round(performance.now() - began)} ms`);
  for (let i = 0; i < 20; i++) expect(await healthy(life.publicUrl)).toBe(true);
  const second = await bindable(life, customerAddress(1));
  const end = await life.stop();
  expect(end).toMatchObject({ code: 0, signal: null });
  expect(end.ms).toBeLessThan(shutdownMs);
  expect(await post.problems([first, second])).toEqual([]);
  const next = await post.start();
  expect(await next.stop()).toMatchObject({ code: 0 });
}, 120_000);

test("more connections than it has descriptors hold it up only as long as they last", async () => {
  post = openPost(poolAddresses(100));
  const life = await post.start("ulimit -n 120");
  const first = await bindable(life, customerAddress(0));
  const before = openFiles(life.pid);
  await connect(life.publicUrl, 400);
  await until("its descriptors are used up", () => openFiles(life.pid) >= 118);
  const printed = post.log().length;
  await Bun.sleep(1000);
  expect(post.log().length - printed).toBeLessThan(100_000);
  expect(life.ended()).toBe(false);
  for (const socket of sockets.splice(0)) socket.terminate();
  await until("it answers again", () => healthy(life.publicUrl));
  const second = await bindable(life, customerAddress(1));
  await until("the connections are gone", () => openFiles(life.pid) < before + 20);
  expect(await life.stop()).toMatchObject({ code: 0 });
  expect(await post.problems([first, second])).toEqual([]);
}, 60_000);

test("SIGTERM while its descriptors are used up ends it in time", async () => {
  post = openPost(poolAddresses(100));
  const life = await post.start("ulimit -n 120");
  const first = await bindable(life, customerAddress(0));
  await connect(life.publicUrl, 400);
  await until("its descriptors are used up", () => openFiles(life.pid) >= 118);
  const end = await life.stop();
  expect(end).toMatchObject({ code: 0, signal: null });
  expect(end.ms).toBeLessThan(shutdownMs);
  expect(await post.problems([first])).toEqual([]);
}, 60_000);

test("a client that has broken off as many requests as it may have at a time is answered again", async () => {
  post = openPost(poolAddresses(100));
  const life = await post.start();
  for (let round = 0; round < 3; round++) {
    await connect(life.publicUrl, 64, half);
    await until("it may have no more", async () => !(await healthy(life.publicUrl)));
    for (const socket of sockets.splice(0)) socket.terminate();
    await until("it is answered again", () => healthy(life.publicUrl));
  }
  expect(await life.stop()).toMatchObject({ code: 0 });
}, 60_000);
