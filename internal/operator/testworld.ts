import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Anchor,
  advance,
  anchorOf,
  bind,
  type ChainRules,
  decide,
  depositInfo,
  type DepositInfo,
  depositsByStatus,
  events,
  hold,
  importAddresses,
  openBook,
  rewind,
  setAnchor,
  signPayout,
  startCursor,
  totalsOf,
} from "#internal/book";
import { type ManualClock, manualClock } from "#internal/clock";
import type { Store } from "#internal/db";
import type { Result } from "#internal/fault";
import { stringify } from "#internal/json";
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
  outputIds,
  parseAddress,
  publicKeyOf,
  type Signer,
  signerOf,
  stockRules,
  type Transaction,
  transactionHex,
  txidOf,
  unsignedTransaction,
} from "#internal/skycoin";
import { type Operator, operator } from "./mod.ts";

/** sky is a million droplets. */
export const sky = 1_000_000n;

const keyOf = (n: number) => Buffer.from(n.toString(16).padStart(64, "0"), "hex");
const hot = { address: addressOf(publicKeyOf(keyOf(7))), signer: signerOf([keyOf(7), keyOf(8)]) };
const stranger = { address: addressOf(publicKeyOf(keyOf(9))), signer: signerOf([keyOf(9)]) };

/** hotAddress is the first address of the wallet, coldAddress one that belongs to nobody here. */
export const hotAddress = addressText(hot.address);
export const coldAddress = addressText(addressOf(publicKeyOf(keyOf(99))));

/** customer gives the i-th customer's Skycoin address. */
export function customer(i: number): string {
  return addressText(addressOf(publicKeyOf(keyOf(1000 + i))));
}

/** Pays is one output of a transaction: so many droplets to an address; the rest goes back to the wallet. */
export type Pays = readonly (readonly [address: string, droplets: bigint])[];

/** World is an operator over a real store and a ledger in memory, whose blocks come when they are told to. */
export interface World {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly ledger: Ledger;
  readonly log: RecordingLog;
  readonly operator: Operator;
  /** What the node answers instead of the truth. */
  readonly lies: Partial<Pick<Node, "health" | "rawTransaction" | "uxout">>;
  /** Coins whose chains were not looked at again. */
  unseen: string[];
  /** What the scanner answers to a rescan. */
  rescan: (from: number) => Promise<Result<string, string>>;
  /** How often the sender was told to go on. */
  changed: number;
  anchor(): Anchor;
  /** owe makes a deposit of the i-th customer that is due; see one that is not deep enough, credit one that is not decided. */
  owe(i: number, droplets: bigint): Promise<string>;
  see(i: number): Promise<string>;
  credit(i: number): Promise<string>;
  /** respend mines another transaction that spends the coin of a deposit that a reorg took back, or this one again. */
  respend(id: string, txid?: string): Promise<string>;
  info(id: string): DepositInfo;
  /** unbound lets money come to an address that was given to nobody. */
  unbound(): Promise<string>;
  /** mark holds a deposit, or takes back the newest block, which must be the deposit's. */
  mark(id: string, mark: "held" | "reversed"): Promise<void>;
  /** other gives an output of the wallet that is not the anchor. */
  other(): string;
  /** spend lets the wallet spend an output, in a block at once; `keep: false` leaves it no change. */
  spend(uxid: string, pays: Pays, more?: { keep?: boolean; block?: boolean }): Transaction;
  /** change gives the wallet's output of a transaction. */
  change(tx: Transaction): string;
  /** pend lets a transaction wait in the pool of the node. */
  pend(tx: Transaction): void;
  /** topUp lets a stranger pay into the wallet. */
  topUp(droplets: bigint): Transaction;
  /** bury makes so many blocks of other people. */
  bury(blocks: number): void;
  /** sign stores a payout on the anchor for these deposits, and sends nothing. */
  sign(ids: readonly string[]): Promise<Transaction>;
  /** everything is all that a command may change, as text. */
  everything(): string;
  close(): Promise<void>;
}

const stamp = { schema: 1, btc_network: "simnet", dummy_scanner: false, dummy_sender: false };
const rules: ChainRules = {
  coin: "BTC",
  confirmations: 1,
  window: 100,
  rate: "1",
  maxDecimals: 3,
  buyMethod: "direct",
};

function signed(signer: Signer, owner: string, tx: Transaction): Transaction {
  const owners = tx.inputs.map(() => owner);
  const decoded = decodeTransactionHex(signer.sign(transactionHex(tx), owners).raw);
  if (!decoded.ok) throw new Error(decoded.refusal);
  return decoded.value;
}

function addressed(text: string) {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return parsed.value;
}

