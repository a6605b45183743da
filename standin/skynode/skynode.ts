import type { Clock } from "#internal/clock";
import { accept, Fault, refuse, type Result } from "#internal/fault";
import {
  type Hash,
  type LedgerBlock,
  type PublisherRules,
  type Rules,
  type Snapshot,
  txidOf,
} from "#internal/skycoin";
import { commandPath, runCommand } from "./control.ts";
import { newCsrf } from "./csrf.ts";
import { type Faults, newFaults } from "./faults.ts";
import { type Desk, respond } from "./serve.ts";
import { buildIdle, buildPayment, type Payment } from "./wallet.ts";
import {
  catchUp,
  clean,
  newWorld,
  publish,
  remember,
  setBack,
  type World,
  type WorldOptions,
} from "./world.ts";

/** SkynodeOptions say how a stand-in node runs. */
export interface SkynodeOptions extends WorldOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** 127.0.0.1 when absent. */
  readonly hostname?: string;
  /** Seconds between blocks; 0 or absent: only on command. A stock node takes 10. */
  readonly blockSeconds?: number;
  /**
   * Seconds between clean-ups of the pool; a stock node takes 60. 0 or absent: with every block;
   * infinite: only on command. Until then a transaction that lost against a block makes
   * `/outputs` and `/balance` answer 500, as on the stock node.
   */
  readonly cleanSeconds?: number;
  /**
   * Seconds after which somebody else's block follows each block; 0 or absent: none does. Change
   * that is always spent at once gains hours from such blocks alone.
   */
  readonly foreignSeconds?: number;
}

/** Skynode is a running stand-in node, with everything that a test may do to it. */
export interface Skynode {
  readonly url: string;
  readonly port: number;
  /** world is the chain and both nodes' rules; `world.view` is what the answering node knows. */
  readonly world: World;
  readonly faults: Faults;
  /** block makes a block now, of all pending transactions or one. Undefined when none can be in it. */
  block(only?: Hash): LedgerBlock | undefined;
  /** foreignBlock makes a block of others, so many seconds after the head. Refused when they have no coins left. */
  foreignBlock(seconds: number): Result<LedgerBlock, string>;
  /** pause stops blocks on the timer, resume goes on. */
  pause(): void;
  resume(): void;
  /** setRules changes rules of the node that answers, or of the one that makes blocks. */
  setRules(change: { readonly node?: Partial<Rules>; readonly publisher?: Partial<PublisherRules> }): void;
  clean(): readonly Hash[];
  remember(name: string): Snapshot;
  setBack(name: string, which: "node" | "chain"): Result<void, string>;
  catchUp(): Result<void, string>;
  /** spend sends coins of a test wallet off, as a person does who has its keys too. Refused with the reason. */
  spend(payment: Payment): Result<Hash, string>;
  /** requests counts what came in for a path. */
  requests(path: string): number;
  stop(): Promise<void>;
}

const largestBody = 1 << 20;

/** Deeds are the commands of a node that have no state of their own. */
type Deeds = Omit<Skynode, "url" | "port" | "requests" | "stop">;

