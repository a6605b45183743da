import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  advance,
  bind,
  type ChainRules,
  decide,
  depositInfo,
  type DepositInfo,
  importAddresses,
  openBook,
  startCursor,
} from "#internal/book";
import { type ManualClock, manualClock } from "#internal/clock";
import type { Store } from "#internal/db";
import { Fault } from "#internal/fault";
import { noCrash } from "#internal/life";
import { recordingLog, type RecordingLog } from "#internal/log";
import { droplet, hours } from "#internal/money";
import {
  addressOf,
  addressText,
  decodeTransactionHex,
  type Ledger,
  memoryNode,
  newLedger,
  type Node,
  type Output,
  parseAddress,
  publicKeyOf,
  type Signer,
  signerOf,
  stockRules,
  transactionHex,
  unsignedTransaction,
} from "#internal/skycoin";
import { type Sender, sender } from "./mod.ts";

const stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };
const rules: ChainRules = {
  coin: "BTC",
  confirmations: 1,
  window: 100,
  rate: "1",
  maxDecimals: 3,
  buyMethod: "direct",
};
const secret = (fill: number) => new Uint8Array(32).fill(fill);

/** hotAddress and its key are the test wallet's. */
export const hotKey = secret(7);
export const hotAddress = addressText(addressOf(publicKeyOf(hotKey)));

/** customer gives the i-th customer's Skycoin address. */
export function customer(i: number): string {
  return addressText(addressOf(publicKeyOf(Buffer.from((i + 1).toString(16).padStart(64, "0"), "hex"))));
}

const strangerKey = secret(9);
const stranger = { key: strangerKey, address: addressOf(publicKeyOf(strangerKey)) };

/** Faulty is a node that can be told to fail. */
export interface Faulty {
  /** Called before each call; may throw. */
  before: (call: keyof Node) => void;
  /** Called after each call; may throw, as when the answer is lost. */
  after: (call: keyof Node) => void;
  /** Every signed transaction that was handed to the node. */
  readonly injected: string[];
}

/** wrap puts a node behind something that can fail. */
export function wrap(node: () => Node): { node: Node; faulty: Faulty } {
  const faulty: Faulty = { before: () => {}, after: () => {}, injected: [] };
  const through =
    <A extends unknown[], R>(call: keyof Node, fn: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      faulty.before(call);
      const answer = await fn(...args);
      faulty.after(call);
      return answer;
    };
  return {
    faulty,
    node: {
      health: through("health", (s) => node().health(s)),
      blockHash: through("blockHash", (n, s) => node().blockHash(n, s)),
      outputs: through("outputs", (a, s) => node().outputs(a, s)),
      uxout: through("uxout", (u, s) => node().uxout(u, s)),
      transaction: through("transaction", (t, s) => node().transaction(t, s)),
      rawTransaction: through("rawTransaction", (t, s) => node().rawTransaction(t, s)),
      verify: through("verify", (h, s) => node().verify(h, s)),
      inject: through("inject", (h, s) => {
        faulty.injected.push(h);
        return node().inject(h, s);
      }),
    },
  };
}

/** down is what a call to a node that does not answer throws. */
export const down = () => new Fault("test.node", "retry", "the node is down");

/** World is a sender over a real store and a real ledger in memory. */
export interface World {
  readonly dir: string;
  store: Store;
  readonly clock: ManualClock;
  ledger: Ledger;
  /** What the sender asks; its answers may be replaced. */
  readonly node: { -readonly [call in keyof Node]: Node[call] };
  readonly faulty: Faulty;
  readonly log: RecordingLog;
  /** The running sender; `restart` makes another. */
  sender: Sender;
  /** The wallet and the switch that the next start takes. */
  signer: Signer;
  sendEnabled: boolean;
  /** Coins whose chain was not looked at again. */
  unseen: string[];
  /** owe makes a deposit that is due: so many droplets to the i-th customer. */
  owe(i: number, droplets: bigint): Promise<string>;
  info(id: string): DepositInfo;
  /** turn lets the sender run until it has nothing to do. */
  turn(): Promise<void>;
  /** block lets the publisher make a block, perhaps by rules of its own; false when it had nothing for one. */
  block(rules?: { burnFactor?: bigint }): boolean;
  /** spendAsStranger spends one of the wallet's outputs by another program. */
  spendAsStranger(uxid: string): string;
  /** refill brings the stranger's coins into the wallet: as one output without hours, or as so many that have some. */
  refill(outputs?: number): string;
  /** topUp brings so many of the stranger's droplets into the wallet. */
  topUp(droplets: bigint): void;
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** received gives the droplets that a customer has on the ledger. */
  received(i: number): bigint;
  close(): Promise<void>;
}

