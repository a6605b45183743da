import { describe, expect, test } from "bun:test";
import { inspect } from "node:util";
import { fateOf, type Result } from "#internal/fault";
import { droplet, hours } from "#internal/money";
import { addressText, parseAddress } from "./address.ts";
import { bytesOf } from "./hash.ts";
import type { Signer } from "./node.ts";
import { signerAddress } from "./signature.ts";
import { signerOf } from "./signer.ts";
import encryption from "./testdata/encryption.json";
import {
  decodeTransactionHex,
  hashToSign,
  transactionHex,
  txidOf,
  unsignedTransaction,
  withSignatures,
} from "./transaction.ts";
import { openWallet } from "./wallet.ts";
import { decryptSecrets } from "./wallet_cipher.ts";

const password = "test password";
const secretHex = "77aa1507b9d058967bfc0d82214f9752b8c4868d52ed540005eacd466ff9678e";
const hot = "XNHxqcTq6j3FNDXTt7VRigjYgG9i4rAYg2";
const uxid = "42cd8914595c98e8ac4ceae35bc16064c4f0d7817aad82548a66e3b7472a2d25";

const read = (name: string): Promise<string> =>
  Bun.file(`${import.meta.dir}/testdata/wallets/${name}`).text();

function accepted<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(result.refusal);
  return result.value;
}

function toSign(count = 1) {
  const address = accepted(parseAddress("2ip6roWzqAxwLjNdy36HUAqjCRkh6scWbLD"));
  const inputs = Array.from({ length: count }, (_, i) => uxid.slice(0, -2) + i.toString(16).padStart(2, "0"));
  return unsignedTransaction(inputs, [{ address, coins: droplet(1_001_000n), hours: hours(0n) }]);
}

/** The wallet opened, and every signature it makes is of the address that it says. */
function signsAs(signer: Signer): readonly string[] {
  const tx = toSign(signer.addresses.length);
  const signed = signer.sign(transactionHex(tx), signer.addresses);
  const back = accepted(decodeTransactionHex(signed.raw));
  expect(txidOf(back)).toBe(signed.txid);
  return back.signatures.map((signature, i) =>
    addressText(accepted(signerAddress(hashToSign(back, i), signature))),
  );
}

describe("a deterministic wallet", () => {
  test.each([
    ["deterministic-scrypt-chacha20poly1305.decrypted.wlt", undefined],
    ["deterministic-sha256-xor.decrypted.wlt", undefined],
    ["deterministic-sha256-xor.wlt", password],
    ["deterministic-scrypt-chacha20poly1305.wlt", password],
  ])(
    "opens and signs: %s",
    async (name, secret) => {
      const signer = accepted(openWallet(await read(name), secret));
      expect(signer.addresses).toEqual([hot]);
      expect(signsAs(signer)).toEqual([hot]);
    },
    60_000,
  );

  test("of several addresses keeps their order", async () => {
    const signer = accepted(openWallet(await read("hot.wlt"), undefined));
    expect(signer.addresses).toHaveLength(5);
    expect(signer.addresses[0]).toBe(hot);
    expect(signsAs(signer)).toEqual([...signer.addresses]);
  });

  test("of the first version has no word of encryption", async () => {
    const file = JSON.parse(await read("hot.wlt"));
    file.meta.version = "0.1";
    delete file.meta.encrypted;
    delete file.meta.cryptoType;
    expect(accepted(openWallet(JSON.stringify(file), undefined)).addresses).toHaveLength(5);
  });
});

