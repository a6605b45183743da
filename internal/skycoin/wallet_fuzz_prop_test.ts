import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { budget, mutatedBytes, mutatedJson, mutatedText } from "#mutation";
import type { Result } from "#internal/fault";
import { decodeTransaction, encodeTransaction } from "./transaction.ts";
import { openWallet } from "./wallet.ts";
import { decryptSecrets } from "./wallet_cipher.ts";

const folder = join(import.meta.dir, "testdata/wallets");
/** The scrypt of a real wallet takes seconds; its own test has it once, here its parameters are small. */
const wallets = readdirSync(folder)
  .filter((name) => name.endsWith(".wlt") && name !== "deterministic-scrypt-chacha20poly1305.wlt")
  .map((name) => readFileSync(join(folder, name), "utf8"));
const password = "test password";
const mostMs = 3000;

/** secretsOf are the texts of a wallet that no refusal may hold. */
function secretsOf(text: string): string[] {
  return Array.from(
    text.matchAll(/"(?:seed|lastSeed|secret_key|secrets|seedPassphrase)": *"([^"]{12,})"/g),
  ).map(([, secret = ""]) => secret);
}
const secrets = wallets.flatMap(secretsOf);

function checked(open: () => Result<unknown, string>): boolean {
  const began = performance.now();
  const opened = open();
  expect(performance.now() - began).toBeLessThan(mostMs);
  if (opened.ok) return true;
  expect(opened.refusal.length).toBeGreaterThan(0);
  expect(opened.refusal.length).toBeLessThan(1000);
  for (const secret of secrets) expect(opened.refusal).not.toContain(secret);
  return false;
}

const words = [
  "null",
  "{",
  "}",
  "[",
  "]",
  '"',
  ",",
  ":",
  '"true"',
  '"encrypted": "true"',
  "deterministic",
  "bip44",
  "0".repeat(64),
];
const texts = budget(1500);

test(
  "any spoiled wallet is opened with its own keys or refused, and no refusal holds a secret",
  () => {
    const honest = new Set(
      wallets.flatMap((text) => {
        const opened = openWallet(text, password);
        return opened.ok ? opened.value.addresses : [];
      }),
    );
    expect(honest.size).toBeGreaterThan(3);
    const spoiled = fc.oneof(
      mutatedText(wallets, words),
      mutatedJson(wallets.map((text) => JSON.parse(text) as unknown)),
    );
    const seen = { opened: 0, refused: 0 };
    fc.assert(
      fc.property(spoiled, fc.constantFrom(password, "", undefined, "x"), (text, key) => {
        const done = checked(() => {
          const opened = openWallet(text, key);
          // What is opened are keys of these wallets: nothing spoiled becomes another address.
          if (opened.ok) for (const address of opened.value.addresses) expect(honest.has(address)).toBe(true);
          return opened;
        });
        seen[done ? "opened" : "refused"]++;
      }),
      texts.parameters,
    );
    expect(Math.min(seen.opened, seen.refused)).toBeGreaterThan(0);
  },
  texts.timeoutMs,
);

const scrypt = { n: 16, r: 8, p: 1, keyLen: 32, salt: "c2FsdA==", nonce: "bm9uY2Vub25jZW5v" };
/** Parameters as they stand before the ciphertext: their length, then JSON. */
function withParameters(json: string): Buffer {
  const text = Buffer.from(json);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length & 0xffff);
  return Buffer.concat([length, text, Buffer.alloc(64, 7)]);
}
/** What such parameters ask for is work that grows with n, r and p: a file may ask for some seconds of it, not more. */
const cheap = (json: string) => !/"n":(?:\d{7,}|[2-9]\d{5,}|1\d{6,})|"p":(?:[2-9]|1\d)/.test(json);
const ciphers = budget(1500);

test(
  "any ciphertext is opened or refused, whatever work its parameters ask for",
  () => {
    const data = fc.oneof(
      mutatedJson([scrypt]).filter(cheap).map(withParameters),
      mutatedBytes([withParameters(JSON.stringify(scrypt)), new Uint8Array(160)]).map((bytes) =>
        Buffer.from(bytes),
      ),
    );
    const cipher = fc.constantFrom(
      "scrypt-chacha20poly1305",
      "scrypt-chacha20poly1305-insecure",
      "sha256-xor",
      "",
    );
    fc.assert(
      fc.property(data, cipher, (bytes, name) => {
        checked(() => decryptSecrets(name, bytes.toString("base64"), password));
      }),
      ciphers.parameters,
    );
  },
  ciphers.timeoutMs,
);

const vectors = JSON.parse(readFileSync(join(folder, "../transactions.json"), "utf8")) as unknown;
/** Every encoded transaction in the test vectors. */
const transactions = Array.from(new Set(JSON.stringify(vectors).match(/"[0-9a-f]{300,}"/g) ?? [])).map(
  (text) => Buffer.from(text.slice(1, -1), "hex"),
);
const codec = budget(3000);

test(
  "spoiled bytes of a transaction are refused, or are the one encoding of what is read",
  () => {
    expect(transactions.length).toBeGreaterThan(0);
    const seen = { read: 0, refused: 0 };
    fc.assert(
      fc.property(mutatedBytes(transactions), (bytes) => {
        const began = performance.now();
        const read = decodeTransaction(bytes);
        expect(performance.now() - began).toBeLessThan(mostMs);
        seen[read.ok ? "read" : "refused"]++;
        if (read.ok) expect(Buffer.from(encodeTransaction(read.value)).equals(bytes)).toBe(true);
      }),
      codec.parameters,
    );
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(0);
  },
  codec.timeoutMs,
);
