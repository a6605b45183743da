import { type Clock, systemClock } from "#internal/clock";
import { accept, Fault, refuse, type Result } from "#internal/fault";
import {
  type Address,
  type Genesis,
  type Hash,
  type Ledger,
  type LedgerBlock,
  newLedger,
  parseAddress,
  type PublisherRules,
  type Rules,
  type Signer,
  signerOf,
  type Snapshot,
  stockRules,
  type Transaction,
  type Violation,
} from "#internal/skycoin";
import { keysOf, privateGenesis, type Role, type TestKey } from "./chain.ts";

/** WorldOptions say what chain there is, and by which rules its two nodes go. */
export interface WorldOptions {
  readonly clock?: Clock;
  readonly genesis?: Genesis;
  /** Rules of the node that answers; what is absent is as on a stock node. */
  readonly rules?: Partial<Rules>;
  /** Rules of the node that makes blocks. */
  readonly publisher?: Partial<PublisherRules>;
  /** How many peers the answering node has. None: nothing can be broadcast. */
  readonly peers?: number;
  /** Only outputs of these addresses (base58) and of the genesis' one are kept: for long runs with many customers. */
  readonly keep?: readonly string[];
  /** How many blocks keep their transactions. */
  readonly history?: number;
}

/**
 * World is the private chain and its two nodes: one that answers, one that publishes blocks.
 * They share a ledger until the answering one is set back to an older copy.
 */
export interface World {
  readonly clock: Clock;
  readonly startedAt: number;
  rules: Rules;
  publisher: PublisherRules;
  peers: number;
  /** What the answering node knows. */
  view: Ledger;
  /** What the publisher knows: the chain. */
  chain: Ledger;
  readonly snapshots: Map<string, Snapshot>;
  /** The test wallets, made once: their keys take milliseconds. */
  readonly wallets: Readonly<Record<Role, readonly TestKey[]>>;
  readonly signer: Signer;
}

/** newWorld begins the chain with its genesis block. */
export function newWorld(options: WorldOptions = {}): World {
  const clock = options.clock ?? systemClock;
  const genesis = options.genesis ?? privateGenesis();
  const chain = newLedger(genesis, {
    ...(options.keep === undefined
      ? {}
      : { keep: new Set([genesis.address, ...options.keep.map(readAddress)]) }),
    ...(options.history === undefined ? {} : { history: options.history }),
  });
  const { burnFactor, maxSize, maxDecimals } = stockRules;
  const wallets = { genesis: keysOf("genesis"), hot: keysOf("hot"), customer: keysOf("customer") };
  return {
    clock,
    startedAt: clock.now(),
    rules: { burnFactor, maxSize, maxDecimals, ...options.rules },
    publisher: { ...stockRules, ...options.publisher },
    peers: options.peers ?? 1,
    view: chain,
    chain,
    snapshots: new Map(),
    wallets,
    signer: signerOf(Object.values(wallets).flatMap((keys) => keys.map(({ secret }) => secret))),
  };
}

/** readAddress reads an address that somebody wrote into an option or a command. */
export function readAddress(text: string): Address {
  const address = parseAddress(text);
  if (!address.ok) throw new Fault("skynode.address", "stop", `${text}: ${address.refusal}`);
  return address.value;
}

/** Refused is why a transaction was not taken: it breaks a rule, or the network is not there. */
export type Refused = Violation | { readonly kind: "network"; readonly text: string };

/**
 * take hands a transaction to the answering node, which passes it on to the publisher. Where it
 * cannot be passed on it is not kept either, unless nobody asked for that (`broadcast` false).
 */
export function take(world: World, tx: Transaction, broadcast: boolean): Result<Hash, Refused> {
  const now = world.clock.now();
  const known = world.view.pool().length;
  const taken = world.view.inject(tx, world.rules, now);
  if (!taken.ok) return taken;
  if (broadcast && world.peers === 0) {
    if (world.view.pool().length > known) world.view.forget(taken.value);
    return refuse({ kind: "network", text: "No addresses provided" });
  }
  // A publisher that knows more than this node may well refuse what this node has taken.
  if (world.view !== world.chain) world.chain.relay(tx, world.publisher, now);
  return accept(taken.value);
}

/** publish makes a block of what the publisher has, or of one transaction only. */
export function publish(world: World, only?: Hash): LedgerBlock | undefined {
  return world.chain.makeBlock(world.publisher, world.clock.now(), only);
}

/** clean drops transactions that can never confirm from both pools and judges the rest again: a node does so every minute. */
export function clean(world: World): readonly Hash[] {
  const now = world.clock.now();
  const dropped = [world.view, world.chain].flatMap((ledger) => {
    const gone = ledger.dropInvalid();
    ledger.refresh(world.rules, now);
    return gone;
  });
  return Array.from(new Set(dropped));
}

/** remember keeps a copy of the chain under a name. */
export function remember(world: World, name: string): Snapshot {
  const snapshot = world.chain.snapshot();
  world.snapshots.set(name, snapshot);
  return snapshot;
}

/**
 * setBack puts an older copy in place of what the answering node knows, or of the whole chain:
 * in the first case the publisher goes on, and `catchUp` brings the node back to it. Refused
 * when there is no copy of that name.
 */
export function setBack(world: World, name: string, whole: boolean): Result<void, string> {
  const snapshot = world.snapshots.get(name);
  if (snapshot === undefined) return refuse(`no snapshot ${name}`);
  world.view = snapshot.open();
  if (whole) world.chain = world.view;
  return accept(undefined);
}

/** catchUp gives the answering node the publisher's blocks. Refused when it is on another chain. */
export function catchUp(world: World): Result<void, string> {
  const followed = world.view.follow(world.chain);
  if (!followed.ok) return followed;
  world.view = world.chain;
  return accept(undefined);
}
