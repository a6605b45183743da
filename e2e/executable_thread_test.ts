import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { networkOf } from "../internal/bitcoin/networks.ts";
import { randomBlock, seeded } from "../internal/bitcoin/testblocks.ts";
import { poolAddresses } from "./chains.ts";
import { type Daemon, healthOf, startDaemon, until } from "./daemon.ts";
import { executable } from "./executable_build.ts";

/** The executable catches up with a node that is made of a list of blocks, among files that would like to be run. */
const count = 60;
const middle = 35;

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

interface Node {
  readonly port: number;
  /** spoil lets a block have another transaction, under its own header. */
  spoil(height: number | undefined): void;
  hashAt(height: number): string;
  stop(): Promise<void>;
}

function startNode(): Node {
  const hashes = [networkOf("simnet").genesis];
  const blocks = new Map<unknown, { readonly height: number; readonly hex: string }>();
  for (let height = 1; height <= count; height++) {
    const block = randomBlock(seeded(height), 20);
    block.prevHash = Buffer.from(hashes[height - 1] ?? "", "hex").reverse();
    hashes.push(block.getId());
    blocks.set(block.getId(), { height, hex: block.toHex() });
  }
  let spoiled: number | undefined;
  const resultOf = ({ method, params: [asked] }: Call): unknown => {
    if (method === "getblockcount") return count;
    if (method === "getblockhash") return hashes[Number(asked)];
    const { height = 0, hex = "" } = blocks.get(asked) ?? {};
    return height === spoiled ? `${hex.slice(0, -8)}01020304` : hex;
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const asked = (await request.json()) as Call | Call[];
      const answer = (call: Call) => ({ id: call.id, result: resultOf(call), error: null });
      return Response.json(Array.isArray(asked) ? asked.map(answer) : answer(asked));
    },
  });
  return {
    port: server.port ?? 0,
    spoil(height) {
      spoiled = height;
    },
    hashAt: (height) => hashes[height] ?? "",
    stop: () => server.stop(true),
  };
}

const config = (port: number) => `
debug = true
btc_addresses = "pool.txt"
[btc_rpc]
server = "http://127.0.0.1:${port}"
user = "u"
pass = "p"
network = "simnet"
[btc_scanner]
scan_period = "100ms"
initial_scan_height = 1
[sky_exchanger]
sky_btc_exchange_rate = "500"
[dummy]
sender = true
`;

/** The places where a thread's file would be looked for that is not found inside the executable. */
const hostile = ["", "internal/bitcoin/", "$bunfs/root/internal/bitcoin/", "root/internal/bitcoin/"].flatMap(
  (place) => [`${place}worker.js`, `${place}worker.ts`],
);

let dir = "";
let node: Node;
let daemon: Daemon | undefined;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "teller-thread-"));
  node = startNode();
  copyFileSync(executable(), join(dir, "teller"));
  writeFileSync(join(dir, "pool.txt"), poolAddresses(20).join("\n"));
  for (const path of hostile) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(
      join(dir, path),
      `require("node:fs").writeFileSync(${JSON.stringify(join(dir, "was-run"))}, "");`,
    );
  }
}, 60_000);

afterAll(async () => {
  await daemon?.kill();
  await node.stop();
  rmSync(dir, { recursive: true });
}, 30_000);

test("a catch-up is checked on a thread whose file is inside the executable, and a forged block ends it", async () => {
  node.spoil(middle);
  const started = await startDaemon({ dir, config: config(node.port), exe: join(dir, "teller") });
  daemon = started;
  const scanned = async () => (await healthOf(started)).scanners.BTC;
  const refused = `block ${middle} ${node.hashAt(middle)}: the merkle root does not match the transactions`;
  await until("the forged block is named", async () => (await scanned()).error.includes(refused));
  expect((await scanned()).height).toBe(middle - 1);
  node.spoil(undefined);
  await until("the scan reached the tip", async () => (await scanned()).height === count);
  expect((await scanned()).error).toBe("");
  expect(await started.stop()).toEqual({ code: 0, signal: null });
  expect(started.output()).toContain("merkle roots are computed on a thread of their own");
  expect(started.output()).toMatch(/the thread for merkle roots ends.* blocks=[1-9]/);
  expect(started.output()).not.toContain("on the main thread");
  expect(existsSync(join(dir, "was-run"))).toBe(false);
}, 60_000);
