import { Block, Psbt, Transaction } from "bitcoinjs-lib";
import { type Key, keyOf, simnet } from "./keys.ts";
import type { Btcd } from "./node.ts";

/** Payment is an amount in satoshi for an address of simnet, or for any output script. */
export type Payment = { readonly value: bigint } & (
  | { readonly address: string }
  | { readonly script: Uint8Array }
);

/** Paid is a transaction that the node has taken. */
export interface Paid {
  readonly txid: string;
  readonly hex: string;
}

/** Wallet spends what the blocks of a node paid to the key "miner". One per node; it asks one thing at a time. */
export interface Wallet {
  readonly node: Btcd;
  /** height gives the node's tip. */
  height(): Promise<number>;
  /** generate mines so many blocks and gives their hashes, oldest first. */
  generate(blocks: number): Promise<readonly string[]>;
  /** ready mines until segwit is active and so many coins can be spent. */
  ready(coins?: number): Promise<void>;
  /** pay sends one transaction with these outputs, in this order; the change comes last. Not mined yet. */
  pay(payments: readonly Payment[]): Promise<Paid>;
  /** payEach sends one transaction for each payment. Mines one block on the way, to have enough coins. */
  payEach(payments: readonly Payment[]): Promise<readonly Paid[]>;
  /** respend gives, unsent, another transaction with the inputs of `paid` that pays everything back to the miner. */
  respend(paid: Paid): Promise<Paid>;
  /** send hands over a transaction as it is. */
  send(hex: string): Promise<void>;
}

interface Coin {
  readonly txid: string;
  readonly n: number;
  readonly value: bigint;
  readonly height: number;
  readonly coinbase: boolean;
}

const segwitHeight = 300;
const maturity = 100;
/** Above the least that btcd relays, 1 satoshi a byte, for 100 inputs and any number of outputs. */
const feePerTransaction = 10_000n;
const feePerOutput = 50n;
const blocksAtOnce = 500;
/** More quick blocks than this make the difficulty rise for good (btcd's simnet, every 2,016 blocks). */
const mostBlocks = 16_000;
const sequence = 0xffff_fffd;

/** wallet drives a node. It reads the node's chain when it needs coins, so it may be made anew at any time. */
export function wallet(node: Btcd): Wallet {
  const key = keyOf("miner");
  const coins = new Coins(node, key);
  // btcd refuses a second `generate` while one is running, and two payments must not choose the same coin.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const next = last.then(job, job);
    last = next.catch(() => undefined);
    return next;
  };
  const height = async () => Number(await node.call("getblockcount"));
  const send = async (hex: string) => {
    await node.call("sendrawtransaction", hex);
  };
  const generate = async (blocks: number) => {
    if ((await height()) + blocks > mostBlocks)
      throw new Error(`btcd: more than ${mostBlocks} blocks take for ever`);
    const hashes: string[] = [];
    for (let left = blocks; left > 0; left -= blocksAtOnce) {
      const some = await node.call("generate", Math.min(left, blocksAtOnce));
      if (Array.isArray(some)) hashes.push(...some.map(String));
    }
    return hashes;
  };
  const pay = async (payments: readonly Payment[]) => {
    const total = payments.reduce((sum, payment) => sum + payment.value, feeOf(payments));
    const paid = spend(key, await coins.take(total), payments);
    await send(paid.hex);
    return paid;
  };
  const payEach = async (payments: readonly Payment[]) => {
    const fan = await pay(
      payments.map(({ value }) => ({ script: key.script, value: value + feeOf([value]) })),
    );
    await generate(1);
    const paid = payments.map((payment, n) => {
      const coin = {
        txid: fan.txid,
        n,
        value: payment.value + feeOf([payment]),
        height: 0,
        coinbase: false,
      };
      return spend(key, [coin], [payment]);
    });
    coins.forget(fan.txid, payments.length);
    await node.batch(paid.map(({ hex }) => ({ method: "sendrawtransaction", params: [hex] })));
    return paid;
  };
  return {
    node,
    height,
    send: (hex) => inTurn(() => send(hex)),
    generate: (blocks) => inTurn(() => generate(blocks)),
    pay: (payments) => inTurn(() => pay(payments)),
    payEach: (payments) => inTurn(() => payEach(payments)),
    ready: (wanted = 50) =>
      inTurn(async () => {
        const missing = Math.max(segwitHeight, maturity + wanted) - (await height());
        if (missing > 0) await generate(missing);
        const more = wanted - (await coins.spendable());
        if (more > 0) await generate(more);
      }),
    respend: (paid) => inTurn(() => respend(node, key, paid)),
  };
}

function feeOf(outputs: readonly unknown[]): bigint {
  return feePerTransaction + feePerOutput * BigInt(outputs.length);
}

