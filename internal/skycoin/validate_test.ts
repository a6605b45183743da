/**
 * The refusals below are those of a stock node, v0.27.1, which was asked the same things on a
 * private chain: on the left what `verify` answered for the unsigned form, on the right what
 * `inject` answered for the signed one. Empty means "taken".
 */
import { describe, expect, test } from "bun:test";
import { droplet, hours } from "#internal/money";
import { addressOf, addressText, nullAddress } from "./address.ts";
import { bytesOf, largestU64 } from "./hash.ts";
import { publicKeyOf } from "./keys.ts";
import { signHash } from "./signature.ts";
import {
  hashToSign,
  nullSignature,
  sizeOf,
  type Transaction,
  transactionHex,
  unsignedTransaction,
  withSignatures,
} from "./transaction.ts";
import { uxidOf } from "./uxout.ts";
import { checks, findSpends, requiredFee, type Spend, validate, type Violation } from "./validate.ts";

const rules = { burnFactor: 10n, maxSize: 32_768, maxDecimals: 3 };
const secret = bytesOf("77aa1507b9d058967bfc0d82214f9752b8c4868d52ed540005eacd466ff9678e");
const owner = addressOf(publicKeyOf(secret));
const other = addressOf(publicKeyOf(bytesOf("11".repeat(32))));
const coins = 907_335_000_000n;
const available = 449_569n;
const source = {
  srcTx: "ab".repeat(32),
  address: owner,
  coins: droplet(coins),
  hours: hours(available),
  time: 1_700_000_000n,
  blockSeq: 1n,
};
const uxid = uxidOf(source.srcTx, source);
const spend: Spend = { uxid, address: owner, coins: source.coins, hours: source.hours };

type Pay = readonly [coins: bigint, hours: bigint, to?: typeof owner];

function pay(outputs: readonly Pay[], inputs: readonly string[] = [uxid]): Transaction {
  return unsignedTransaction(
    inputs,
    outputs.map(([amount, h, to]) => ({ address: to ?? other, coins: droplet(amount), hours: hours(h) })),
  );
}

function signed(tx: Transaction, key = secret): Transaction {
  return withSignatures(
    tx,
    tx.inputs.map((_, i) => signHash(hashToSign(tx, i), key)),
  );
}

const text = (found: ReturnType<typeof validate>): string => (found.ok ? "" : found.refusal.text);
const hard = (reason: string): string => `Transaction violates hard constraint: ${reason}`;
const soft = (reason: string): string => `Transaction violates soft constraint: ${reason}`;
const user = (reason: string): string => `Transaction violates user constraint: ${reason}`;

const fee = requiredFee(available, rules.burnFactor);
const whole = pay([[coins, 1n]]);
const unsignedList: Transaction = { ...whole, signatures: [], length: whole.length - 65 };
const nullText = user("Transaction output is sent to the null address");

