import { z } from "zod";
import { Fault, messageOf, type Result } from "#internal/fault";
import { parse, stringify } from "#internal/json";
import { parseDroplets } from "#internal/skycoin";
import { roles } from "./chain.ts";
import { faultTable, isFaultName } from "./faults.ts";
import type { Skynode } from "./skynode.ts";
import { readAddress } from "./world.ts";

/** commandPath is where commands by hand are taken: `POST /control/block`, JSON in and out, no token. */
export const commandPath = "/control/";

/** Command is one thing that can be done to a running node from outside. */
interface Command {
  readonly help: string;
  run(node: Skynode, args: unknown): unknown;
}

const burn = z.int().min(1);
const rulesShape = z.object({
  burnFactor: burn.optional(),
  maxSize: z.int().min(1).optional(),
  maxDecimals: z.int().min(0).max(6).optional(),
  maxBlockSize: z.int().min(1).optional(),
});

function rulesOf(given: z.infer<typeof rulesShape> | undefined) {
  const { burnFactor, ...rest } = given ?? {};
  const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { ...set, ...(burnFactor === undefined ? {} : { burnFactor: BigInt(burnFactor) }) };
}

function orThrow<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Fault("skynode.control", "stop", result.refusal);
  return result.value;
}

/** state is what a person wants to see of a node. */
function state(node: Skynode) {
  const { view, chain, rules, publisher, peers, snapshots } = node.world;
  const headOf = (ledger: typeof view) => ({ seq: ledger.head().seq, hash: ledger.head().hash });
  return {
    node: headOf(view),
    chain: headOf(chain),
    pool: view.pool().map(({ txid, valid }) => ({ txid, valid })),
    rules,
    publisher,
    peers,
    snapshots: Array.from(snapshots.keys()),
    faults: node.faults.armed().map(({ name, left, skip }) => ({ name, left, skip })),
  };
}

const named = z.object({ name: z.string().min(1).max(100) });
const times = z.int().min(1).optional();
const skip = z.int().min(0).optional();

/** commands is the control interface; a new command is a new row. */
export const commands: Readonly<Record<string, Command>> = {
  state: { help: "{} what the node has now", run: state },
  block: {
    help: "{only?: txid} make a block now; null when nothing can be in it",
    run: (node, args) => {
      const { only } = z.object({ only: z.string().optional() }).parse(args);
      const block = node.block(only);
      return block === undefined ? null : { seq: block.seq, hash: block.hash, txids: block.txids };
    },
  },
  foreign: {
    help: "{seconds: n} somebody else's block, so many seconds after the head",
    run: (node, args) => {
      const { seconds } = z.object({ seconds: z.int().min(1) }).parse(args);
      return { seq: orThrow(node.foreignBlock(seconds)).seq };
    },
  },
  pause: { help: "{} no blocks on the timer", run: (node) => node.pause() },
  resume: { help: "{} blocks on the timer again", run: (node) => node.resume() },
  clean: { help: "{} drop what can never confirm from the pool", run: (node) => node.clean() },
  rules: {
    help: "{node?: {burnFactor?, maxSize?, maxDecimals?}, publisher?: {…, maxBlockSize?}} change rules",
    run: (node, args) => {
      const read = z.object({ node: rulesShape.optional(), publisher: rulesShape.optional() }).parse(args);
      node.setRules({ node: rulesOf(read.node), publisher: rulesOf(read.publisher) });
      return state(node);
    },
  },
  peers: {
    help: "{count: n} how many peers the node has; with none it cannot broadcast",
    run: (node, args) => {
      node.world.peers = z.object({ count: z.int().min(0).max(100) }).parse(args).count;
      return state(node);
    },
  },
  snapshot: {
    help: "{name} keep a copy of the chain",
    run: (node, args) => ({ seq: node.remember(named.parse(args).name).seq }),
  },
  back: {
    help: "{name, which?: 'node' | 'chain'} set the answering node, or the whole chain, back to a copy",
    run: (node, args) => {
      const { name, which } = named.extend({ which: z.enum(["node", "chain"]).default("node") }).parse(args);
      orThrow(node.setBack(name, which));
      return state(node);
    },
  },
  catchup: {
    help: "{} give the answering node all blocks again",
    run: (node) => {
      orThrow(node.catchUp());
      return state(node);
    },
  },
  fault: {
    help: `{name, times?: 1, skip?: 0} arm a fault: ${Object.keys(faultTable).join(", ")}`,
    run: (node, args) => {
      const read = named.extend({ times, skip }).parse(args);
      if (!isFaultName(read.name)) throw new Fault("skynode.control", "stop", `no fault ${read.name}`);
      node.faults.arm(read.name, { times: read.times ?? 1, skip: read.skip ?? 0 });
      return state(node);
    },
  },
  clear: { help: "{} disarm all faults", run: (node) => node.faults.clear() },
  spend: {
    help: '{from: role, to: address, coins: "1.5", hours?: n, inputs?: [uxid], burn?: n} spend from a test wallet',
    run: (node, args) => {
      const read = spendShape.parse(args);
      const coins = orThrow(parseDroplets(read.coins));
      const txid = node.spend({
        from: read.from,
        to: readAddress(read.to),
        coins,
        hours: BigInt(read.hours ?? 0),
        burn: BigInt(read.burn ?? 2),
        ...(read.inputs === undefined ? {} : { inputs: read.inputs }),
      });
      return { txid: orThrow(txid) };
    },
  },
};

const spendShape = z.object({
  from: z.enum(roles),
  to: z.string(),
  coins: z.string(),
  hours: z.int().min(0).optional(),
  inputs: z.array(z.string()).optional(),
  burn: burn.optional(),
});

/** runCommand answers a request of the control interface: 200, or 400 with the reason. */
export async function runCommand(node: Skynode, request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.slice(commandPath.length);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return answer(name === "" ? 200 : 404, help());
  try {
    const text = request.method === "POST" ? await request.text() : "";
    const done = command.run(node, text === "" ? {} : parse(text));
    return answer(200, done === undefined ? {} : done);
  } catch (error) {
    return answer(400, { error: messageOf(error) });
  }
}

/** help tells every command and what it takes. */
export function help(): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(commands).map(([name, command]) => [name, command.help]));
}

function answer(status: number, value: unknown): Response {
  const headers = { "Content-Type": "application/json" };
  return new Response(`${stringify(value, 2)}\n`, { status, headers });
}
