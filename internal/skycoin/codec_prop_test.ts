/** Properties of the codec, of hours and of amounts. A failure prints its seed and path for `fc.assert`. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { droplet, hours } from "#internal/money";
import { addressFromWire, addressText, parseAddress } from "./address.ts";
import { chooseInputs } from "./choose.ts";
import { formatDroplets, parseDroplets } from "./droplets.ts";
import { bytesOf, hexOf, largestU64, parseHex, sha, shaHex } from "./hash.ts";
import { publicKeyOf } from "./keys.ts";
import { recoverKey, signHash } from "./signature.ts";
import {
  decodeTransaction,
  encodeTransaction,
  sizeOf,
  type Transaction,
  transactionHex,
  txidOf,
  unsignedTransaction,
} from "./transaction.ts";
import { coinHours, uxidOf } from "./uxout.ts";
import { remainingHours, requiredFee } from "./validate.ts";

const hexBytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size }).map(hexOf);
const u64 = fc.oneof(fc.bigInt(0n, largestU64), fc.bigInt(0n, 1_000_000_000_000n), fc.constant(largestU64));
const wire = fc.uint8Array({ minLength: 21, maxLength: 21 }).map(addressFromWire);
const output = fc.record({ address: wire, coins: u64.map(droplet), hours: u64.map(hours) });
const transaction: fc.Arbitrary<Transaction> = fc.record({
  length: fc.nat(2 ** 32 - 1),
  type: fc.nat(255),
  innerHash: hexBytes(32),
  signatures: fc.array(hexBytes(65), { maxLength: 4 }),
  inputs: fc.array(hexBytes(32), { maxLength: 4 }),
  outputs: fc.array(output, { maxLength: 5 }),
});

const underflow = {
  ok: false,
  refusal: "Invalid transaction: Not enough buffer data to deserialize",
} as const;
const leftOver = {
  ok: false,
  refusal: "Invalid transaction: Bytes remain in buffer after deserializing object",
} as const;

describe("the transaction codec", () => {
  test("reads back what it wrote, whatever the fields say", () => {
    fc.assert(
      fc.property(transaction, (tx) => {
        const bytes = encodeTransaction(tx);
        expect(bytes.length).toBe(sizeOf(tx));
        expect(decodeTransaction(bytes)).toEqual({ ok: true, value: tx });
        expect(txidOf(tx)).toBe(shaHex(bytes));
      }),
    );
  });

  test("refuses every true prefix", () => {
    fc.assert(
      fc.property(transaction, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (tx, part) => {
        const bytes = encodeTransaction(tx);
        expect(decodeTransaction(bytes.subarray(0, Math.floor(bytes.length * part)))).toEqual(underflow);
      }),
    );
  });

  test("refuses whatever is left over", () => {
    fc.assert(
      fc.property(transaction, fc.uint8Array({ minLength: 1, maxLength: 40 }), (tx, more) => {
        expect(decodeTransaction(Buffer.concat([encodeTransaction(tx), more]))).toEqual(leftOver);
      }),
    );
  });

  test("never throws, and accepts bytes only if they are the one encoding of what it read", () => {
    const changed = fc.tuple(transaction, fc.nat(), fc.nat(255)).map(([tx, at, value]) => {
      const bytes = Uint8Array.from(encodeTransaction(tx));
      bytes[at % bytes.length] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), changed), (bytes) => {
        const read = decodeTransaction(bytes);
        if (read.ok) expect(hexOf(encodeTransaction(read.value))).toBe(hexOf(bytes));
      }),
    );
  });

  test("makes no room for a list that cannot be there", () => {
    const count = (n: number): Uint8Array => {
      const bytes = Buffer.alloc(70_000 * 65);
      bytes.writeUInt32LE(n, 37);
      return bytes;
    };
    expect(decodeTransaction(count(0xffff_ffff).subarray(0, 200))).toEqual(underflow);
    expect(decodeTransaction(count(65_536))).toEqual({
      ok: false,
      refusal: "Invalid transaction: Maximum length exceeded for variable length field",
    });
  });

  test("never writes a value that does not fit", () => {
    const [address] = fc.sample(wire, 1);
    if (address === undefined) throw new Error("no sample");
    const huge = { address, coins: droplet(largestU64 + 1n), hours: hours(0n) };
    expect(() => unsignedTransaction([], [huge])).toThrow();
    expect(() => uxidOf("00".repeat(32), { ...huge, coins: droplet(1n), hours: hours(2n ** 70n) })).toThrow();
    expect(() => unsignedTransaction(["0011"], [])).toThrow("expected 32 bytes as hex");
    expect(() => unsignedTransaction(["zz".repeat(32)], [])).toThrow("expected 32 bytes as hex");
    expect(() => unsignedTransaction(["00".repeat(33)], [])).toThrow("expected 32 bytes as hex");
  });

  test("writes a payout of 430 outputs in less than 5 ms", () => {
    const outputs = fc.sample(output, { numRuns: 430, seed: 1 });
    const once = (): number => {
      const from = performance.now();
      transactionHex(unsignedTransaction(["00".repeat(32)], outputs));
      return performance.now() - from;
    };
    expect(Math.min(...Array.from({ length: 20 }, once))).toBeLessThan(5);
  });
});

test("hex is read as it was written, and nothing else is hex", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const read = parseHex(hexOf(bytes));
      expect(read.ok && hexOf(read.value)).toBe(hexOf(bytes));
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(parseHex(text).ok).toBe(/^([0-9a-fA-F]{2})*$/.test(text));
    }),
  );
});

describe("addresses", () => {
  const version0 = fc
    .uint8Array({ minLength: 20, maxLength: 20 })
    .map((key) => addressFromWire(Buffer.concat([Uint8Array.of(0), key])));

  test("are read as they were written", () => {
    fc.assert(
      fc.property(version0, (address) => {
        expect(parseAddress(addressText(address))).toEqual({ ok: true, value: address });
      }),
    );
  });

  test("with one character changed, added or lost are refused", () => {
    const digit = fc.constantFrom(..."123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz");
    const edits = {
      change: (text: string, at: number, by: string) => text.slice(0, at) + by + text.slice(at + 1),
      insert: (text: string, at: number, by: string) => text.slice(0, at) + by + text.slice(at),
      remove: (text: string, at: number) => text.slice(0, at) + text.slice(at + 1),
    };
    const edit = fc.constantFrom(...Object.values(edits));
    fc.assert(
      fc.property(version0, edit, fc.nat(), digit, (address, apply, where, by) => {
        const text = addressText(address);
        const changed = apply(text, where % text.length, by);
        if (changed !== text) expect(parseAddress(changed).ok).toBe(false);
      }),
    );
  });

  test("of a megabyte are refused at once", () => {
    const from = performance.now();
    expect(parseAddress("2".repeat(1_000_000))).toEqual({ ok: false, refusal: "Invalid address length" });
    expect(performance.now() - from).toBeLessThan(500);
  });
});

describe("coin hours", () => {
  const [address] = fc.sample(wire, 1);
  if (address === undefined) throw new Error("no sample");
  const made = fc.record({
    srcTx: hexBytes(32),
    address: fc.constant(address),
    coins: u64.map(droplet),
    hours: u64.map(hours),
    time: u64,
    blockSeq: u64,
  });

  test("are the exact quotient, or refused where 64 bits do not hold a step", () => {
    fc.assert(
      fc.property(made, u64, (out, time) => {
        const counted = coinHours(out, time);
        const seconds = time - out.time;
        if (seconds < 0n) {
          expect(counted).toEqual({ ok: true, value: out.hours });
          return;
        }
        const tooLong =
          seconds * (out.coins / 1_000_000n) > largestU64 || seconds * (out.coins % 1_000_000n) > largestU64;
        const total = out.hours + (seconds * out.coins) / 3_600_000_000n;
        if (tooLong) expect(counted.ok ? "" : counted.refusal).toContain("overflows uint64");
        else if (total > largestU64)
          expect(counted.ok ? "" : counted.refusal).toContain("addition of earned");
        // The node's sum of whole and rest may wrap only within a million of 2^64.
        else if ((seconds * out.coins) / 1_000_000n <= largestU64)
          expect(counted.ok && counted.value).toBe(hours(total));
      }),
      { numRuns: 500 },
    );
  });

  test("of the fee and of what remains make the whole", () => {
    fc.assert(
      fc.property(u64, fc.bigInt(1n, 1000n), (input, burn) => {
        const fee = requiredFee(input, burn);
        expect(fee + remainingHours(input, burn)).toBe(input);
        expect(fee * burn >= input).toBe(true);
        expect(fee === 0n || (fee - 1n) * burn < input).toBe(true);
      }),
    );
  });
});

test("amounts are read as they were written", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 63n - 1n), (n) => {
      const text = formatDroplets(droplet(n));
      if (!text.ok) throw new Error(text.refusal);
      expect(parseDroplets(text.value)).toEqual({ ok: true, value: droplet(n) });
    }),
  );
});

test("amounts of any text are read or refused, and never more than 2^63-1", () => {
  const digits = fc.stringMatching(/^[+-]?\d{0,30}\.?\d{0,12}([eE][+-]?\d{0,4})?$/);
  fc.assert(
    fc.property(fc.oneof(digits, fc.string()), (text) => {
      const read = parseDroplets(text);
      if (read.ok) expect(read.value <= 2n ** 63n - 1n).toBe(true);
      else expect(read.refusal.length).toBeLessThan(200);
    }),
  );
});

test("signatures are of their key, with a low s, and the same each time", () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => sha(bytes));
  const half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
  fc.assert(
    fc.property(key, hexBytes(32), (secret, hash) => {
      const signature = signHash(hash, secret);
      const back = recoverKey(hash, signature);
      expect(back.ok && hexOf(back.value)).toBe(hexOf(publicKeyOf(secret)));
      expect(BigInt(`0x${signature.slice(64, 128)}`) <= half).toBe(true);
      expect(signHash(hash, secret)).toBe(signature);
      expect(bytesOf(signature)).toHaveLength(65);
    }),
    { numRuns: 50 },
  );
});

test("chosen inputs are enough and come from the list, or there is not enough", () => {
  const candidate = fc.record({
    uxid: hexBytes(32),
    coins: fc.bigInt(1n, 50n),
    hours: fc.bigInt(0n, 50n),
    blockSeq: fc.nat(9),
  });
  const target = fc.record({
    coins: fc.bigInt(1n, 200n),
    hours: fc.bigInt(0n, 100n),
    burnFactor: fc.constantFrom(2n, 10n),
  });
  const total = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
  fc.assert(
    fc.property(
      fc.uniqueArray(candidate, { selector: (c) => c.uxid, maxLength: 12 }),
      target,
      (unspent, want) => {
        const chosen = chooseInputs(unspent, want);
        const left = (from: readonly { hours: bigint }[]): bigint =>
          remainingHours(total(from.map((c) => c.hours)), want.burnFactor);
        if (chosen.ok) {
          expect(new Set(chosen.value).size).toBe(chosen.value.length);
          expect(chosen.value.every((c) => unspent.includes(c))).toBe(true);
          expect(total(chosen.value.map((c) => c.coins)) >= want.coins).toBe(true);
          expect(left(chosen.value) >= want.hours).toBe(true);
          return;
        }
        const enough = total(unspent.map((c) => c.coins)) >= want.coins && left(unspent) >= want.hours;
        expect(enough && unspent.some((c) => c.hours > 0n)).toBe(false);
      },
    ),
    { numRuns: 500 },
  );
});