const table: readonly [string, Transaction, string, string][] = [
  [
    "fine",
    pay([
      [coins - 1000n, 1n],
      [1000n, 1n],
    ]),
    "",
    "",
  ],
  ["exactly the fee", pay([[coins, available - fee]]), "", ""],
  [
    "one hour less than the fee",
    pay([[coins, available - fee + 1n]]),
    soft("Transaction coinhour fee minimum not met"),
    soft("Transaction coinhour fee minimum not met"),
  ],
  [
    "no fee",
    pay([[coins, available]]),
    soft("Transaction has zero coinhour fee"),
    soft("Transaction has zero coinhour fee"),
  ],
  [
    "more hours out than in",
    pay([[coins, available + 1n]]),
    soft("Insufficient coinhours for transaction outputs"),
    hard("Insufficient coin hours"),
  ],
  [
    "hours out beyond 64 bits",
    pay([
      [coins - 1000n, largestU64],
      [1000n, 1n],
    ]),
    soft("Transaction output hours overflow"),
    hard("Transaction output hours overflow"),
  ],
  [
    "coins out beyond 64 bits",
    pay([
      [largestU64 - 1615n, 1n],
      [1_000_000n, 1n],
    ]),
    hard("Output coins overflow"),
    hard("Output coins overflow"),
  ],
  [
    "two equal outputs",
    pay([
      [coins / 2n, 1n],
      [coins / 2n, 1n],
    ]),
    hard("Duplicate output in transaction"),
    hard("Duplicate output in transaction"),
  ],
  [
    "an output without coins",
    pay([
      [coins, 1n],
      [0n, 1n],
    ]),
    hard("Zero coin output"),
    hard("Zero coin output"),
  ],
  [
    "too many decimals",
    pay([
      [coins - 1n, 1n],
      [1n, 1n],
    ]),
    soft("invalid amount, too many decimal places"),
    soft("invalid amount, too many decimal places"),
  ],
  [
    "more coins out than in",
    pay([[coins + 1000n, 1n]]),
    hard("Insufficient coins"),
    hard("Insufficient coins"),
  ],
  [
    "fewer coins out than in",
    pay([[coins - 1000n, 1n]]),
    hard("Transactions may not destroy coins"),
    hard("Transactions may not destroy coins"),
  ],
  ["to the null address", pay([[coins, 1n, nullAddress]]), nullText, nullText],
  ["no outputs", pay([]), hard("No outputs"), hard("No outputs")],
  [
    "a false inner hash",
    { ...whole, innerHash: "11".repeat(32) },
    hard("InnerHash does not match computed hash"),
    hard("InnerHash does not match computed hash"),
  ],
  [
    "a false length",
    { ...whole, length: 7 },
    hard("Incorrect transaction length"),
    hard("Incorrect transaction length"),
  ],
  ["another type", { ...whole, type: 3 }, hard("transaction type invalid"), hard("transaction type invalid")],
  ["an input twice", pay([[coins, 1n]], [uxid, uxid]), hard("Duplicate spend"), hard("Duplicate spend")],
  [
    "too large, and the wrong sum",
    pay(Array.from({ length: 900 }, (_, i): Pay => [BigInt(i + 1) * 1000n, 0n])),
    soft("Transaction size bigger than max block size"),
    hard("Transactions may not destroy coins"),
  ],
  [
    "wrong in every class: the user's comes first",
    pay([[coins - 1n, available + 5n, nullAddress]]),
    nullText,
    nullText,
  ],
  [
    "wrong in two classes: the endpoints differ in their order",
    pay([
      [coins - 1n, available],
      [0n, 0n],
    ]),
    soft("Transaction has zero coinhour fee"),
    hard("Zero coin output"),
  ],
];

const spendsOf = (tx: Transaction): readonly Spend[] => tx.inputs.map(() => spend);

describe("a transaction is judged as by a stock node", () => {
  test.each(table)("%s", (_name, tx, verified, injected) => {
    const spends = spendsOf(tx);
    expect(text(validate({ tx, spends, rules, form: "unsigned" }, "verify"))).toBe(verified);
    expect(text(validate({ tx: signed(tx), spends, rules, form: "signed" }))).toBe(injected);
  });

  test("no inputs", () => {
    const tx = pay([[1000n, 0n]], []);
    expect(text(checks.hard({ tx, spends: [], rules, form: "signed" }))).toBe(hard("No inputs"));
  });

  test("fewer signatures than inputs", () => {
    expect(sizeOf(unsignedList)).toBe(unsignedList.length);
    for (const form of ["signed", "unsigned"] as const) {
      const judged = { tx: unsignedList, spends: [spend], rules, form };
      expect(text(validate(judged))).toBe(hard("Invalid number of signatures"));
    }
  });
});

describe("a signature is judged as by a stock node", () => {
  const good = signed(whole).signatures[0] ?? "";
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const r = good.slice(0, 64);
  const s = BigInt(`0x${good.slice(64, 128)}`);
  const recovery = good.slice(128);
  const otherRecovery = recovery === "00" ? "01" : "00";
  const number = (n: bigint): string => n.toString(16).padStart(64, "0");
  const unrecoverable = hard("Failed to recover pubkey from signature");
  const notForHash = hard("Signature not valid for hash");

  test.each([
    ["good", good, ""],
    ["missing", nullSignature, hard("Unsigned input in transaction")],
    ["high s", r + number(order - s) + otherRecovery, notForHash],
    ["recovery number 4", `${good.slice(0, 128)}${recovery === "00" ? "04" : "05"}`, notForHash],
    ["recovery number 2 for a small r", `${good.slice(0, 128)}02`, unrecoverable],
    [
      "the other recovery number",
      good.slice(0, 128) + otherRecovery,
      hard("Signature not valid for output being spent"),
    ],
    ["r = 0", number(0n) + good.slice(64), unrecoverable],
    ["s = 0", `${r}${number(0n)}00`, unrecoverable],
    ["s = order", `${r}${number(order)}00`, unrecoverable],
    ["r = order", number(order) + good.slice(64), unrecoverable],
    ["r that is no point", "11".repeat(32) + good.slice(64), unrecoverable],
    ["all ones", "ff".repeat(65), unrecoverable],
  ])("%s", (_name, signature, expected) => {
    const tx = withSignatures(whole, [signature]);
    expect(text(validate({ tx, spends: [spend], rules, form: "signed" }))).toBe(expected);
  });

  test("by another key", () => {
    const tx = signed(whole, bytesOf("11".repeat(32)));
    expect(text(validate({ tx, spends: [spend], rules, form: "signed" }))).toBe(
      hard("Signature not valid for output being spent"),
    );
  });

  test("in the unsigned form at least one must be missing, and those that are there must be right", () => {
    const second = { ...spend, uxid: "cd".repeat(32) };
    const tx = pay([[2n * coins, 1n]], [uxid, second.uxid]);
    const spends = [spend, second];
    const [first = "", last = ""] = signed(tx).signatures;
    const half = withSignatures(tx, [first, nullSignature]);
    expect(text(validate({ tx: half, spends, rules, form: "unsigned" }))).toBe("");
    expect(text(validate({ tx: half, spends, rules, form: "signed" }))).toBe(
      hard("Unsigned input in transaction"),
    );
    const full = withSignatures(tx, [first, last]);
    expect(text(validate({ tx: full, spends, rules, form: "unsigned" }))).toBe(
      hard("Unsigned transaction must contain a null signature"),
    );
    const crossed = withSignatures(tx, [last, nullSignature]);
    expect(text(validate({ tx: crossed, spends, rules, form: "unsigned" }))).toBe(
      hard("Signature not valid for output being spent"),
    );
  });
});

