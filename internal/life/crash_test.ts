import { expect, test } from "bun:test";
import { join } from "node:path";
import { crashPointNames, noCrash } from "./mod.ts";

test("every crash point has a name of its own", () => {
  expect(new Set(crashPointNames).size).toBe(crashPointNames.length);
  for (const name of crashPointNames) expect(name).toMatch(/^[a-z]+\.[a-z]+$/);
});

test("production comes through all of them", () => {
  for (const name of crashPointNames) noCrash(name);
});

test("the process is killed at its point, and at no other", () => {
  const script = `
    import { crashAt } from ${JSON.stringify(join(import.meta.dir, "mod.ts"))};
    const reached = crashAt("payout.signed");
    for (const point of ["bind.committed", "payout.built"]) { reached(point); console.log(point); }
    reached("payout.signed");
    console.log("alive");`;
  const { stdout, signalCode } = Bun.spawnSync([process.execPath, "-e", script]);
  expect(stdout.toString()).toBe("bind.committed\npayout.built\n");
  expect(signalCode).toBe("SIGKILL");
});
