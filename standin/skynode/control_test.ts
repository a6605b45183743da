import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { droplet } from "#internal/money";
import { firstKeyOf, firstSpend } from "./chain.ts";
import { commands } from "./control.ts";
import { type Skynode, startSkynode } from "./skynode.ts";

let skynode: Skynode;
const customer = firstKeyOf("customer").text;

beforeEach(() => {
  skynode = startSkynode();
});

afterEach(() => skynode.stop());

async function run(name: string, args: unknown = {}): Promise<{ status: number; said: unknown }> {
  const answer = await fetch(`${skynode.url}/control/${name}`, {
    method: "POST",
    body: JSON.stringify(args),
  });
  return { status: answer.status, said: await answer.json() };
}

/** Every command, in an order in which each makes sense, with something of what it says. */
const story: readonly (readonly [name: string, args: unknown, says: unknown])[] = [
  ["state", {}, { node: { seq: 0 }, pool: [], peers: 1, faults: [] }],
  ["block", {}, null],
  [
    "spend",
    { from: "genesis", to: customer, coins: "1.5" },
    { txid: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ],
  ["block", {}, { seq: 1 }],
  ["snapshot", { name: "one" }, { seq: 1 }],
  ["foreign", { seconds: 60 }, { seq: 2 }],
  ["back", { name: "one" }, { node: { seq: 1 }, chain: { seq: 2 }, snapshots: ["one"] }],
  ["catchup", {}, { node: { seq: 2 } }],
  ["back", { name: "one", which: "chain" }, { chain: { seq: 1 } }],
  [
    "rules",
    { publisher: { burnFactor: 3, maxBlockSize: 1000 }, node: { maxDecimals: 1 } },
    {
      publisher: { burnFactor: 3, maxBlockSize: 1000, maxSize: 32_768 },
      rules: { burnFactor: 10, maxDecimals: 1 },
    },
  ],
  ["peers", { count: 0 }, { peers: 0 }],
  ["pause", {}, {}],
  ["resume", {}, {}],
  ["clean", {}, []],
  ["fault", { name: "any-drop", times: 2, skip: 1 }, { faults: [{ name: "any-drop", left: 2, skip: 1 }] }],
  ["clear", {}, {}],
];

describe("the control interface", () => {
  test("has every command, and each does what it says", async () => {
    for (const [name, args, says] of story) {
      const { status, said } = await run(name, args);
      expect([name, status]).toEqual([name, 200]);
      if (says === null) expect(said).toBeNull();
      else expect(said).toMatchObject(Object(says));
    }
    expect(Object.keys(commands).toSorted()).toEqual(
      Array.from(new Set(story.map(([name]) => name))).toSorted(),
    );
  });

  const refused: readonly (readonly [name: string, args: unknown, status: number])[] = [
    ["nothing", {}, 404],
    ["toString", {}, 404],
    ["back", { name: "none" }, 400],
    ["fault", { name: "none" }, 400],
    ["spend", { from: "nobody", to: customer, coins: "1" }, 400],
    ["spend", { from: "hot", to: "abc", coins: "1" }, 400],
    ["spend", { from: "hot", to: customer, coins: "1" }, 400],
    ["peers", { count: -1 }, 400],
    ["block", { only: 5 }, 400],
  ];
  for (const [name, args, status] of refused) {
    test(`refuses ${name} ${JSON.stringify(args)}`, async () => {
      expect((await run(name, args)).status).toBe(status);
    });
  }

  test("makes a block of one transaction only", async () => {
    const payment = { from: "genesis", coins: droplet(1_000_000n) } as const;
    for (const role of ["hot", "customer"] as const) {
      expect(skynode.spend({ ...payment, to: firstKeyOf(role).address }).ok).toBe(true);
    }
    expect((await run("block", { only: firstSpend.txid })).said).toBeNull();
    const [pending] = skynode.world.chain.pool();
    expect((await run("block", { only: pending?.txid })).said).toMatchObject({ txids: [pending?.txid] });
  });
});

describe("started by hand", () => {
  const main = `${import.meta.dir}/main.ts`;
  const spawn = (...args: string[]) =>
    Bun.spawn([process.execPath, main, ...args], { stdout: "pipe", stderr: "pipe", stdin: "ignore" });

  test("tells its flags and commands", async () => {
    const child = spawn("--help");
    const text = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    for (const part of ["--port", "--publisher-burn-factor", ...Object.keys(commands)])
      expect(text).toContain(part);
  });

  test("says where it listens, and ends on SIGTERM", async () => {
    const child = spawn("--port", "0", "--block-seconds", "0");
    const line = await firstLine(child.stdout);
    const url = /http:\S+:\d+(?=,)/.exec(line)?.[0] ?? "";
    expect((await fetch(`${url}/api/v1/version`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  });

  test("ends with 1 and a reason when the port is taken or a flag is false", async () => {
    const taken = spawn("--port", String(skynode.port));
    expect(await taken.exited).toBe(1);
    expect(await new Response(taken.stderr).text()).toContain("cannot listen on");
    expect(await spawn("--port", "x").exited).toBe(1);
  });
});

/** The first line of a stream that stays open. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    text += Buffer.from(value).toString();
  }
  reader.releaseLock();
  return text;
}