describe("what 64 bits do not hold is told", () => {
  // No chain can have such inputs; the sums are checked all the same, with the node's words.
  const tx = pay([[coins, 0n]], [uxid, "cd".repeat(32)]);
  const judged = (change: Partial<Spend>) => ({
    tx,
    spends: [spend, { ...spend, uxid: "cd".repeat(32), coins: droplet(0n), ...change }],
    rules,
    form: "unsigned" as const,
  });

  test("coins in", () => {
    const found = checks.hard(judged({ coins: droplet(largestU64) }));
    expect(text(found)).toBe(hard("Transaction input coins overflow"));
  });

  test("hours in", () => {
    const overflowing = judged({ hours: hours(largestU64) });
    expect(text(checks.hard(overflowing))).toBe(hard("Transaction input hours overflow"));
    expect(text(checks.soft(overflowing))).toBe(soft("UxArray.CoinHours addition overflow"));
  });
});

describe("a node's rules are those it tells", () => {
  test("a smaller burn factor asks for a larger fee", () => {
    const tx = pay([[coins, available - fee]]);
    const judged = { tx, spends: [spend], form: "unsigned" as const };
    expect(validate({ ...judged, rules }).ok).toBe(true);
    expect(text(validate({ ...judged, rules: { ...rules, burnFactor: 2n } }))).toBe(
      soft("Transaction coinhour fee minimum not met"),
    );
  });

  test("size and decimals to the last unit", () => {
    const tx = pay([
      [coins - 10n, 0n],
      [10n, 0n],
    ]);
    const judged = { tx, spends: [spend], form: "unsigned" as const };
    expect(text(validate({ ...judged, rules: { ...rules, maxDecimals: 5 } }))).toBe("");
    expect(text(validate({ ...judged, rules: { ...rules, maxDecimals: 4 } }))).toContain(
      "too many decimal places",
    );
    const exact = { ...rules, maxDecimals: 6, maxSize: tx.length };
    expect(text(validate({ ...judged, rules: exact }))).toBe("");
    expect(text(validate({ ...judged, rules: { ...exact, maxSize: tx.length - 1 } }))).toContain(
      "size bigger",
    );
  });
});

describe("inputs are looked up", () => {
  const lookUp = (id: string) => (id === uxid ? source : undefined);
  const refusal = (found: { ok: true } | { ok: false; refusal: Violation }): string =>
    found.ok ? "" : found.refusal.text;

  test("with their hours at the head's time", () => {
    const found = findSpends(whole, lookUp, source.time + 3600n);
    expect(found).toEqual({ ok: true, value: [{ ...spend, hours: hours(available + coins / 1_000_000n) }] });
  });

  test("and one that is not there is told", () => {
    const tx = pay([[coins, 1n]], [uxid, "cd".repeat(32)]);
    expect(refusal(findSpends(tx, lookUp, source.time))).toBe(
      hard(`unspent output of ${"cd".repeat(32)} does not exist`),
    );
  });

  test("and one whose hours overflow is told", () => {
    const full = { ...source, hours: hours(largestU64) };
    expect(refusal(findSpends(whole, () => full, source.time + 3600n))).toBe(
      hard("UxOut.CoinHours addition of earned coin hours overflow"),
    );
  });
});

test("the parties of this test are what they seem", () => {
  expect(addressText(owner)).toBe("XNHxqcTq6j3FNDXTt7VRigjYgG9i4rAYg2");
  expect(transactionHex(whole)).toHaveLength(2 * whole.length);
});
