import { Broken } from "#internal/fault";
import {
  addressText,
  coinHours,
  formatDroplets,
  type LedgerBlock,
  type LedgerOutput,
  nullHash,
  type Output,
  type Pending,
  type Rules,
  type Transaction,
  txidOf,
  type UxOutput,
  uxidOf,
} from "#internal/skycoin";
import { goTime, zeroTime } from "./go.ts";

/** The readable forms of the node's answers. Members stand in the node's order, which a replay compares. */

/** coinsText writes droplets as the node does, with six decimals. */
export function coinsText(coins: Output["coins"]): string {
  const text = formatDroplets(coins);
  if (!text.ok) throw new Broken(text.refusal);
  return text.value;
}

/** hoursAt counts the hours of an output; one that overflowed counts as none, as the node forgives it. */
export function hoursAt(output: UxOutput, time: bigint): bigint {
  const counted = coinHours(output, time);
  return counted.ok ? counted.value : 0n;
}

/** headerShape is the header of a block. */
export function headerShape({ hash, header }: LedgerBlock) {
  return {
    seq: header.seq,
    block_hash: hash,
    previous_block_hash: header.parent,
    timestamp: header.time,
    fee: header.fee,
    version: header.version,
    tx_body_hash: header.bodyHash,
    ux_hash: header.uxHash,
  };
}

/** unspentShape is an output of `/outputs`. */
export function unspentShape(output: LedgerOutput, headTime: bigint) {
  return {
    hash: output.uxid,
    time: output.time,
    block_seq: output.blockSeq,
    src_tx: output.srcTx,
    address: addressText(output.address),
    coins: coinsText(output.coins),
    hours: output.hours,
    calculated_hours: hoursAt(output, headTime),
  };
}

/** historyShape is an output of `/uxout`: coins in droplets, and who spent it. */
export function historyShape(output: LedgerOutput, headTime: bigint) {
  return {
    uxid: output.uxid,
    time: output.time,
    src_block_seq: output.blockSeq,
    src_tx: output.srcTx,
    owner_address: addressText(output.address),
    coins: output.coins,
    hours: output.hours,
    // A spent output counts no hours any more.
    calculated_hours: output.spent === undefined ? hoursAt(output, headTime) : output.hours,
    spent_block_seq: output.spent?.blockSeq ?? 0,
    spent_tx: output.spent?.txid ?? nullHash,
  };
}

/** Genesis outputs name no source. */
function outputShape(tx: Transaction, txid: string) {
  const srcTx = tx.inputs.length === 0 ? nullHash : txid;
  return tx.outputs.map((output) => ({
    uxid: uxidOf(srcTx, output),
    dst: addressText(output.address),
    coins: coinsText(output.coins),
    hours: output.hours,
  }));
}

/** transactionShape is a transaction without a status; `timestamp` only where there is one. */
export function transactionShape(tx: Transaction, timestamp?: bigint | number) {
  const txid = txidOf(tx);
  return {
    ...(timestamp === undefined ? {} : { timestamp }),
    length: tx.length,
    type: tx.type,
    txid,
    inner_hash: tx.innerHash,
    sigs: tx.signatures,
    inputs: tx.inputs,
    outputs: outputShape(tx, txid),
  };
}

/** Inputs is what a transaction spends, and the time up to which its hours were counted. */
export interface Inputs {
  readonly outputs: readonly LedgerOutput[];
  readonly time: bigint;
}

function feeOf(tx: Transaction, { outputs, time }: Inputs): bigint {
  if (tx.inputs.length === 0) return 0n;
  const into = outputs.reduce((sum, output) => sum + hoursAt(output, time), 0n);
  return into - tx.outputs.reduce((sum, output) => sum + output.hours, 0n);
}

/** verboseShape is `transactionShape` with the fee, and with what the inputs were. */
export function verboseShape(tx: Transaction, inputs: Inputs, timestamp?: bigint | number) {
  const { inner_hash, sigs, outputs, inputs: _plain, ...head } = transactionShape(tx, timestamp);
  return {
    ...head,
    inner_hash,
    fee: feeOf(tx, inputs),
    sigs,
    inputs: inputs.outputs.map((output) => ({
      uxid: output.uxid,
      owner: addressText(output.address),
      coins: coinsText(output.coins),
      src_txid: output.srcTx,
      hours: output.hours,
      calculated_hours: hoursAt(output, inputs.time),
    })),
    outputs,
  };
}

/** pendingShape is a transaction of the pool, around its readable form. */
export function pendingShape(pending: Pending, transaction: unknown) {
  return {
    transaction,
    received: goTime(pending.received),
    checked: goTime(pending.checked),
    announced: zeroTime,
    is_valid: pending.valid,
  };
}

/** statusShape says where a transaction is: in the pool, or so many blocks deep. */
export function statusShape(blockSeq: number | undefined, headSeq: number) {
  const confirmed = blockSeq !== undefined;
  return {
    confirmed,
    unconfirmed: !confirmed,
    height: confirmed ? headSeq - blockSeq + 1 : 0,
    block_seq: blockSeq ?? 0,
  };
}

/** rulesShape is how `/health` tells the rules of a node. */
export function rulesShape(rules: Rules) {
  return {
    burn_factor: rules.burnFactor,
    max_transaction_size: rules.maxSize,
    max_decimals: rules.maxDecimals,
  };
}

/** builtShape is a transaction as `/api/v2/transaction/verify` shows it: numbers as text, inputs as far as they are known. */
export function builtShape(tx: Transaction, inputs: Inputs | undefined) {
  const txid = txidOf(tx);
  const fee = inputs === undefined ? 0n : feeOf(tx, inputs);
  return {
    length: tx.length,
    type: tx.type,
    txid,
    inner_hash: tx.innerHash,
    fee: String(fee < 0n ? 0n : fee),
    sigs: tx.signatures,
    inputs: tx.inputs.map((uxid, i) => builtInput(uxid, inputs, i)),
    outputs: tx.outputs.map((output) => ({
      uxid: uxidOf(txid, output),
      address: addressText(output.address),
      coins: coinsText(output.coins),
      hours: String(output.hours),
    })),
  };
}

function builtInput(uxid: string, inputs: Inputs | undefined, i: number) {
  const output = inputs?.outputs[i];
  if (inputs === undefined || output === undefined) return { uxid };
  // The node cannot print an output of the genesis block here, and leaves an empty one.
  if (output.srcTx === nullHash) return { uxid: "" };
  return {
    uxid,
    address: addressText(output.address),
    coins: coinsText(output.coins),
    hours: String(output.hours),
    calculated_hours: String(hoursAt(output, inputs.time)),
    timestamp: output.time,
    block: output.blockSeq,
    txid: output.srcTx,
  };
}
