import { accept, invariant, refuse, type Result } from "#internal/fault";
import { type Droplet, type Hours, hours } from "#internal/money";
import { type Address, isNullAddress } from "./address.ts";
import { precisionUnit } from "./droplets.ts";
import { type Hash, largestU64 } from "./hash.ts";
import { signerAddress } from "./signature.ts";
import { hashToSign, innerHash, nullSignature, sizeOf, type Transaction } from "./transaction.ts";
import { coinHours, type UxOutput } from "./uxout.ts";

/** Rules are what a node's operator may set; `GET /api/v1/health` tells them. */
export interface Rules {
  /** One part in so many of the input hours is burned, rounded up. */
  readonly burnFactor: bigint;
  /** In bytes. */
  readonly maxSize: number;
  /** Decimal places that the coins of an output may have. */
  readonly maxDecimals: number;
}

/** Spend is an unspent output as the rules see it. */
export interface Spend {
  readonly uxid: Hash;
  readonly address: Address;
  readonly coins: Droplet;
  /** Coin hours at the time of the head block. */
  readonly hours: Hours;
}

/**
 * Violation is a broken rule. `hard` can never be in a block; `soft` depends on the rules that a
 * node has set; `user` is refused from this node's own users only. `text` is the whole sentence
 * of the node, class included.
 */
export interface Violation {
  readonly kind: "hard" | "soft" | "user";
  readonly text: string;
}

/** Case is what is judged: a transaction, what its inputs spend (in their order), the rules, and whether it is signed yet. */
export interface Case {
  readonly tx: Transaction;
  readonly spends: readonly Spend[];
  readonly rules: Rules;
  readonly form: "signed" | "unsigned";
}

type Verdict = Result<void, Violation>;

const fine: Verdict = accept(undefined);

function violates(kind: Violation["kind"], reason: string): Verdict {
  return refuse({ kind, text: `Transaction violates ${kind} constraint: ${reason}` });
}

function verdict(kind: Violation["kind"], reason: string | undefined): Verdict {
  return reason === undefined ? fine : violates(kind, reason);
}

/**
 * validate applies all of a node's rules but one: inputs from the locked addresses of the main
 * net's distribution are not known here. `inject` and `verify` are the orders in which a node's
 * two endpoints look, which decides what a doubly wrong transaction is refused for.
 * Source: `spec/skycoin.md` §9.
 */
export function validate(judged: Case, order: "inject" | "verify" = "inject"): Verdict {
  const { hard, soft } = checks;
  for (const check of [checks.user, ...(order === "inject" ? [hard, soft] : [soft, hard])]) {
    const found = check(judged);
    if (!found.ok) return found;
  }
  return fine;
}

/** checks are the three classes of rules, one by one, for whoever keeps a pool of transactions. */
export const checks = {
  user: (judged: Case): Verdict => verdict("user", userReason(judged.tx)),
  hard: (judged: Case): Verdict => verdict("hard", hardReason(judged)),
  soft: (judged: Case): Verdict => verdict("soft", softReason(judged)),
} as const;

/**
 * findSpends looks up what a transaction's inputs spend and counts their hours at the head's
 * time. Refused (hard) for an output that is not there, or hours that 64 bits do not hold.
 */
export function findSpends(
  tx: Transaction,
  unspent: (uxid: Hash) => UxOutput | undefined,
  headTime: bigint,
): Result<readonly Spend[], Violation> {
  const spends: Spend[] = [];
  for (const uxid of tx.inputs) {
    const output = unspent(uxid);
    if (output === undefined) return refuse(hard(`unspent output of ${uxid} does not exist`));
    const counted = coinHours(output, headTime);
    if (!counted.ok) return refuse(hard(counted.refusal));
    spends.push({ uxid, address: output.address, coins: output.coins, hours: counted.value });
  }
  return accept(spends);
}

function hard(reason: string): Violation {
  return { kind: "hard", text: `Transaction violates hard constraint: ${reason}` };
}

/** requiredFee is the hours that a transaction with these input hours must burn: one part in `burnFactor`, rounded up. */
export function requiredFee(inputHours: bigint, burnFactor: bigint): Hours {
  return hours((inputHours + burnFactor - 1n) / burnFactor);
}

/** remainingHours is what is left for outputs when exactly the required fee is burned. */
export function remainingHours(inputHours: bigint, burnFactor: bigint): Hours {
  return hours(inputHours - requiredFee(inputHours, burnFactor));
}

