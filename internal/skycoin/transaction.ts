import { accept, invariant, refuse, type Result } from "#internal/fault";
import { droplet, hours } from "#internal/money";
import { addressFromWire } from "./address.ts";
import { addHashes, type Hash, hexOf, parseHex, sha, shaHex } from "./hash.ts";
import { type Output, uxidOf } from "./uxout.ts";
import { Malformed, type Reader, reader, type Writer, writer } from "./wire.ts";

/** Signature is 65 bytes as hex: r, s, and the recovery number last. Source: `spec/skycoin.md` §8. */
export type Signature = string;

/** nullSignature stands for a signature that is not made yet: 65 zero bytes. */
export const nullSignature: Signature = "00".repeat(65);

/**
 * Transaction is a transaction as it is on the wire, false fields included: `length` and
 * `innerHash` are what the bytes say, not what they should say. `unsignedTransaction` makes
 * one that is true.
 */
export interface Transaction {
  readonly length: number;
  readonly type: number;
  readonly innerHash: Hash;
  readonly signatures: readonly Signature[];
  /** The uxids that are spent. */
  readonly inputs: readonly Hash[];
  readonly outputs: readonly Output[];
}

const fixedBytes = 49;
const inputBytes = 32;
const signatureBytes = 65;
const outputBytes = 37;

/** transactionSize is the size in bytes of a transaction with so many inputs (each signed) and outputs. */
export function transactionSize(inputs: number, outputs: number): number {
  return fixedBytes + (inputBytes + signatureBytes) * inputs + outputBytes * outputs;
}

/** sizeOf is the size in bytes of this transaction's encoding. */
export function sizeOf(tx: Transaction): number {
  return (
    fixedBytes +
    signatureBytes * tx.signatures.length +
    inputBytes * tx.inputs.length +
    outputBytes * tx.outputs.length
  );
}

/** unsignedTransaction makes a transaction with true length and inner hash, and null signatures. */
export function unsignedTransaction(inputs: readonly Hash[], outputs: readonly Output[]): Transaction {
  return {
    length: transactionSize(inputs.length, outputs.length),
    type: 0,
    innerHash: innerHash(inputs, outputs),
    signatures: inputs.map(() => nullSignature),
    inputs,
    outputs,
  };
}

/** innerHash is what signatures cover: inputs and outputs. */
export function innerHash(inputs: readonly Hash[], outputs: readonly Output[]): Hash {
  const to = writer(8 + inputBytes * inputs.length + outputBytes * outputs.length);
  to.list(inputs, (uxid) => to.hex(uxid, inputBytes));
  to.list(outputs, (output) => writeOutput(to, output));
  return shaHex(to.done());
}

/** hashToSign is the message of input i: already a hash, to be signed as it is. */
export function hashToSign(tx: Transaction, input: number): Hash {
  const uxid = tx.inputs[input];
  invariant(uxid !== undefined, "skycoin: no such input");
  return addHashes(tx.innerHash, uxid);
}

/** encodeTransaction gives the bytes of a transaction. A list of more than 65,535 members is a bug of ours. */
export function encodeTransaction(tx: Transaction): Uint8Array {
  const to = writer(sizeOf(tx));
  to.u32(tx.length);
  to.u8(tx.type);
  to.hex(tx.innerHash, 32);
  to.list(tx.signatures, (signature) => to.hex(signature, signatureBytes));
  to.list(tx.inputs, (uxid) => to.hex(uxid, inputBytes));
  to.list(tx.outputs, (output) => writeOutput(to, output));
  return to.done();
}

function writeOutput(to: Writer, output: Output): void {
  to.hex(output.address, 21);
  to.u64(output.coins);
  to.u64(output.hours);
}

/** transactionHex gives the bytes of a transaction as hex. */
export function transactionHex(tx: Transaction): string {
  return hexOf(encodeTransaction(tx));
}

/** txidOf is the hash of a transaction's bytes, signatures included. */
export function txidOf(tx: Transaction): Hash {
  return hexOf(sha(encodeTransaction(tx)));
}

/** outputIds gives the uxids of a transaction's outputs, in order. */
export function outputIds(tx: Transaction): readonly Hash[] {
  const txid = txidOf(tx);
  return tx.outputs.map((output) => uxidOf(txid, output));
}

/** withSignatures gives the same transaction with these signatures, one an input. */
export function withSignatures(tx: Transaction, signatures: readonly Signature[]): Transaction {
  invariant(signatures.length === tx.inputs.length, "skycoin: one signature an input");
  return { ...tx, signatures };
}

/** isFullySigned tells whether every input has a signature that is not null. */
export function isFullySigned(tx: Transaction): boolean {
  return tx.signatures.length === tx.inputs.length && !tx.signatures.includes(nullSignature);
}

/**
 * decodeTransaction reads a transaction strictly: bytes that are missing or left over are
 * refused, in the node's words. What the bytes say is not judged here (`validate` does).
 */
export function decodeTransaction(bytes: Uint8Array): Result<Transaction, string> {
  try {
    const from = reader(bytes);
    const tx: Transaction = {
      length: from.u32(),
      type: from.u8(),
      innerHash: from.hex(32),
      signatures: from.list(() => from.hex(signatureBytes)),
      inputs: from.list(() => from.hex(inputBytes)),
      outputs: from.list(() => readOutput(from)),
    };
    from.end();
    return accept(tx);
  } catch (error) {
    if (error instanceof Malformed) return refuse(`Invalid transaction: ${error.message}`);
    throw error;
  }
}

function readOutput(from: Reader): Output {
  return { address: addressFromWire(from.bytes(21)), coins: droplet(from.u64()), hours: hours(from.u64()) };
}

/** decodeTransactionHex reads the hex of a transaction, as strictly. */
export function decodeTransactionHex(text: string): Result<Transaction, string> {
  const bytes = parseHex(text);
  return bytes.ok ? decodeTransaction(bytes.value) : bytes;
}