/** WorldOptions say how a test world differs from the usual one. */
export interface WorldOptions {
  /** With none at all the wallet is empty; unless told it has all coins in one. */
  readonly outputs?: bigint[];
  /** Of each output: so many and one more each, or as told. */
  readonly hours?: bigint | ((i: number) => bigint);
  readonly sendEnabled?: boolean;
  readonly pool?: number;
}

/** testWorld starts a sender whose wallet has outputs of these droplets (the last one is the rest). */
export async function testWorld(options: WorldOptions = {}): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), "sender-"));
  const path = join(dir, "teller.db");
  const clock = manualClock(1_800_000_000_000);
  const log = recordingLog();
  const signer = signerOf([hotKey]);
  const hot = addressOf(publicKeyOf(hotKey));
  const total = droplet(1_000_000_000_000n);
  const ledger = newLedger({ address: hot, time: 1_700_000_000, coins: total, hours: hours(10n ** 12n) });
  const wrapped = wrap(() => memoryNode(world.ledger, { clock, rules: stockRules }));
  let stopper = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let height = 0;
  let deposits = 0;

  const start = () => {
    stopper = new AbortController();
    world.sender = sender({
      store: world.store,
      node: wrapped.node,
      signer: world.signer,
      clock,
      log: log.logger,
      crash: noCrash,
      waitMs: 1000,
      unseen: () => world.unseen,
      sendEnabled: world.sendEnabled,
    });
    running = world.sender.part.run(stopper.signal);
  };

  const sign = (tx: ReturnType<typeof unsignedTransaction>) => {
    const { raw } = signer.sign(
      transactionHex(tx),
      tx.inputs.map(() => hotAddress),
    );
    const decoded = decodeTransactionHex(raw);
    if (!decoded.ok) throw new Error(decoded.refusal);
    return decoded.value;
  };
  const inject = (tx: ReturnType<typeof sign>) => {
    const done = world.ledger.inject(tx, stockRules, clock.now());
    if (!done.ok) throw new Error(done.refusal.text);
    return done.value;
  };

  /** The stranger spends all that he has, on outputs made from his coins and hours. */
  const payByStranger = (outputsOf: (coins: bigint, hours: bigint) => readonly Output[]): string => {
    const { address, key } = stranger;
    const [output] = world.ledger.unspent([address]);
    if (output === undefined) throw new Error("the stranger has nothing");
    const unsigned = unsignedTransaction([output.uxid], outputsOf(output.coins, output.hours));
    const { raw } = signerOf([key]).sign(transactionHex(unsigned), [addressText(address)]);
    const decoded = decodeTransactionHex(raw);
    if (!decoded.ok) throw new Error(decoded.refusal);
    return inject(decoded.value);
  };

  const open = async () => {
    const store = await openBook(path, stamp);
    if (store.created) {
      await store.write((tx) => {
        startCursor(tx, "BTC", { height: 0, hash: "h0" });
        importAddresses(
          tx,
          "BTC",
          Array.from({ length: options.pool ?? 50 }, (_, i) => ({ address: `a${i}`, script: `s${i}` })),
        );
      });
    }
    return store;
  };

  const bound = new Map<number, string>();
  const addressFor = async (i: number): Promise<string> => {
    const known = bound.get(i);
    if (known !== undefined) return known;
    const request = { sky: customer(i), coin: "BTC" as const, method: "direct" as const, limit: 0, at: 1 };
    const done = await world.store.write((tx) => bind(tx, request));
    if (!done.ok) throw new Error(done.refusal);
    bound.set(i, done.value.address);
    return done.value.address;
  };

  const world: World = {
    dir,
    store: await open(),
    clock,
    ledger,
    node: wrapped.node,
    faulty: wrapped.faulty,
    log,
    signer,
    sendEnabled: options.sendEnabled ?? true,
    unseen: [],
    sender: undefined as unknown as Sender,
    async owe(i, droplets) {
      const address = await addressFor(i);
      deposits += 1;
      const txid = `t${deposits}`;
      const output = { txid, n: 0, value: 1n, address, inputs: [], coinbase: false };
      const block = { height: height + 1, hash: `h${height + 1}`, parent: `h${height}`, outputs: [output] };
      height += 1;
      const at = Math.floor(clock.now() / 1000);
      await world.store.write((tx) => advance(tx, rules, [block], at));
      await world.store.write((tx) => decide(tx, { id: `${txid}:0`, owed: droplets, decimals: 3, at }));
      return `${txid}:0`;
    },
    info(id) {
      const info = world.store.read((reader) => depositInfo(reader, id));
      if (info === undefined) throw new Error(`no ${id}`);
      return info;
    },
    async turn() {
      const idle = clock.nextSleep();
      world.sender.bell.ring();
      await idle;
    },
    block: (rules = {}) => world.ledger.makeBlock({ ...stockRules, ...rules }, clock.now()) !== undefined,
    spendAsStranger(uxid) {
      const output = world.ledger.output(uxid);
      if (output === undefined) throw new Error(`no ${uxid}`);
      const to = parseAddress(customer(900));
      if (!to.ok) throw new Error(to.refusal);
      return inject(
        sign(unsignedTransaction([uxid], [{ address: to.value, coins: output.coins, hours: hours(0n) }])),
      );
    },
    refill(outputs = 1) {
      const count = BigInt(outputs);
      return payByStranger((coins) => {
        const each = (coins / count / 1000n) * 1000n;
        return Array.from({ length: outputs }, (_, i) => ({
          ...{ address: hot, coins: droplet(i === 0 ? coins - each * (count - 1n) : each) },
          hours: hours(outputs === 1 ? 0n : 100n + BigInt(i)),
        }));
      });
    },
    topUp(droplets) {
      payByStranger((coins, left) => [
        { address: hot, coins: droplet(droplets), hours: hours(0n) },
        { address: stranger.address, coins: droplet(coins - droplets), hours: hours((left * 4n) / 5n) },
      ]);
    },
    async stop() {
      stopper.abort();
      await running;
    },
    async restart() {
      await world.stop();
      await world.store.close();
      world.store = await open();
      start();
    },
    received(i) {
      const parsed = parseAddress(customer(i));
      if (!parsed.ok) throw new Error(parsed.refusal);
      return world.ledger.unspent([parsed.value]).reduce((sum, output) => sum + output.coins, 0n);
    },
    async close() {
      await world.stop();
      await world.store.close();
      rmSync(dir, { recursive: true });
    },
  };
  splitGenesis(world, options.outputs, {
    sign,
    inject,
    total,
    hot,
    hours: options.hours ?? 1_000_000n,
  });
  start();
  return world;
}

type Tools = {
  sign: (tx: ReturnType<typeof unsignedTransaction>) => ReturnType<typeof unsignedTransaction>;
  inject: (tx: ReturnType<typeof unsignedTransaction>) => string;
  total: bigint;
  hours: bigint | ((i: number) => bigint);
  hot: ReturnType<typeof addressOf>;
};

/** splitGenesis gives the wallet outputs of these sizes; what is left goes to a stranger, so that the balance is known. */
function splitGenesis(world: World, sizes: readonly bigint[] | undefined, tools: Tools): void {
  if (sizes === undefined) return;
  const [genesis] = world.ledger.unspent([tools.hot]);
  if (genesis === undefined) throw new Error("no genesis");
  const rest = tools.total - sizes.reduce((sum, size) => sum + size, 0n);
  const outputs = sizes.map((size, i) => ({
    address: tools.hot,
    coins: droplet(size),
    hours: hours(typeof tools.hours === "bigint" ? tools.hours + BigInt(i) : tools.hours(i)),
  }));
  const all = [...outputs, { address: stranger.address, coins: droplet(rest), hours: hours(900_000n) }];
  tools.inject(tools.sign(unsignedTransaction([genesis.uxid], all)));
  world.block();
}
