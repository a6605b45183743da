/** Every derived vector, made by running the reference programs, holds. 64-bit numbers are decimal texts there. */
import { describe, expect, test } from "bun:test";
import type { Result } from "#internal/fault";
import { droplet, hours } from "#internal/money";
import { base58 } from "@scure/base";
import { addressOf, addressText, isNullAddress, parseAddress } from "./address.ts";
import { bitcoinAddressOf, parseBitcoinAddress, wifOf } from "./bitcoin_address.ts";
import { merkleRoot } from "./block.ts";
import { chooseInputs } from "./choose.ts";
import { formatDroplets, parseDroplets, precisionUnit } from "./droplets.ts";
import { bytesOf, hexOf, sha } from "./hash.ts";
import { generateKeys, publicKeyOf, secp256k1Hash } from "./keys.ts";
import {
  commandLineSpend,
  nodeSpend,
  type Order,
  type Owned,
  shareByCoins,
  splitHours,
} from "./reference.ts";
import { remainingHours, requiredFee } from "./validate.ts";
import { signerAddress, signHash } from "./signature.ts";
import {
  decodeTransactionHex,
  hashToSign,
  innerHash,
  outputIds,
  transactionHex,
  txidOf,
  unsignedTransaction,
} from "./transaction.ts";
import { coinHours, snapshotHash, uxidOf } from "./uxout.ts";
import addresses from "./testdata/addresses.json";
import burn10 from "./testdata/create-transaction-burn10.json";
import burn2 from "./testdata/create-transaction-burn2.json";
import keys from "./testdata/deterministic-keys.json";
import proportional from "./testdata/distribute-proportional.json";
import split10 from "./testdata/distribute-spend-hours-burn10.json";
import split2 from "./testdata/distribute-spend-hours-burn2.json";
import droplets from "./testdata/droplets.json";
import merkle from "./testdata/merkle.json";
import fee10 from "./testdata/required-fee-burn10.json";
import fee2 from "./testdata/required-fee-burn2.json";
import hashes from "./testdata/secp256k1hash.json";
import transactions from "./testdata/transactions.json";
import uxouts from "./testdata/uxouts.json";

/** Turns a result into its value or, as text, its refusal. */
function either<T>(result: Result<T, string>): T | string {
  return result.ok ? result.value : result.refusal;
}

function accepted<T, R>(result: Result<T, R>): T {
  if (!result.ok) throw new Error(`refused: ${String(result.refusal)}`);
  return result.value;
}

const addressAt = (text: string) => accepted(parseAddress(text));

describe("addresses", () => {
  test.each(addresses.sky)("$input", (row) => {
    const parsed = parseAddress(row.input);
    if (row.error !== null) {
      expect(parsed).toEqual({ ok: false, refusal: row.error });
      return;
    }
    const address = accepted(parsed);
    expect(address as string).toBe(`00${row.key_hash_hex}`);
    expect(isNullAddress(address)).toBe(row.null ?? false);
    expect(addressText(address)).toBe(row.input);
  });

  test.each(addresses.btc_p2pkh_mainnet)("bitcoin $input", (row) => {
    expect(either(parseBitcoinAddress(row.input))).toBe(row.error ?? row.key_hash_hex ?? "");
  });

  test.each(addresses.base58)("base58 $b58", (row) => {
    expect(base58.encode(bytesOf(row.hex))).toBe(row.b58);
    expect(hexOf(base58.decode(row.b58))).toBe(row.hex);
  });
});