describe("a wallet is refused", () => {
  const others = ["bip44.wlt", "bip44-sha256-xor.wlt", "collection.wlt", "collection-sha256-xor.wlt"];
  test.each(others)("of another type: %s", async (name) => {
    const opened = openWallet(await read(name), password);
    expect(opened.ok ? "" : opened.refusal).toMatch(
      /^a wallet of type (bip44|collection) is not allowed here \(.*\); allowed is type deterministic$/,
    );
  });

  test("without quoting it at length", async () => {
    const file = JSON.parse(await read("hot.wlt"));
    file.meta.coin = "x".repeat(5000);
    const opened = openWallet(JSON.stringify(file), undefined);
    expect(opened.ok ? "" : opened.refusal).toBe(
      `coin "${"x".repeat(40)}" is not allowed here; allowed is skycoin`,
    );
  });

  test("with the wrong password, or none", async () => {
    const text = await read("deterministic-sha256-xor.wlt");
    expect(openWallet(text, "Test password")).toEqual({ ok: false, refusal: "invalid password" });
    const none = openWallet(text, undefined);
    expect(none).toEqual({ ok: false, refusal: "the wallet is encrypted and no password is given" });
  });

  interface Mutable {
    meta: Record<string, string>;
    entries: Record<string, string>[];
  }
  const entry = (file: Mutable): Record<string, string> => file.entries[0] ?? {};
  const cases: readonly [string, (file: Mutable) => void][] = [
    ["filename not set", (f) => delete f.meta["filename"]],
    ["type field not set", (f) => delete f.meta["type"]],
    ["coin field not set", (f) => delete f.meta["coin"]],
    ["invalid wallet type", (f) => Object.assign(f.meta, { type: "vanity" })],
    [
      'coin "bitcoin" is not allowed here; allowed is skycoin',
      (f) => Object.assign(f.meta, { coin: "bitcoin" }),
    ],
    ["seed missing in unencrypted deterministic wallet", (f) => Object.assign(f.meta, { seed: "" })],
    ["lastSeed missing in unencrypted deterministic wallet", (f) => delete f.meta["lastSeed"]],
    ["secrets should not be in unencrypted wallets", (f) => Object.assign(f.meta, { secrets: "AA==" })],
    ["wallet is encrypted, but secrets field not set", (f) => Object.assign(f.meta, { encrypted: "true" })],
    ["encrypted field is not a bool", (f) => Object.assign(f.meta, { encrypted: "maybe" })],
    ["the wallet has no addresses", (f) => f.entries.splice(0)],
    [`entry 1 (${hot}): secret field is empty`, (f) => Object.assign(entry(f), { secret_key: "" })],
    [
      `entry 1 (${hot}): the secret key is not 64 hex digits`,
      (f) => Object.assign(entry(f), { secret_key: "KwDuvkABDqb4WQiwc92DpXtBBiEywuKv46ZUvz5Gi5Xyn9gbcTJt" }),
    ],
    [
      `entry 1 (${hot}): the secret key is not a key of the curve`,
      (f) => Object.assign(entry(f), { secret_key: "ff".repeat(32) }),
    ],
    [
      `entry 1 (${hot}): the public key does not match the secret key`,
      (f) => Object.assign(entry(f), { secret_key: "11".repeat(32) }),
    ],
    [
      "entry 1 (2ip6roWzqAxwLjNdy36HUAqjCRkh6scWbLD): the address does not match the public key",
      (f) => Object.assign(entry(f), { address: "2ip6roWzqAxwLjNdy36HUAqjCRkh6scWbLD" }),
    ],
  ];
  test.each(cases)("%s", async (refusal, spoil) => {
    const file: Mutable = JSON.parse(await read("hot.wlt"));
    spoil(file);
    expect(openWallet(JSON.stringify(file), undefined)).toEqual({ ok: false, refusal });
  });

  test("when it is no wallet at all, without quoting it", async () => {
    const text = await read("hot.wlt");
    for (const broken of ["", "null", "[]", '"seed"', text.slice(0, 400), `${text}${secretHex}`]) {
      const opened = openWallet(broken, undefined);
      expect(opened.ok).toBe(false);
      expect(JSON.stringify(opened)).not.toContain(secretHex.slice(0, 16));
      expect(JSON.stringify(opened)).not.toContain("private chain hot");
    }
  });

  test("when an encrypted one has a key in the open, or none for an address", async () => {
    const file: Mutable = JSON.parse(await read("deterministic-sha256-xor.wlt"));
    file.entries.push({ ...entry(file), address: "2ip6roWzqAxwLjNdy36HUAqjCRkh6scWbLD" });
    expect(openWallet(JSON.stringify(file), password)).toEqual({
      ok: false,
      refusal: "entry 2 (2ip6roWzqAxwLjNdy36HUAqjCRkh6scWbLD): secret field is empty",
    });
    Object.assign(entry(file), { secret_key: secretHex });
    expect(openWallet(JSON.stringify(file), password)).toEqual({
      ok: false,
      refusal: "an encrypted wallet has a secret in the open",
    });
  });
});

