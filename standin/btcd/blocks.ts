import { Block, Transaction } from "bitcoinjs-lib";
import { keyOf } from "./keys.ts";
import type { Btcd } from "./node.ts";

/** Tip is a block to build on. */
export interface Tip {
  readonly hash: string;
  readonly height: number;
  /** Unix seconds of its header. */
  readonly time: number;
}

/** MadeBlock is a block that was made by hand and that a node takes. */
export interface MadeBlock extends Tip {
  readonly hex: string;
}

const subsidy = 5_000_000_000n;
/** The easiest target, which simnet keeps for its first 2,016 blocks. */
const easiest = 0x207f_ffff;
const heightsOfOneByte = 16;

/** tipOf gives the newest block of a node's main chain. */
export async function tipOf(node: Btcd): Promise<Tip> {
  const height = Number(await node.call("getblockcount"));
  const hash = String(await node.call("getblockhash", height));
  const block = Block.fromHex(String(await node.call("getblock", hash, 0)));
  return { hash, height, time: block.timestamp };
}

/**
 * makeBlock makes a valid block on any parent, so that branches need neither a second node nor anybody's pool of
 * transactions. It takes transactions without witnesses only, and none below height 17. Another salt makes another block.
 */
export function makeBlock(parent: Tip, transactions: readonly string[], salt: number): MadeBlock {
  const height = parent.height + 1;
  if (height <= heightsOfOneByte) throw new Error("btcd: such a low block is for the node to mine");
  const block = new Block();
  block.version = 0x2000_0000;
  block.prevHash = Buffer.from(parent.hash, "hex").reverse();
  // A second later than its parent is always above the median that the rules ask for.
  block.timestamp = parent.time + 1;
  block.bits = easiest;
  block.transactions = [coinbase(height, salt), ...transactions.map((hex) => Transaction.fromHex(hex))];
  block.merkleRoot = Block.calculateMerkleRoot(block.transactions);
  while (!block.checkProofOfWork()) block.nonce += 1;
  return { hash: block.getId(), height, time: block.timestamp, hex: block.toHex() };
}

/** A coinbase begins with its block's height (BIP 34). */
function coinbase(height: number, salt: number): Transaction {
  const bytes: number[] = [];
  for (let rest = height; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  // The top bit is the sign.
  if ((bytes.at(-1) ?? 0) >= 0x80) bytes.push(0);
  const own = Buffer.alloc(4);
  own.writeUInt32LE(salt);
  const tx = new Transaction();
  const script = Uint8Array.of(bytes.length, ...bytes, own.length, ...own);
  tx.addInput(new Uint8Array(32), 0xffff_ffff, 0xffff_ffff, script);
  tx.addOutput(keyOf("miner").script, subsidy);
  return tx;
}

/** submitBlocks hands blocks to a node, in this order, in one request. Throws when it refuses one. */
export async function submitBlocks(node: Btcd, blocks: readonly MadeBlock[]): Promise<void> {
  const answers = await node.batch(blocks.map(({ hex }) => ({ method: "submitblock", params: [hex] })));
  const refused = answers.find((answer) => answer !== null);
  if (refused !== undefined) throw new Error(`btcd: a made block was refused: ${refused}`);
}