/** startSkynode starts a stand-in node. Throws a `Fault` (`stop`) when its port is taken. */
export function startSkynode(options: SkynodeOptions = {}): Skynode {
  const world = newWorld(options);
  const switches: Switches = { paused: false };
  const deeds = deedsOf(world, options, switches);
  const hosts = new Set<string>();
  const desk: Desk = { world, faults: deeds.faults, csrf: newCsrf(), hosts };
  const counts = new Map<string, number>();
  const hostname = options.hostname ?? "127.0.0.1";
  const fetch = (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    counts.set(pathname, (counts.get(pathname) ?? 0) + 1);
    return pathname.startsWith(commandPath) ? runCommand(node, request) : respond(desk, request);
  };
  const server = listen(hostname, options.port ?? 0, fetch);
  const port = server.port ?? 0;
  for (const name of ["127.0.0.1", "localhost", hostname]) hosts.add(`${name}:${port}`);
  const stopping = new AbortController();
  const onTimer = (seconds: number | undefined, deed: () => void): Promise<void> =>
    every(world.clock, seconds ?? 0, stopping.signal, deed);
  const timers = Promise.all([
    onTimer(options.blockSeconds, () => {
      if (!switches.paused) deeds.block();
    }),
    onTimer(options.cleanSeconds, () => {
      deeds.clean();
    }),
  ]);
  const node: Skynode = {
    ...deeds,
    port,
    url: `http://${hostname}:${port}`,
    requests: (path) => counts.get(path) ?? 0,
    async stop() {
      stopping.abort();
      await server.stop(true);
      await timers;
    },
  };
  return node;
}

interface Switches {
  paused: boolean;
}

function listen(hostname: string, port: number, fetch: (request: Request) => Promise<Response>) {
  try {
    return Bun.serve({
      hostname,
      port,
      fetch,
      maxRequestBodySize: largestBody,
      idleTimeout: 60,
      development: false,
      // Outside of development the port would be shared with whoever has it already.
      reusePort: false,
    });
  } catch (cause) {
    throw new Fault("skynode.listen", "stop", `cannot listen on ${hostname}:${port}`, { cause });
  }
}

function deedsOf(world: World, options: SkynodeOptions, switches: Switches): Deeds {
  const deeds: Deeds = {
    world,
    faults: newFaults(),
    block(only) {
      const block = publish(world, only);
      if (block === undefined) return undefined;
      if ((options.cleanSeconds ?? 0) === 0) clean(world);
      const { foreignSeconds = 0 } = options;
      if (foreignSeconds > 0) deeds.foreignBlock(foreignSeconds);
      return block;
    },
    foreignBlock: (seconds) => foreignBlock(world, seconds),
    pause() {
      switches.paused = true;
    },
    resume() {
      switches.paused = false;
    },
    setRules({ node, publisher }) {
      world.rules = { ...world.rules, ...node };
      world.publisher = { ...world.publisher, ...publisher };
    },
    clean: () => clean(world),
    remember: (name) => remember(world, name),
    setBack: (name, which) => setBack(world, name, which === "chain"),
    catchUp: () => catchUp(world),
    spend: (payment) => spend(world, payment),
  };
  return deeds;
}

/** The publisher hears of it first; the node that answers hears of it unless it is behind. */
function spend(world: World, payment: Payment): Result<Hash, string> {
  const tx = buildPayment(world, payment);
  if (!tx.ok) return tx;
  const now = world.clock.now();
  const taken = world.chain.relay(tx.value, world.publisher, now);
  if (!taken.ok) return refuse(taken.refusal.text);
  if (world.view !== world.chain) world.view.relay(tx.value, world.rules, now);
  return accept(taken.value);
}

/** The owner of the genesis pays itself, in a block that holds nothing else. */
function foreignBlock(world: World, seconds: number): Result<LedgerBlock, string> {
  const tx = buildIdle(world);
  if (!tx.ok) return tx;
  const time = (world.chain.head().time + Math.max(1, seconds)) * 1000;
  const taken = world.chain.relay(tx.value, world.publisher, time);
  if (!taken.ok) return refuse(taken.refusal.text);
  const block = world.chain.makeBlock(world.publisher, time, txidOf(tx.value));
  return block === undefined ? refuse("the publisher's rules do not take it") : accept(block);
}

/** every does a deed again and again until the signal aborts; never when the period is 0 or infinite. */
async function every(clock: Clock, seconds: number, signal: AbortSignal, deed: () => void): Promise<void> {
  if (seconds <= 0 || !Number.isFinite(seconds)) return;
  for (;;) {
    await clock.sleep(seconds * 1000, signal);
    if (signal.aborted) return;
    deed();
  }
}
