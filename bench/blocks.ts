import { Block, Transaction } from "bitcoinjs-lib";
import { p2pkh, p2sh, witnessProgram } from "../internal/bitcoin/forms.ts";
import { bytes, type Random, seeded } from "./random.ts";

/** MadeBlock is a valid block as a node gives it. */
export interface MadeBlock {
  readonly hex: string;
  readonly hash: string;
  /** Outputs in it that pay one of the scripts that were to be paid. */
  readonly paying: number;
}

/** One output of so many pays somebody of ours: about one in a block. */
const oursOneIn = 6_000;

/** outputScript gives scripts of the kinds that today's blocks have, about as often as they have them. */
function outputScript(random: Random): Uint8Array {
  const kind = random(100);
  if (kind < 45) return witnessProgram(0, bytes(random, 20));
  if (kind < 70) return witnessProgram(1, bytes(random, 32));
  if (kind < 85) return p2pkh(bytes(random, 20));
  if (kind < 93) return p2sh(bytes(random, 20));
  if (kind < 96) return witnessProgram(0, bytes(random, 32));
  return Uint8Array.of(0x6a, 20, ...bytes(random, 20));
}

function addInputs(tx: Transaction, random: Random, segwit: boolean): void {
  const inputs = random(10) < 7 ? 1 : 2 + random(4);
  for (let i = 0; i < inputs; i++) {
    const script = segwit ? new Uint8Array(0) : bytes(random, 107);
    tx.addInput(bytes(random, 32), random(3), 0xffff_fffd, script);
    if (!segwit) continue;
    const taproot = random(3) === 0;
    tx.setWitness(i, taproot ? [bytes(random, 64)] : [bytes(random, 71), bytes(random, 33)]);
  }
}

/** makeBlock gives a block of so many transactions, five of six with witnesses; the same seed gives the same block. */
export function makeBlock(seed: number, transactions: number, ours: readonly Uint8Array[]): MadeBlock {
  const random = seeded(seed);
  let paying = 0;
  const script = () => {
    const own = random(oursOneIn) === 0 ? ours[random(ours.length)] : undefined;
    if (own !== undefined) paying++;
    return own ?? outputScript(random);
  };
  const coinbase = new Transaction();
  coinbase.addInput(new Uint8Array(32), 0xffff_ffff, 0xffff_ffff, bytes(random, 50));
  coinbase.addOutput(outputScript(random), 312_500_000n);
  coinbase.setWitness(0, [new Uint8Array(32)]);
  const rest = Array.from({ length: transactions - 1 }, () => {
    const tx = new Transaction();
    tx.version = 2;
    addInputs(tx, random, random(6) !== 0);
    const outputs = random(10) < 7 ? 2 : 1 + random(8);
    for (let i = 0; i < outputs; i++) tx.addOutput(script(), BigInt(1000 + random(2 ** 30)));
    return tx;
  });
  const block = new Block();
  block.version = 0x2000_0000;
  block.prevHash = bytes(random, 32);
  block.timestamp = 1_750_000_000;
  block.bits = 0x1702_0000;
  block.transactions = [coinbase, ...rest];
  block.merkleRoot = Block.calculateMerkleRoot(block.transactions);
  return { hex: block.toHex(), hash: block.getId(), paying };
}