describe("deterministic keys", () => {
  test.each(keys.vectors)("of seed $seed_hex", (row) => {
    const made = accepted(generateKeys(bytesOf(row.seed_hex), row.keys.length));
    expect(hexOf(made.lastSeed)).toBe(row.last_seed_hex_after_5);
    const shown = made.secrets.map((secret) => {
      const key = publicKeyOf(secret);
      return {
        btc: bitcoinAddressOf(key),
        public: hexOf(key),
        secret: hexOf(secret),
        sky: addressText(addressOf(key)),
        wif: wifOf(secret),
      };
    });
    expect(shown).toEqual(row.keys);
  });

  test("go on from the last seed where they ended", () => {
    const seed = Buffer.from("seed");
    const five = accepted(generateKeys(seed, 5));
    const more = accepted(generateKeys(five.lastSeed, 5));
    const ten = accepted(generateKeys(seed, 10));
    expect([...five.secrets, ...more.secrets].map(hexOf)).toEqual(ten.secrets.map(hexOf));
  });

  test("of an empty seed are refused", () => {
    expect(generateKeys(new Uint8Array(), 1)).toEqual({ ok: false, refusal: keys.empty_seed_error });
  });

  test("are made in the recorded steps", () => {
    const trace = keys.trace_seed;
    const seed = Buffer.from(trace.seed_utf8);
    expect(hexOf(sha(seed))).toBe(trace.sha256_seed);
    expect(hexOf(secp256k1Hash(seed))).toBe(trace.secp256k1hash);
    expect(hexOf(sha(seed, bytesOf(trace.next_seed)))).toBe(trace.sha256_seed_concat_hash);
  });

  test.each(hashes)("secp256k1 hash of $input_hex", (row) => {
    expect(hexOf(secp256k1Hash(bytesOf(row.input_hex)))).toBe(row.output_hex);
  });
});

describe("droplets", () => {
  test.each(droplets.from_string)("from $input", (row) => {
    const parsed = parseDroplets(row.input);
    if (row.error !== null) {
      expect(parsed).toEqual({ ok: false, refusal: row.error });
      return;
    }
    const amount = accepted(parsed);
    expect(amount.toString()).toBe(row.droplets ?? "");
    expect(amount % precisionUnit(3) === 0n).toBe(row.max3decimals_ok ?? false);
  });

  test.each(droplets.to_string)("to text: $droplets", (row) => {
    expect(either(formatDroplets(droplet(BigInt(row.droplets))))).toBe(row.error ?? row.string);
  });
});

test.each(uxouts)("output $uxid", (row) => {
  const output = {
    srcTx: row.src_tx,
    address: addressAt(row.address),
    coins: droplet(BigInt(row.coins)),
    hours: hours(BigInt(row.hours)),
    time: BigInt(row.time),
    blockSeq: BigInt(row.bk_seq),
  };
  expect(uxidOf(row.src_tx, output)).toBe(row.uxid);
  expect(snapshotHash(output)).toBe(row.snapshot_hash);
  const counted = coinHours(output, BigInt(row.at_time));
  expect(counted.ok ? counted.value.toString() : counted.refusal).toBe(row.error ?? row.coin_hours);
});

test.each(merkle)("merkle root $root", (row) => {
  expect(merkleRoot(row.leaves)).toBe(row.root);
});

describe.each(transactions)("transaction $readable.txid", (row) => {
  const signed = accepted(decodeTransactionHex(row.signed_hex));
  const unsigned = unsignedTransaction(signed.inputs, signed.outputs);

  test("reads, and encodes to the same bytes", () => {
    expect(transactionHex(signed)).toBe(row.signed_hex);
    expect(signed.length).toBe(row.readable.length);
    expect(signed.innerHash).toBe(row.readable.inner_hash);
    expect(signed.signatures).toEqual(row.readable.sigs);
    expect(signed.inputs).toEqual(row.readable.inputs);
    expect(txidOf(signed)).toBe(row.readable.txid);
    expect(outputIds(signed)).toEqual(row.readable.outputs.map((output) => output.uxid));
    expect(signed.outputs.map((output) => addressText(output.address))).toEqual(
      row.readable.outputs.map((output) => output.dst),
    );
  });

  test("is made anew, unsigned, from its inputs and outputs", () => {
    expect(transactionHex(unsigned)).toBe(row.unsigned_hex);
    expect(txidOf(unsigned)).toBe(row.unsigned_txid);
  });

  test("has recoverable signatures, and ours are as good", () => {
    const messages = row.hashes_signed.map((_, i) => hashToSign(unsigned, i));
    expect(messages).toEqual(row.hashes_signed);
    const owners = row.signer_addresses.map(addressAt);
    expect(messages.map((hash, i) => either(signerAddress(hash, row.readable.sigs[i] ?? "")))).toEqual(
      owners,
    );
    const ours = messages.map((hash, i) => signHash(hash, bytesOf(row.secret_keys[i] ?? "")));
    expect(messages.map((hash, i) => either(signerAddress(hash, ours[i] ?? "")))).toEqual(owners);
  });
});

