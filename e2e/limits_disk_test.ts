import { afterEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { customerAddress, poolAddresses } from "./chains.ts";
import { bindable, bindAt, type Bound, type Life, openPost, type Post } from "./limits_world.ts";

/** The disk gets full under load. Whatever was acknowledged stays, and with room again a start is a start. */

const pool = 3000;
const clients = 16;
/** Room for some hundred bindings. */
const roomBytes = 200 * 1024;
const shutdownMs = 45_000;

let post: Post | undefined;
let unmount: (() => void) | undefined;
afterEach(() => {
  unmount?.();
  unmount = undefined;
  post?.remove();
});

/** bindUntilRefused binds from many sides until one is refused or the process ends, and gives what was acknowledged. */
async function bindUntilRefused(life: Life, refused: () => void): Promise<Bound[]> {
  const bound: Bound[] = [];
  let next = 0;
  let over = false;
  const customer = async () => {
    while (!over && !life.ended()) {
      const one = await bindAt(life, customerAddress(next++ % 500));
      if (one !== undefined) bound.push(one);
      else if (!over) {
        over = true;
        refused();
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, customer));
  return bound;
}

/** firstLife imports the pool with all the room there is. */
async function firstLife(at: Post): Promise<Bound> {
  const life = await at.start();
  const first = await bindable(life, customerAddress(0));
  expect(await life.stop()).toMatchObject({ code: 0 });
  return first;
}

/** afterwards looks at what is left, and that the next life works. */
async function afterwards(at: Post, bound: readonly Bound[]): Promise<void> {
  expect(bound.length).toBeGreaterThan(20);
  expect(await at.problems(bound)).toEqual([]);
  const life = await at.start();
  expect(life.ended()).toBe(false);
  const more = await bindable(life, customerAddress(1));
  expect(await life.stop()).toMatchObject({ code: 0 });
  expect(await at.problems([...bound, more])).toEqual([]);
}

const fileLimit = (at: Post) =>
  `trap '' XFSZ && ulimit -f ${Math.ceil((statSync(at.store).size + roomBytes) / 512)}`;

describe("a file that may not grow", () => {
  test("ends the process with 2, and nothing acknowledged is lost", async () => {
    post = openPost(poolAddresses(pool));
    const first = await firstLife(post);
    const life = await post.start(fileLimit(post));
    const bound = await bindUntilRefused(life, () => {});
    expect(await life.exited).toEqual({ code: 2, signal: null });
    expect(post.log()).toContain("a commit could not be written to disk");
    await afterwards(post, [first, ...bound]);
  }, 60_000);

  test("and SIGTERM at that moment ends it in time", async () => {
    post = openPost(poolAddresses(pool));
    const first = await firstLife(post);
    const life = await post.start(fileLimit(post));
    const began = performance.now();
    const bound = await bindUntilRefused(life, () => life.signal("SIGTERM"));
    expect((await life.exited).code).toBeOneOf([0, 2]);
    expect(performance.now() - began).toBeLessThan(shutdownMs);
    await afterwards(post, [first, ...bound]);
  }, 60_000);

  test("ends a start that has no room for its pool with a reason; with room it goes on", async () => {
    post = openPost(poolAddresses(pool));
    const life = await post.start("trap '' XFSZ && ulimit -f 200");
    expect((await life.exited).code).toBeOneOf([1, 2]);
    expect(post.log()).toContain("a commit could not be written to disk");
    expect(await post.problems([])).toEqual([]);
    const next = await post.start();
    const bound = await bindable(next, customerAddress(0));
    expect(await next.stop()).toMatchObject({ code: 0 });
    expect(await post.problems([bound])).toEqual([]);
  }, 60_000);
});

/** mountSmall puts a file system of so many bytes at a folder; undefined where this user may not. */
function mountSmall(folder: string, bytes: number): { grow(to: number): void; unmount(): void } | undefined {
  const run = (...words: string[]) => spawnSync(words[0] ?? "", words.slice(1)).status === 0;
  if (!run("mount", "-t", "tmpfs", "-o", `size=${bytes},mode=700`, "tmpfs", folder)) return undefined;
  return {
    grow: (to) => expect(run("mount", "-o", `remount,size=${to}`, folder)).toBe(true),
    unmount: () => run("umount", "-l", folder),
  };
}

test("a disk that is really full ends the process with 2, and nothing acknowledged is lost", async () => {
  post = openPost(poolAddresses(pool));
  const disk = mountSmall(post.app, 64 * 1024 * 1024);
  if (disk === undefined) return console.log("skipped: a small disk cannot be mounted here");
  unmount = disk.unmount;
  const first = await firstLife(post);
  disk.grow(statSync(post.store).size + 64 * 1024 + roomBytes);
  const life = await post.start();
  const bound = await bindUntilRefused(life, () => {});
  expect(await life.exited).toEqual({ code: 2, signal: null });
  expect(post.log()).toContain("a commit could not be written to disk");
  disk.grow(64 * 1024 * 1024);
  await afterwards(post, [first, ...bound]);
}, 60_000);