function userReason(tx: Transaction): string | undefined {
  if (tx.outputs.some((output) => isNullAddress(output.address))) {
    return "Transaction output is sent to the null address";
  }
  return undefined;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

const outputHours = (tx: Transaction): bigint => sum(tx.outputs.map((output) => output.hours));
const outputCoins = (tx: Transaction): bigint => sum(tx.outputs.map((output) => output.coins));

function hardReason(judged: Case): string | undefined {
  const { tx, spends } = judged;
  if (outputHours(tx) > largestU64) return "Transaction output hours overflow";
  return formReason(tx) ?? signatureReason(judged) ?? balanceReason(tx, spends);
}

/** What can be told from the transaction alone. */
function formReason(tx: Transaction): string | undefined {
  if (tx.inputs.length === 0) return "No inputs";
  if (tx.outputs.length === 0) return "No outputs";
  if (tx.signatures.length !== tx.inputs.length) return "Invalid number of signatures";
  if (new Set(tx.inputs).size !== tx.inputs.length) return "Duplicate spend";
  if (tx.type !== 0) return "transaction type invalid";
  if (tx.outputs.some((output) => output.coins === 0n)) return "Zero coin output";
  if (outputCoins(tx) > largestU64) return "Output coins overflow";
  if (tx.length !== sizeOf(tx)) return "Incorrect transaction length";
  const distinct = new Set(tx.outputs.map((output) => `${output.address} ${output.coins} ${output.hours}`));
  if (distinct.size !== tx.outputs.length) return "Duplicate output in transaction";
  if (tx.innerHash !== innerHash(tx.inputs, tx.outputs)) return "InnerHash does not match computed hash";
  return undefined;
}

/** Every signature must be well formed before any is held against its owner. */
function signatureReason({ tx, spends, form }: Case): string | undefined {
  invariant(spends.length === tx.inputs.length, "skycoin: one spend an input");
  const signers: (Address | undefined)[] = [];
  for (const [i, signature] of tx.signatures.entries()) {
    if (signature === nullSignature) {
      if (form === "signed") return "Unsigned input in transaction";
      signers.push(undefined);
      continue;
    }
    const signer = signerAddress(hashToSign(tx, i), signature);
    if (!signer.ok) return signer.refusal;
    signers.push(signer.value);
  }
  if (form === "unsigned" && !signers.includes(undefined)) {
    return "Unsigned transaction must contain a null signature";
  }
  for (const [i, spend] of spends.entries()) {
    invariant(spend.uxid === tx.inputs[i], "skycoin: spends in the order of the inputs");
    const signer = signers[i];
    if (signer !== undefined && signer !== spend.address) return "Signature not valid for output being spent";
  }
  return undefined;
}

function balanceReason(tx: Transaction, spends: readonly Spend[]): string | undefined {
  const coinsIn = sum(spends.map((spend) => spend.coins));
  const coinsOut = outputCoins(tx);
  if (coinsIn > largestU64) return "Transaction input coins overflow";
  if (coinsIn < coinsOut) return "Insufficient coins";
  if (coinsIn > coinsOut) return "Transactions may not destroy coins";
  const hoursIn = sum(spends.map((spend) => spend.hours));
  if (hoursIn > largestU64) return "Transaction input hours overflow";
  return hoursIn < outputHours(tx) ? "Insufficient coin hours" : undefined;
}

function softReason({ tx, spends, rules }: Case): string | undefined {
  if (sizeOf(tx) > rules.maxSize) return "Transaction size bigger than max block size";
  return feeReason(tx, spends, rules.burnFactor) ?? decimalsReason(tx, rules.maxDecimals);
}

function feeReason(tx: Transaction, spends: readonly Spend[], burnFactor: bigint): string | undefined {
  const hoursIn = sum(spends.map((spend) => spend.hours));
  const hoursOut = outputHours(tx);
  if (hoursIn > largestU64) return "UxArray.CoinHours addition overflow";
  if (hoursOut > largestU64) return "Transaction output hours overflow";
  if (hoursIn < hoursOut) return "Insufficient coinhours for transaction outputs";
  const fee = hoursIn - hoursOut;
  if (fee === 0n) return "Transaction has zero coinhour fee";
  return fee < requiredFee(hoursIn, burnFactor) ? "Transaction coinhour fee minimum not met" : undefined;
}

function decimalsReason(tx: Transaction, maxDecimals: number): string | undefined {
  const unit = precisionUnit(maxDecimals);
  const tooFine = tx.outputs.some((output) => output.coins % unit !== 0n);
  return tooFine ? "invalid amount, too many decimal places" : undefined;
}