/** bank is the ledger's side of a world. */
function bank(clock: ManualClock) {
  const total = droplet(1_000_000n * sky);
  const genesis = { address: stranger.address, time: 1_700_000_000, coins: total, hours: hours(10n ** 14n) };
  const ledger = newLedger(genesis);
  const confirm = (tx: Transaction): Transaction => {
    const taken = ledger.inject(tx, stockRules, clock.now());
    if (!taken.ok) throw new Error(taken.refusal.text);
    if (ledger.makeBlock(stockRules, clock.now(), taken.value) === undefined) throw new Error("no block");
    return tx;
  };
  const byStranger = (outputs: Pays): Transaction => {
    const [largest] = ledger.unspent([stranger.address]).toSorted((a, b) => (a.coins < b.coins ? 1 : -1));
    if (largest === undefined) throw new Error("the stranger has nothing");
    const paid = outputs.map(([address, coins], i) => ({
      address: addressed(address),
      coins: droplet(coins),
      hours: hours(10n ** 6n + BigInt(i)),
    }));
    const rest = droplet(largest.coins - paid.reduce((sum, { coins }) => sum + coins, 0n));
    const back = { address: stranger.address, coins: rest, hours: hours(largest.hours / 2n) };
    const tx = unsignedTransaction([largest.uxid], [...paid, back]);
    return confirm(signed(stranger.signer, addressText(stranger.address), tx));
  };
  const byWallet = (uxid: string, pays: Pays, keep: boolean): Transaction => {
    const output = ledger.output(uxid);
    if (output === undefined) throw new Error(`no ${uxid}`);
    const paid = pays.map(([address, coins], i) => ({
      address: addressed(address),
      coins: droplet(coins),
      hours: hours(BigInt(i)),
    }));
    const rest = droplet(output.coins - paid.reduce((sum, { coins }) => sum + coins, 0n));
    const [owner] = keep ? [hot.address] : [addressed(coldAddress)];
    const back = { address: owner, coins: rest, hours: hours(output.hours / 3n) };
    return signed(hot.signer, hotAddress, unsignedTransaction([uxid], [...paid, back]));
  };
  return { ledger, confirm, byStranger, byWallet };
}

type Till = Pick<World, "owe" | "see" | "credit" | "respend" | "unbound" | "mark">;

/** What a transaction has that pays a deposit, where that matters. */
interface Own {
  readonly txid?: string;
  readonly coin?: string;
}

/** till is the store's side of a world. */
function till(store: Store, clock: ManualClock): Till {
  const hashes = ["h0"];
  let made = 0;
  const bound = new Map<number, string>();
  const at = () => Math.floor(clock.now() / 1000);
  const addressFor = async (i: number): Promise<string> => {
    const known = bound.get(i);
    if (known !== undefined) return known;
    const request = { sky: customer(i), coin: "BTC" as const, method: "direct" as const, limit: 0, at: at() };
    const done = await store.write((tx) => bind(tx, request));
    if (!done.ok) throw new Error(done.refusal);
    bound.set(i, done.value.address);
    return done.value.address;
  };
  const coins = new Map<string, { readonly coin: string; readonly address: string }>();
  const mine = async (address: string, confirmations: number, own: Own = {}): Promise<string> => {
    made += 1;
    const [height, parent] = [hashes.length, hashes.at(-1) ?? ""];
    const { txid = `t${made}`, coin = `c${made}:0` } = own;
    coins.set(`${txid}:0`, { coin, address });
    const output = { txid, n: 0, value: 1n, address, inputs: [coin], coinbase: false };
    const block = { height, hash: `h${height}-${made}`, parent, outputs: [output] };
    hashes.push(block.hash);
    await store.write((tx) => advance(tx, { ...rules, confirmations }, [block], at()));
    return `${txid}:0`;
  };
  return {
    unbound: () => mine("a29", 1),
    see: async (i: number) => mine(await addressFor(i), 50),
    credit: async (i: number) => mine(await addressFor(i), 1),
    async respend(id: string, txid?: string) {
      const { address, coin } = coins.get(id) ?? { address: "", coin: "" };
      return mine(address, 1, txid === undefined ? { coin } : { coin, txid });
    },
    async owe(i: number, owed: bigint): Promise<string> {
      const id = await mine(await addressFor(i), 1);
      await store.write((tx) => decide(tx, { id, owed, decimals: 3, at: at() }));
      return id;
    },
    async mark(id: string, mark: "held" | "reversed"): Promise<void> {
      if (mark === "held") return store.write((tx) => hold(tx, id, "look", at()));
      hashes.pop();
      const fork = { height: hashes.length - 1, hash: hashes.at(-1) ?? "" };
      const { reversed } = await store.write((tx) => rewind(tx, rules, fork, at()));
      if (reversed.join() !== id) throw new Error(`took back ${reversed.join()}, not ${id}`);
    },
  };
}