describe("the ciphers", () => {
  const types = ["scrypt-chacha20poly1305", "scrypt-chacha20poly1305-insecure", "sha256-xor"] as const;
  const rows = encryption.flatMap((row) => types.map((type) => ({ row, type })));
  const textOf = (row: (typeof encryption)[number], type: (typeof types)[number]): string =>
    type === "sha256-xor" ? row["sha256-xor"] : row["scrypt-chacha20poly1305"];

  test.each(rows)("$type opens what the node closed: $row.plaintext", ({ row, type }) => {
    const opened = accepted(decryptSecrets(type, textOf(row, type), row.password));
    expect(Buffer.from(opened).toString("utf8")).toBe(row.plaintext);
  });

  test.each(types)("%s refuses a wrong password and a changed byte", (type) => {
    const [row] = encryption;
    if (row === undefined) throw new Error("no vectors");
    const text = textOf(row, type);
    expect(decryptSecrets(type, text, `${row.password} `)).toEqual({
      ok: false,
      refusal: "invalid password",
    });
    for (const at of [-1, -40]) {
      const bytes = Buffer.from(text, "base64");
      bytes[bytes.length + at] = (bytes[bytes.length + at] ?? 0) ^ 1;
      expect(decryptSecrets(type, bytes.toString("base64"), row.password).ok).toBe(false);
    }
    for (const cut of [0, 1, 2, 40, 64, 90]) {
      const short = Buffer.from(text, "base64").subarray(0, cut).toString("base64");
      expect(decryptSecrets(type, short, row.password).ok).toBe(false);
    }
  });

  test("sha256-xor tells damage from a wrong password", () => {
    const [row] = encryption;
    const bytes = Buffer.from(row?.["sha256-xor"] ?? "", "base64");
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    const opened = decryptSecrets("sha256-xor", bytes.toString("base64"), row?.password ?? "");
    expect(opened).toEqual({ ok: false, refusal: "invalid data, checksum is not matched" });
  });

  test("a file cannot ask for more memory than the host should give", () => {
    const ask = (change: object): string => {
      const salt = Buffer.alloc(32).toString("base64");
      const nonce = Buffer.alloc(12).toString("base64");
      const meta = JSON.stringify({ n: 4096, r: 8, p: 1, keyLen: 32, salt, nonce, ...change });
      const head = Buffer.alloc(2);
      head.writeUInt16LE(meta.length);
      const data = Buffer.concat([head, Buffer.from(meta), Buffer.alloc(20)]);
      const opened = decryptSecrets("scrypt-chacha20poly1305", data.toString("base64"), "x");
      return opened.ok ? "" : opened.refusal;
    };
    expect(ask({})).toBe("invalid password");
    expect(ask({ n: 2 ** 21, r: 16 })).toMatch(/^the wallet's scrypt needs \d+ bytes of memory$/);
    expect(ask({ n: 2 ** 40 })).toMatch(/parameters are not usable: n/);
    expect(ask({ n: 4095 })).toMatch(/parameters are not usable: n/);
    expect(ask({ keyLen: 64 })).toMatch(/parameters are not usable: keyLen/);
    expect(ask({ nonce: "AAAA" })).toBe("the wallet's nonce is not 12 bytes long");
  });

  test("an unknown cipher is refused with what is allowed", () => {
    const opened = decryptSecrets("rot13", "AAAA", "x");
    expect(opened.ok ? "" : opened.refusal).toContain("allowed are scrypt-chacha20poly1305");
  });
});

describe("a signer", () => {
  const secret = bytesOf(secretHex);
  const signer = signerOf([secret]);

  test("gives the same bytes for the same transaction every time", () => {
    const unsigned = transactionHex(toSign());
    expect(signer.sign(unsigned, [hot])).toEqual(signer.sign(unsigned, [hot]));
  });

  test("gives the recorded signature, which is deterministic", () => {
    // The first spend of the private test chain: made by another program, accepted by a stock node.
    const recorded =
      "01010000007f47fa5b344d5075e993d2b2bccfe1eb56c092667c85a249b36aafbca0fc3ee801000000099b983d3957ad879b595941b6850474e1c5cbdb37f17005fdce9dc2d58f9807726c4bbf8be5a3698727a50e73894b4ba9ba4ea4245151b49ca6c3a1f952fe03010100000079eaea1139489d582d36006c96057c4eb9ea3a41585a172b4a8a3a9b136f405e03000000004b780ac59e0d5e3937b29c7d8971485d0a0df3720010a5d4e800000040420f00000000000006acd05ff17e77713c5a658d6eb39e6f5d93dc940065cd1d00000000f401000000000000007624ebc9e56704fe9d811c880483fc209968da4100cb071e0a5a0000cc5bf8c1da510000";
    const genesis = signerOf([bytesOf("3a86596a3da82c1e7114e4c6597e7c93f5d677194198f516e7ca47b31cb04d24")]);
    const tx = accepted(decodeTransactionHex(recorded));
    const bare = withSignatures(tx, ["00".repeat(65)]);
    expect(genesis.sign(transactionHex(bare), genesis.addresses)).toEqual({
      raw: recorded,
      txid: "f965cd1cb3709bfa4e4f05e9a9313bec2721935a38fc1122caf44fc3aa9cc4fa",
    });
  });

  test("stops when a key is missing", () => {
    const missing = () => signer.sign(transactionHex(toSign()), ["2ip6roWzqAxwLjNdy36HUAqjCRkh6scWbLD"]);
    expect(missing).toThrow("the wallet has no key for 2ip6roWzqAxwLjNdy36HUAqjCRkh6scWbLD");
    try {
      missing();
    } catch (error) {
      expect(fateOf(error)).toBe("stop");
    }
  });

  test("refuses a transaction whose inner hash is false, and owners that do not fit", () => {
    const tx = toSign();
    const lie = transactionHex({ ...tx, innerHash: "00".repeat(32) });
    expect(() => signer.sign(lie, [hot])).toThrow("false inner hash");
    expect(() => signer.sign(transactionHex(tx), [])).toThrow("one owner an input");
  });

  test("never prints a secret", () => {
    const shown = [JSON.stringify(signer), String(signer), inspect(signer, { depth: 9, showHidden: true })];
    for (const text of shown) {
      expect(text).not.toContain(secretHex.slice(0, 12));
      expect(text).not.toContain("119, 170");
    }
  });

  test("keeps its keys when the caller wipes his", () => {
    const mine = secret.slice();
    const kept = signerOf([mine]);
    mine.fill(0);
    expect(signsAs(kept)).toEqual([hot]);
  });
});
