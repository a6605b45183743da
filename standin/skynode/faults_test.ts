import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type Clock, systemClock } from "#internal/clock";
import { createHttp } from "#internal/rpc";
import { firstSpend } from "./chain.ts";
import { faultTable, isFaultName, newFaults, type NodeFault } from "./faults.ts";
import { type Skynode, startSkynode } from "./skynode.ts";

const never = new AbortController().signal;
let skynode: Skynode;
let slept: number[] = [];

beforeEach(() => {
  slept = [];
  const clock: Clock = {
    ...systemClock,
    sleep: async (ms) => {
      slept.push(ms);
    },
  };
  skynode = startSkynode({ clock });
});

afterEach(() => skynode.stop());

/** The request that a fault is about: an injection where it can be one. */
async function ask(path: string): Promise<Response> {
  const { csrf_token: token } = Object(await (await fetch(`${skynode.url}/api/v1/csrf`)).json());
  // Only now: the token must not meet the fault itself.
  arm();
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": String(token) };
  const body = JSON.stringify({ rawtx: firstSpend.raw, encoded_transaction: firstSpend.raw });
  const posted = path.includes("inject") || path.includes("verify") || path === "*";
  const url = skynode.url + (path === "*" ? "/api/v1/injectTransaction" : path);
  return posted ? fetch(url, { method: "POST", body, headers }) : fetch(`${url}?txid=${firstSpend.txid}`);
}

let arm = (): void => {};

const taken = (): boolean => skynode.world.chain.pending(firstSpend.txid) !== undefined;

/** What comes back: a status and a text, or nothing. */
async function outcome(path: string): Promise<string> {
  try {
    const answer = await ask(path);
    return `${answer.status} ${(await answer.text()).trim()}`;
  } catch {
    return "broken";
  }
}

function expected({ deed, path }: NodeFault): RegExp {
  switch (deed.kind) {
    case "answer":
      return new RegExp(`^${deed.status} .*${deed.message}`, "s");
    case "body":
      return /^200 (<html>|"0000)/;
    case "drop":
    case "cut":
      return /^broken$/;
    case "slow":
      return path === "*" ? /^200 "f965/ : /^\d/;
  }
}

describe("faults", () => {
  for (const [name, fault] of Object.entries(faultTable)) {
    test(`${name}: the answer is false, and the transaction is taken only where the node has acted`, async () => {
      arm = () => {
        if (isFaultName(name)) skynode.faults.arm(name);
      };
      expect(await outcome(fault.path)).toMatch(expected(fault));
      const injecting = fault.path === "*" || fault.path.includes("inject");
      expect(taken()).toBe(injecting && fault.when === "after");
      expect(skynode.faults.armed()).toEqual([]);
      expect(slept.filter((ms) => ms === 5_000).length).toBe(fault.deed.kind === "slow" ? 1 : 0);
    });
  }

  test("the client of the daemon is in doubt after a lost answer to an injection", async () => {
    const http = createHttp({ base: skynode.url, deadlineMs: 5_000, maxBytes: 1_000, clock: systemClock });
    for (const name of ["inject-drop-after", "inject-cut-after"] as const) {
      skynode.faults.arm(name);
      const path = "/api/v1/injectTransaction";
      const call = http.request({ op: "test", method: "POST", path, body: "{}", effect: true }, never);
      await expect(call).rejects.toMatchObject({ fate: "ask" });
    }
  });
});

describe("the list of what is armed", () => {
  test("lets requests by, meets so many, and looks at the path", () => {
    const faults = newFaults();
    faults.arm("outputs-500", { times: 2, skip: 1 });
    const met = (path: string): boolean => faults.meet(path) !== undefined;
    expect([
      met("/api/v1/uxout"),
      met("/api/v1/outputs"),
      met("/api/v1/outputs"),
      met("/api/v1/outputs"),
    ]).toEqual([false, false, true, true]);
    expect(met("/api/v1/outputs")).toBe(false);
    faults.arm("any-drop", { times: 5 });
    faults.clear();
    expect(met("/api/v1/outputs")).toBe(false);
  });

  test("takes faults that are not in the table", () => {
    const faults = newFaults();
    const own: NodeFault = { path: "*", when: "before", deed: { kind: "body", text: "[]" } };
    faults.armOwn("own", own);
    expect(faults.meet("/any")).toEqual(own);
  });
});