/** spend signs a transaction from these coins of the key; what is left goes back to it. */
function spend(key: Key, coins: readonly Coin[], payments: readonly Payment[]): Paid {
  const psbt = new Psbt({ network: simnet });
  for (const { txid, n, value } of coins) {
    psbt.addInput({ hash: txid, index: n, sequence, witnessUtxo: { script: key.script, value } });
  }
  psbt.addOutputs(payments.map((p) => ("address" in p ? { address: p.address, value: p.value } : p)));
  const sum = (values: readonly { value: bigint }[]) =>
    values.reduce((total, { value }) => total + value, 0n);
  const change = sum(coins) - sum(payments) - feeOf(payments);
  if (change > 0n) psbt.addOutput({ script: key.script, value: change });
  const tx = psbt.signAllInputs(key.signer).finalizeAllInputs().extractTransaction(true);
  return { txid: tx.getId(), hex: tx.toHex() };
}

async function respend(node: Btcd, key: Key, paid: Paid): Promise<Paid> {
  const inputs: Coin[] = [];
  for (const { hash, index } of Transaction.fromHex(paid.hex).ins) {
    const txid = Buffer.from(hash).reverse().toString("hex");
    const source = Transaction.fromHex(String(await node.call("getrawtransaction", txid, 0)));
    inputs.push({ txid, n: index, value: source.outs[index]?.value ?? 0n, height: 0, coinbase: false });
  }
  return spend(key, inputs, []);
}

/** Coins are the key's outputs on the node's chain, as far as it was read. */
class Coins {
  readonly #node: Btcd;
  readonly #script: Buffer;
  readonly #coins = new Map<string, Coin>();
  /** Spent by transactions that may not be in a block yet. */
  readonly #taken = new Set<string>();
  #hashes: string[] = [];

  constructor(node: Btcd, key: Key) {
    this.#node = node;
    this.#script = Buffer.from(key.script);
  }

  /** take chooses coins worth the sum, oldest first, and never gives them again. */
  async take(sum: bigint): Promise<readonly Coin[]> {
    const chosen: Coin[] = [];
    let missing = sum;
    for (const [outpoint, coin] of await this.#free()) {
      if (missing <= 0n) break;
      chosen.push(coin);
      this.#taken.add(outpoint);
      missing -= coin.value;
    }
    if (missing > 0n)
      throw new Error(`btcd: the miner's coins are ${missing} satoshi short; mine some blocks`);
    return chosen;
  }

  async spendable(): Promise<number> {
    return (await this.#free()).length;
  }

  /** forget marks the first outputs of a transaction as taken. */
  forget(txid: string, outputs: number): void {
    for (let n = 0; n < outputs; n++) this.#taken.add(`${txid}:${n}`);
  }

  async #free(): Promise<[string, Coin][]> {
    await this.#read();
    const tip = this.#hashes.length - 1;
    const mature = ({ coinbase, height }: Coin) => !coinbase || tip >= height + maturity - 1;
    return Array.from(this.#coins).filter(([outpoint, coin]) => !this.#taken.has(outpoint) && mature(coin));
  }

  /** #read catches up with the node's chain; after a reorganisation it begins anew. */
  async #read(): Promise<void> {
    const tip = Number(await this.#node.call("getblockcount"));
    const known = this.#hashes.length - 1;
    const same =
      known <= tip && (known < 0 || (await this.#node.call("getblockhash", known)) === this.#hashes[known]);
    if (!same) {
      this.#hashes = [];
      this.#coins.clear();
    }
    for (let from = this.#hashes.length; from <= tip; from += blocksAtOnce) {
      const heights = Array.from({ length: Math.min(blocksAtOnce, tip + 1 - from) }, (_, i) => from + i);
      const hashes = await this.#node.batch(
        heights.map((height) => ({ method: "getblockhash", params: [height] })),
      );
      const blocks = await this.#node.batch(
        hashes.map((hash) => ({ method: "getblock", params: [hash, 0] })),
      );
      for (const [i, hex] of blocks.entries()) this.#add(Block.fromHex(String(hex)), from + i);
      this.#hashes.push(...hashes.map(String));
    }
  }

  #add(block: Block, height: number): void {
    for (const tx of block.transactions ?? []) {
      const txid = tx.getId();
      for (const { hash, index } of tx.ins) {
        this.#coins.delete(`${Buffer.from(hash).reverse().toString("hex")}:${index}`);
      }
      for (const [n, { script, value }] of tx.outs.entries()) {
        const coin = { txid, n, value, height, coinbase: tx.isCoinbase() };
        if (this.#script.equals(script)) this.#coins.set(`${txid}:${n}`, coin);
      }
    }
  }
}
