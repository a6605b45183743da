import { beforeAll, describe, expect, test } from "bun:test";
import { type Caught, needsBtcd, readPlants, runPlants, tableOf } from "../scripts/plants.ts";
import { btcdBin } from "./chains.ts";

/**
 * Every bug that is kept in `plants/` is planted into a copy of the tree, and the test that is there to catch it
 * must catch it. A patch that does not apply any more, or a test that passes with the bug, fails here.
 */
const bin = btcdBin();
if (bin !== undefined) process.env["BTCD_BIN"] = bin;
const plants = readPlants();
const able = plants.filter((plant) => bin !== undefined || !needsBtcd(plant));
if (able.length < plants.length)
  console.log("skipped: plants that the crash test catches need btcd (BTCD_BIN) or Go to build it");

/** All of them together, two at once: half of it is waiting for payouts that must not come. */
const limitMs = 240_000;
const results = new Map<string, Caught>();

describe("a planted bug is caught:", () => {
  beforeAll(async () => {
    const caught = await runPlants(able);
    for (const one of caught) results.set(one.plant.name, one);
    console.log(tableOf(caught));
  }, limitMs);

  for (const plant of able) {
    test(plant.bug, () => {
      expect(results.get(plant.name)?.verdict).toBe("caught");
    });
  }

  test("there are at least a dozen, and the two that broadcast too early are among them", () => {
    expect(plants.length).toBeGreaterThanOrEqual(12);
    const names = plants.map(({ name }) => name);
    for (const name of ["broadcast-before-commit", "save-after-send"]) expect(names).toContain(name);
  });
});