/** lying is a node that can be told to lie. */
function lying(base: Node, lies: World["lies"]): Node {
  return {
    ...base,
    health: (signal) => (lies.health ?? base.health)(signal),
    uxout: (uxid, signal) => (lies.uxout ?? base.uxout)(uxid, signal),
    rawTransaction: (txid, signal) => (lies.rawTransaction ?? base.rawTransaction)(txid, signal),
  };
}

/** testWorld makes a store whose anchor is the first of the wallet's outputs of these sizes; without any, there is none. */
export async function testWorld(sizes: readonly bigint[] = [1000n * sky]): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), "operator-"));
  const clock = manualClock(1_800_000_000_000);
  const log = recordingLog();
  const { ledger, confirm, byStranger, byWallet } = bank(clock);
  const first = byStranger(sizes.map((size) => [hotAddress, size]));
  const [uxid = ""] = outputIds(first);
  const store = await openBook(join(dir, "teller.db"), stamp);
  const pool = Array.from({ length: 20 }, (_, i) => ({ address: `a${10 + i}`, script: `s${10 + i}` }));
  await store.write((tx) => {
    startCursor(tx, "BTC", { height: 0, hash: "h0" });
    importAddresses(tx, "BTC", pool);
    if (sizes.length > 0)
      setAnchor(tx, { uxid, address: hotAddress, coins: droplet(sizes[0] ?? 0n), payout: 0 });
  });
  const lies: World["lies"] = {};
  const world: World = {
    ...{ store, clock, ledger, log, lies },
    unseen: [],
    changed: 0,
    rescan: async (from) => ({ ok: true, value: `scanning again from ${from}` }),
    operator: operator({
      ...{ store, clock, log: log.logger },
      node: lying(memoryNode(ledger, { clock, rules: stockRules }), lies),
      walletAddresses: hot.signer.addresses,
      rescan: (from) => world.rescan(from),
      unseen: () => world.unseen,
      changed: () => {
        world.changed += 1;
      },
    }),
    ...till(store, clock),
    anchor() {
      const anchor = store.read(anchorOf);
      if (anchor === undefined) throw new Error("no anchor");
      return anchor;
    },
    info(id) {
      const info = store.read((reader) => depositInfo(reader, id));
      if (info === undefined) throw new Error(`no ${id}`);
      return info;
    },
    other() {
      const own = ledger.unspent([hot.address]).find((output) => output.uxid !== world.anchor().uxid);
      if (own === undefined) throw new Error("the wallet has no other output");
      return own.uxid;
    },
    spend(from, pays, more = {}) {
      const tx = byWallet(from, pays, more.keep ?? true);
      return more.block === false ? tx : confirm(tx);
    },
    change: (tx) => outputIds(tx).at(-1) ?? "",
    pend(tx) {
      const taken = ledger.inject(tx, stockRules, clock.now());
      if (!taken.ok) throw new Error(taken.refusal.text);
    },
    topUp: (droplets) => byStranger([[hotAddress, droplets]]),
    bury(blocks) {
      for (let i = 0; i < blocks; i++) byStranger([]);
    },
    async sign(ids) {
      const anchor = world.anchor();
      const shares = ids.map((id) => ({ id, coins: world.info(id).sky_owed }));
      const outputs = ids.map((id, i) => ({
        address: world.info(id).sky_address,
        coins: droplet(shares[i]?.coins ?? 0n),
      }));
      const pays: Pays = outputs.map(({ address, coins }) => [address, coins]);
      const tx = byWallet(anchor.uxid, pays, true);
      const coins = droplet(anchor.coins - shares.reduce((sum, share) => sum + share.coins, 0n));
      const { seq, hash } = ledger.head();
      const stored = await store.write((t) =>
        signPayout(t, {
          ...{ txid: txidOf(tx), raw: transactionHex(tx), inputs: tx.inputs, fee: 1n, signed_at: 1 },
          ...{ change: { uxid: world.change(tx), address: hotAddress, coins }, built_on: { seq, hash } },
          ...{ anchor: anchor.uxid, outputs, shares },
        }),
      );
      if (stored === undefined) throw new Error("the payout was refused");
      return tx;
    },
    everything: () =>
      stringify(
        store.read((reader) => [
          anchorOf(reader),
          totalsOf(reader),
          depositsByStatus(reader, undefined, { limit: 1000 }),
          events(reader, 0, 1000),
          log.lines,
          world.changed,
        ]),
      ),
    async close() {
      await store.close();
      rmSync(dir, { recursive: true });
    },
  };
  return world;
}
