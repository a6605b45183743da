import { bucket, openStore, text } from "#internal/db";

/** childPath is this file, to be run under the recorder: `bun testchild.ts STORE URL`. */
export const childPath = import.meta.path;

/** rows is the one bucket of the child's store. */
export const rows = bucket<string, string>("rows", text);

/** bodyOf is what the child posts when row `n` is on disk. */
export const bodyOf = (n: number) => JSON.stringify({ row: `${n}`, more: "x".repeat(n * 1000) });

/** childWrites is how many rows the child writes. */
export const childWrites = 20;

if (import.meta.main) {
  const [path = "", url = ""] = process.argv.slice(2);
  const store = openStore(path, [rows]);
  for (let n = 1; n <= childWrites; n++) {
    await store.write((tx) => tx.put(rows, `${n}`, "y".repeat(n * 500)));
    await (await fetch(url, { method: "POST", body: bodyOf(n) })).text();
  }
  await store.close();
}
