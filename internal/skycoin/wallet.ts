import { z } from "zod";
import { accept, refuse, type Result } from "#internal/fault";
import { parse } from "#internal/json";
import { addressOf, addressText } from "./address.ts";
import { bytesOf, hexOf, isHash } from "./hash.ts";
import { isSecretKey, publicKeyOf } from "./keys.ts";
import type { Signer } from "./node.ts";
import { signerOf } from "./signer.ts";
import { decryptSecrets } from "./wallet_cipher.ts";

/** A wallet larger than this is none. */
const longestFile = 16 * 1024 * 1024;
const mostEntries = 10_000;
/** Of what a file says, so many characters are shown. */
const longestShown = 40;

const entryShape = z.object({ address: z.string(), public_key: z.string(), secret_key: z.string() });
const fileShape = z.object({
  meta: z.record(z.string(), z.string()),
  entries: z.array(entryShape).max(mostEntries).optional(),
});

type Meta = Readonly<Record<string, string>>;
type Entry = z.infer<typeof entryShape>;

/** Other types of wallets, and why they are not taken. */
const otherTypes: Readonly<Record<string, string>> = {
  bip44: "its addresses come from two chains of its own",
  collection: "its keys cannot be derived again from a seed",
  xpub: "it has no private keys",
};

/**
 * openWallet reads the text of a wallet file (`*.wlt`) and gives its signer. Only deterministic
 * Skycoin wallets are taken, of any version, plain or encrypted with one of the node's ciphers.
 * Every key is held against its public key and its address. Refused with one sentence that
 * never quotes a secret. A wallet encrypted with scrypt as the node does it needs 1 GiB of
 * memory and some seconds, once. Source: `spec/skycoin.md` §4.
 */
export function openWallet(fileText: string, password: string | undefined): Result<Signer, string> {
  const file = readFile(fileText);
  if (!file.ok) return file;
  const { meta } = file.value;
  const entries = file.value.entries ?? [];
  const problem = metaProblem(meta) ?? (entries.length === 0 ? "the wallet has no addresses" : undefined);
  if (problem !== undefined) return refuse(problem);
  if (!isEncrypted(meta)) {
    return signerOfEntries(
      entries,
      entries.map((entry) => entry.secret_key),
    );
  }
  const secrets = decryptedSecrets(meta, entries, password);
  return secrets.ok ? signerOfEntries(entries, secrets.value) : secrets;
}

function readFile(text: string): Result<z.infer<typeof fileShape>, string> {
  if (text.length > longestFile) return refuse(`a wallet file may have at most ${longestFile} bytes`);
  let json: unknown;
  try {
    json = parse(text);
  } catch {
    // The parser's own message may quote the text, and so a secret.
    return refuse("the wallet file is not JSON");
  }
  const read = fileShape.safeParse(json);
  if (read.success) return accept(read.data);
  const issue = read.error.issues[0];
  return refuse(
    `the wallet file is malformed at ${issue?.path.join(".") || "its top"}: ${issue?.message ?? ""}`,
  );
}

const isEncrypted = (meta: Meta): boolean => meta["encrypted"] === "true";

function metaProblem(meta: Meta): string | undefined {
  if (!meta["filename"]) return "filename not set";
  if (!meta["type"]) return "type field not set";
  if (!meta["coin"]) return "coin field not set";
  if (meta["type"] !== "deterministic") return typeProblem(meta["type"]);
  if (!["skycoin", "sky"].includes(meta["coin"].toLowerCase())) {
    return `coin ${JSON.stringify(meta["coin"].slice(0, longestShown))} is not allowed here; allowed is skycoin`;
  }
  if (!["true", "false", "", undefined].includes(meta["encrypted"])) return "encrypted field is not a bool";
  if (isEncrypted(meta))
    return meta["secrets"] ? undefined : "wallet is encrypted, but secrets field not set";
  if (meta["secrets"]) return "secrets should not be in unencrypted wallets";
  if (!meta["seed"]) return "seed missing in unencrypted deterministic wallet";
  return meta["lastSeed"] ? undefined : "lastSeed missing in unencrypted deterministic wallet";
}

function typeProblem(type: string): string {
  const why = otherTypes[type];
  if (why === undefined) return "invalid wallet type";
  return `a wallet of type ${type} is not allowed here (${why}); allowed is type deterministic`;
}

/** The secret of each entry, in their order; empty where the ciphertext has none. */
function decryptedSecrets(
  meta: Meta,
  entries: readonly Entry[],
  password: string | undefined,
): Result<readonly string[], string> {
  if (password === undefined || password === "")
    return refuse("the wallet is encrypted and no password is given");
  if (entries.some((entry) => entry.secret_key !== ""))
    return refuse("an encrypted wallet has a secret in the open");
  const opened = decryptSecrets(meta["cryptoType"] ?? "", meta["secrets"] ?? "", password);
  if (!opened.ok) return opened;
  try {
    const read = z
      .record(z.string(), z.string())
      .safeParse(parse(Buffer.from(opened.value).toString("utf8")));
    if (!read.success) return refuse("the wallet's secrets have another form than expected");
    return accept(entries.map((entry) => read.data[entry.address] ?? ""));
  } catch {
    return refuse("the wallet's secrets are not JSON");
  } finally {
    opened.value.fill(0);
  }
}

function signerOfEntries(entries: readonly Entry[], secrets: readonly string[]): Result<Signer, string> {
  const keys: Uint8Array[] = [];
  for (const [i, entry] of entries.entries()) {
    const key = checkedKey(entry, secrets[i] ?? "");
    if (!key.ok) return refuse(`entry ${i + 1} (${entry.address.slice(0, longestShown)}): ${key.refusal}`);
    keys.push(key.value);
  }
  return accept(signerOf(keys));
}

function checkedKey(entry: Entry, secret: string): Result<Uint8Array, string> {
  if (secret === "") return refuse("secret field is empty");
  const hex = secret.toLowerCase();
  if (!isHash(hex)) return refuse("the secret key is not 64 hex digits");
  const key = bytesOf(hex);
  if (!isSecretKey(key)) return refuse("the secret key is not a key of the curve");
  const publicKey = publicKeyOf(key);
  if (hexOf(publicKey) !== entry.public_key.toLowerCase())
    return refuse("the public key does not match the secret key");
  return addressText(addressOf(publicKey)) === entry.address
    ? accept(key)
    : refuse("the address does not match the public key");
}
