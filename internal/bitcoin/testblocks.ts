import { Block, Transaction } from "bitcoinjs-lib";
import { p2pkh, p2sh, witnessProgram } from "./forms.ts";

/** Random gives whole numbers below `limit`; the same seed gives the same row. */
export type Random = (limit: number) => number;

/** seeded makes a `Random` (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** randomBytes gives so many bytes. */
export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}

/** randomScript gives an output script: mostly one of the five forms, sometimes another. */
export function randomScript(random: Random): Uint8Array {
  const hash20 = () => randomBytes(random, 20);
  const hash32 = () => randomBytes(random, 32);
  const makers: (() => Uint8Array)[] = [
    () => p2pkh(hash20()),
    () => p2sh(hash20()),
    () => witnessProgram(0, hash20()),
    () => witnessProgram(0, hash32()),
    () => witnessProgram(1, hash32()),
    () => witnessProgram(0, hash20()),
    () => Uint8Array.of(0x6a, 20, ...hash20()),
    () => Uint8Array.of(0x21, 2, ...hash32(), 0xac),
    () => Uint8Array.of(0x51, 0x21, 2, ...hash32(), 0x21, 3, ...hash32(), 0x52, 0xae),
    () => randomBytes(random, random(40)),
    () => new Uint8Array(0),
  ];
  return (makers[random(makers.length)] ?? hash20)();
}

/** randomTransaction gives a transaction of any shape, with or without witnesses. */
export function randomTransaction(random: Random, script: (random: Random) => Uint8Array): Transaction {
  const tx = new Transaction();
  tx.version = 1 + random(2);
  tx.locktime = random(500_000);
  const inputs = 1 + random(3);
  for (let i = 0; i < inputs; i++) {
    const segwit = random(4) !== 0;
    tx.addInput(
      randomBytes(random, 32),
      random(5),
      0xffff_fffd,
      segwit ? new Uint8Array(0) : randomBytes(random, 107),
    );
    if (segwit)
      tx.setWitness(
        i,
        random(3) === 0 ? [randomBytes(random, 64)] : [randomBytes(random, 71), randomBytes(random, 33)],
      );
  }
  const outputs = 1 + random(5);
  for (let i = 0; i < outputs; i++)
    tx.addOutput(script(random), BigInt(random(2 ** 31)) * BigInt(1 + random(1000)));
  return tx;
}

/** randomBlock gives a valid block of so many transactions, the coinbase included. */
export function randomBlock(random: Random, transactions: number, script = randomScript): Block {
  const coinbase = new Transaction();
  coinbase.version = 1;
  coinbase.addInput(new Uint8Array(32), 0xffff_ffff, 0xffff_ffff, randomBytes(random, 2 + random(90)));
  coinbase.addOutput(script(random), 5_000_000_000n);
  if (random(2) === 0) coinbase.setWitness(0, [new Uint8Array(32)]);
  const rest = Array.from({ length: transactions - 1 }, () => randomTransaction(random, script));
  const block = new Block();
  block.version = 0x2000_0000;
  block.prevHash = randomBytes(random, 32);
  block.timestamp = 1_700_000_000 + random(1_000_000);
  block.bits = 0x207f_ffff;
  block.nonce = random(2 ** 31);
  block.transactions = [coinbase, ...rest];
  block.merkleRoot = Block.calculateMerkleRoot(block.transactions);
  return block;
}
