import { accept, invariant, refuse, type Result } from "#internal/fault";
import { hours, type Droplet, type Hours } from "#internal/money";
import type { Address } from "./address.ts";
import { type Hash, largestU64, shaHex } from "./hash.ts";

/** Output is one output of a transaction: whom it pays, and what. */
export interface Output {
  readonly address: Address;
  readonly coins: Droplet;
  readonly hours: Hours;
}

/** UxOut is an output on the ledger: what it is, and where it came from. Source: `spec/skycoin.md` §6. */
export interface UxOutput extends Output {
  /** The txid of the transaction that made it; the null hash for outputs of the genesis block. */
  readonly srcTx: Hash;
  /** Time of the block that made it, in unix seconds. */
  readonly time: bigint;
  /** Sequence of that block. */
  readonly blockSeq: bigint;
}

const bodyBytes = 69;
const headBytes = 16;
const dropletsPerCoin = 1_000_000n;
const secondsPerHour = 3600n;

/** hoursOverflow is the one overflow that nodes forgive in old blocks: such an output counts as 0 hours there. */
export const hoursOverflow = "UxOut.CoinHours addition of earned coin hours overflow";

function body(into: Buffer, srcTx: Hash, output: Output): void {
  const written = into.write(srcTx, 0, "hex") + into.write(output.address, 32, "hex");
  invariant(written === 53, "skycoin: malformed output");
  into.writeBigUInt64LE(output.coins, 53);
  into.writeBigUInt64LE(output.hours, 61);
}

/** uxidOf names an output: known before its transaction is in a block, since no block is part of it. */
export function uxidOf(srcTx: Hash, output: Output): Hash {
  const bytes = Buffer.alloc(bodyBytes);
  body(bytes, srcTx, output);
  return shaHex(bytes);
}

/** snapshotHash is the hash of an output with its place in the chain, from which a block's `uxHash` is made. */
export function snapshotHash(output: UxOutput): Hash {
  const bytes = Buffer.alloc(bodyBytes + headBytes);
  body(bytes, output.srcTx, output);
  bytes.writeBigUInt64LE(output.time, 69);
  bytes.writeBigUInt64LE(output.blockSeq, 77);
  return shaHex(bytes);
}

/**
 * coinHours gives the hours of an output at a time in unix seconds, which for all rules is the
 * time of the head block. Every division drops what is left over. Refused, with the node's
 * words, where 64 bits do not hold a result.
 */
export function coinHours(output: UxOutput, time: bigint): Result<Hours, string> {
  if (time < output.time) return accept(output.hours);
  const seconds = time - output.time;
  const coins = output.coins / dropletsPerCoin;
  const droplets = output.coins % dropletsPerCoin;
  const whole = seconds * coins;
  if (whole > largestU64) {
    return refuse(overflow("whole coin seconds", `seconds=${seconds} coins=${coins}`, output));
  }
  const rest = seconds * droplets;
  if (rest > largestU64) {
    return refuse(overflow("droplet seconds", `seconds=${seconds} droplets=${droplets}`, output));
  }
  // The nodes add these two without a check, so a sum beyond 64 bits wraps around there and here.
  const coinSeconds = BigInt.asUintN(64, whole + rest / dropletsPerCoin);
  const total = output.hours + coinSeconds / secondsPerHour;
  return total > largestU64 ? refuse(hoursOverflow) : accept(hours(total));
}

function overflow(what: string, numbers: string, output: UxOutput): string {
  return `UxOut.CoinHours: Calculating ${what} overflows uint64 ${numbers} uxid=${uxidOf(output.srcTx, output)}`;
}
