import { scryptSync } from "node:crypto";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { z } from "zod";
import { accept, messageOf, refuse, type Result } from "#internal/fault";
import { parse } from "#internal/json";
import { sha } from "./hash.ts";
import { secp256k1Hash } from "./keys.ts";

const wrongPassword = "invalid password";
const damaged = "invalid data, checksum is not matched";

/**
 * decryptSecrets opens the `secrets` of an encrypted wallet. The password's bytes are its UTF-8
 * form. Refused for a wrong password, damaged data, a cipher that is not known, or a key
 * derivation that asks for more memory than this host should give.
 * Source: `spec/skycoin.md` §4.2, §4.3.
 */
export function decryptSecrets(
  cipherType: string,
  base64: string,
  password: string,
): Result<Uint8Array, string> {
  const data = decodeBase64(base64);
  if (data === undefined) return refuse("the wallet's secrets are not base64");
  const key = Buffer.from(password, "utf8");
  switch (cipherType) {
    case "scrypt-chacha20poly1305":
    case "scrypt-chacha20poly1305-insecure":
      return openScrypt(data, key);
    case "sha256-xor":
      return openXor(data, key);
    default:
      return refuse(
        `cryptoType ${JSON.stringify(cipherType.slice(0, 40))} is not known; allowed are scrypt-chacha20poly1305, ` +
          "scrypt-chacha20poly1305-insecure and sha256-xor",
      );
  }
}

function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

/** What the file says about its key derivation; the limits keep a bad file from taking all memory. */
const scryptParameters = z.object({
  n: z
    .number()
    .int()
    .min(2)
    .max(2 ** 21)
    .refine((n) => Number.isInteger(Math.log2(n)), "not a power of two"),
  r: z.number().int().min(1).max(32),
  p: z.number().int().min(1).max(16),
  keyLen: z.literal(32),
  salt: z.base64(),
  nonce: z.base64(),
});

const mostScryptMemory = 2 ** 31;
const tagBytes = 16;
const nonceBytes = 12;

function openScrypt(data: Buffer, password: Buffer): Result<Uint8Array, string> {
  const length = data.length < 2 ? -1 : data.readUInt16LE(0);
  if (length < 0 || data.length < 2 + length + tagBytes) return refuse("the wallet's secrets are cut short");
  const head = data.subarray(0, 2 + length);
  const read = readParameters(head.subarray(2).toString("utf8"));
  if (!read.ok) return read;
  const { n, r, p, keyLen, salt, nonce } = read.value;
  const nonceData = Buffer.from(nonce, "base64");
  const memory = 128 * r * (n + p + 2);
  if (memory > mostScryptMemory) return refuse(`the wallet's scrypt needs ${memory} bytes of memory`);
  if (nonceData.length !== nonceBytes) return refuse("the wallet's nonce is not 12 bytes long");
  const key = scryptSync(password, Buffer.from(salt, "base64"), keyLen, {
    N: n,
    r,
    p,
    maxmem: memory + 2 ** 20,
  });
  try {
    return accept(chacha20poly1305(key, nonceData, head).decrypt(data.subarray(2 + length)));
  } catch {
    return refuse(wrongPassword);
  } finally {
    key.fill(0);
  }
}

function readParameters(text: string): Result<z.infer<typeof scryptParameters>, string> {
  try {
    const read = scryptParameters.safeParse(parse(text));
    if (read.success) return accept(read.data);
    const path = read.error.issues[0]?.path.join(".") ?? "";
    return refuse(
      `the wallet's scrypt parameters are not usable: ${path} ${read.error.issues[0]?.message ?? ""}`,
    );
  } catch (error) {
    return refuse(`the wallet's scrypt parameters are not JSON: ${messageOf(error)}`);
  }
}

const block = 32;

function openXor(data: Buffer, password: Buffer): Result<Uint8Array, string> {
  const body = data.subarray(2 * block);
  if (body.length < 2 * block || body.length % block !== 0) return refuse(damaged);
  const nonce = data.subarray(block, 2 * block);
  if (!sha(nonce, body).every((byte, i) => byte === data[i])) return refuse(damaged);
  const key = secp256k1Hash(password);
  const plain = Buffer.alloc(body.length);
  for (let i = 0; i < body.length / block; i++) {
    const stream = sha(key, sha(counter(i), sha(nonce)));
    for (let j = 0; j < block; j++) plain[i * block + j] = (body[i * block + j] ?? 0) ^ (stream[j] ?? 0);
  }
  const rest = plain.subarray(block);
  if (!sha(rest).every((byte, i) => byte === plain[i])) return refuse(wrongPassword);
  const length = rest.readUInt32LE(0);
  return length <= rest.length - 4 ? accept(rest.subarray(4, 4 + length)) : refuse(damaged);
}

/** A block's number as a signed varint (zig-zag, seven bits a byte, low ones first), filled up with zeros. */
function counter(i: number): Uint8Array {
  const bytes = new Uint8Array(block);
  let left = 2 * i;
  let at = 0;
  while (left >= 0x80) {
    bytes[at++] = (left & 0x7f) | 0x80;
    left = Math.floor(left / 0x80);
  }
  bytes[at] = left;
  return bytes;
}