describe.each([
  { burnFactor: 10n, fees: fee10, splits: split10, spends: burn10 },
  { burnFactor: 2n, fees: fee2, splits: split2, spends: burn2 },
])("burn factor $burnFactor", ({ burnFactor, fees, splits, spends }) => {
  const rules = { burnFactor, maxSize: 32_768, maxDecimals: 3 };

  test("required fee", () => {
    for (const row of fees) {
      expect(requiredFee(BigInt(row.hours), burnFactor)).toBe(hours(BigInt(row.required_fee)));
      expect(remainingHours(BigInt(row.hours), burnFactor)).toBe(hours(BigInt(row.remaining)));
    }
  });

  test("hours shared out by the command line", () => {
    for (const row of splits) {
      const split = splitHours(BigInt(row.input_hours), row.n_addrs, row.have_change, burnFactor);
      expect(split).toEqual({ change: BigInt(row.change_hours), each: row.addr_hours.map(BigInt) });
    }
  });

  type SetRow = (typeof spends.sets)["aged"][number];
  const sets = new Map<string, readonly Owned[]>(
    Object.entries(spends.sets).map(([name, rows]) => [name, ((rows ?? []) as SetRow[]).map(owned)]),
  );

  function owned(row: SetRow): Owned {
    const output = {
      srcTx: row.src_tx,
      address: addressAt(row.address),
      coins: droplet(BigInt(row.coins)),
      hours: hours(BigInt(row.hours)),
      time: BigInt(row.time),
      blockSeq: BigInt(row.bk_seq),
    };
    const counted = accepted(coinHours(output, BigInt(spends.head_time)));
    expect(counted.toString()).toBe(row.calculated_hours);
    expect(uxidOf(row.src_tx, output)).toBe(row.hash);
    return { ...output, uxid: row.hash, hours: counted, blockSeq: Number(row.bk_seq) };
  }

  test("choice of inputs", () => {
    for (const row of spends.choose_spends_minimize) {
      const target = { coins: BigInt(row.coins), hours: BigInt(row.hours), burnFactor };
      const chosen = chooseInputs(sets.get(row.set) ?? [], target);
      expect(chosen.ok ? chosen.value.map((spend) => spend.uxid) : chosen.refusal).toEqual(
        row.error ?? row.chosen,
      );
    }
  });

  interface Expected {
    readonly inputs?: readonly string[];
    readonly outputs?: readonly {
      readonly address: string;
      readonly coins: string;
      readonly hours: string;
    }[];
    readonly inner_hash?: string;
    readonly error: string | null;
  }

  function same(made: ReturnType<typeof nodeSpend>, row: Expected): void {
    if (row.error !== null) {
      expect(made).toEqual({ ok: false, refusal: row.error });
      return;
    }
    const tx = accepted(made);
    const outputs = tx.outputs.map((output) => ({
      address: addressText(output.address),
      coins: output.coins.toString(),
      hours: output.hours.toString(),
    }));
    expect<readonly string[] | undefined>(tx.inputs).toEqual(row.inputs);
    expect<Expected["outputs"]>(outputs).toEqual(row.outputs);
    expect<string | undefined>(innerHash(tx.inputs, tx.outputs)).toBe(row.inner_hash);
  }

  test("spends of the command line", () => {
    for (const row of spends.cli_create_raw_transaction) {
      const to = row.to.map((each) => ({
        address: addressAt(each.address),
        coins: droplet(BigInt(each.coins)),
      }));
      const order: Order = { unspent: sets.get(row.set) ?? [], to, rules };
      same(commandLineSpend(order, addressAt(row.change_address)), row as Expected);
    }
  });

  test("spends of the node", () => {
    const factors = { "0": 0, "0.5": 5, "1": 10 } as const;
    const to = addressAt("2ip6roWzqAxwLjNdy36HUAqjCRkh6scWbLD");
    for (const row of spends.create_auto_share) {
      const order: Order = {
        unspent: sets.get(row.set) ?? [],
        to: [{ address: to, coins: droplet(BigInt(row.coins)) }],
        rules,
      };
      same(nodeSpend(order, factors[row.share_factor as keyof typeof factors]), row as Expected);
    }
  });
});

test("hours shared out by coins", () => {
  for (const row of proportional) {
    const shared = shareByCoins((row.coins ?? []).map(BigInt), BigInt(row.hours));
    expect(shared.ok ? shared.value.map(String) : shared.refusal).toEqual(row.error ?? row.result);
  }
});
