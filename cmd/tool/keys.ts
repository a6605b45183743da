import { accept, type Result, refuse } from "#internal/fault";
import { bitcoinAddressOf, generateKeys, isSecretKey, publicKeyOf } from "#internal/skycoin";

/** A pool larger than this is no pool any more; it also bounds how long the command runs. */
const mostAddresses = 1_000_000;
/** Addresses that are derived before they are written. */
const chunk = 100;

/** NewAddresses says which addresses are wanted. */
export interface NewAddresses {
  readonly seed: string;
  /** As typed: a whole number from 1. */
  readonly num: string;
  readonly json: boolean;
}

/**
 * newBitcoinAddresses writes the first addresses of a deterministic wallet: one a line, or as a JSON
 * pool file (`spec/teller.md §10.1`). They are written while they are derived.
 */
export function newBitcoinAddresses(
  { seed, num, json }: NewAddresses,
  write: (text: string) => void,
): Result<void, string> {
  const count = /^\d{1,7}$/.test(num) ? Number(num) : 0;
  if (count < 1 || count > mostAddresses) {
    return refuse(`"${num}" is not a number of addresses: 1 to ${mostAddresses} can be made`);
  }
  if (json) write('{\n    "btc_addresses": [\n');
  let next: Uint8Array = new TextEncoder().encode(seed);
  for (let done = 0; done < count; done += chunk) {
    const keys = generateKeys(next, Math.min(chunk, count - done));
    if (!keys.ok) return refuse(keys.refusal);
    const addresses = keys.value.secrets.map((secret) => bitcoinAddressOf(publicKeyOf(secret)));
    const last = done + chunk >= count;
    write(json ? jsonRows(addresses, last) : addresses.map((address) => `${address}\n`).join(""));
    next = keys.value.lastSeed;
  }
  if (json) write("    ]\n}\n");
  return accept(undefined);
}

function jsonRows(addresses: readonly string[], last: boolean): string {
  const rows = addresses.map((address) => `        ${JSON.stringify(address)}`).join(",\n");
  return last ? `${rows}\n` : `${rows},\n`;
}

/** newKeys writes a random key pair as JSON, both keys in hex. */
export function newKeys(io: {
  random(length: number): Uint8Array;
  stdout(text: string): void;
}): Result<void, string> {
  let secret = io.random(32);
  while (!isSecretKey(secret)) secret = io.random(32);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  io.stdout(`${JSON.stringify({ Pubkey: hex(publicKeyOf(secret)), Seckey: hex(secret) }, undefined, 4)}\n`);
  return accept(undefined);
}
