/** The five output scripts that have an address: P2PKH, P2SH, P2WPKH, P2WSH and P2TR (BIP 16, 141, 341). */

const dup = 0x76;
const hash160 = 0xa9;
const push20 = 0x14;
const push32 = 0x20;
const equal = 0x87;
const equalVerify = 0x88;
const checkSig = 0xac;
const version0 = 0x00;
const version1 = 0x51;

/** shortestForm and longestForm bound the length of these scripts in bytes. */
export const shortestForm = 22;
export const longestForm = 34;

/** hasForm tells whether the bytes from `at` on, `length` of them, are one of the five scripts. */
export function hasForm(bytes: Uint8Array, at: number, length: number): boolean {
  switch (length) {
    case 22:
      return bytes[at] === version0 && bytes[at + 1] === push20;
    case 23:
      return bytes[at] === hash160 && bytes[at + 1] === push20 && bytes[at + 22] === equal;
    case 25:
      return (
        bytes[at] === dup &&
        bytes[at + 1] === hash160 &&
        bytes[at + 2] === push20 &&
        bytes[at + 23] === equalVerify &&
        bytes[at + 24] === checkSig
      );
    case 34:
      return (bytes[at] === version0 || bytes[at] === version1) && bytes[at + 1] === push32;
    default:
      return false;
  }
}

/** around puts bytes between others; spreading them out one by one takes ten times as long. */
function around(before: readonly number[], bytes: Uint8Array, after: readonly number[] = []): Uint8Array {
  const script = new Uint8Array(before.length + bytes.length + after.length);
  script.set(before, 0);
  script.set(bytes, before.length);
  script.set(after, before.length + bytes.length);
  return script;
}

/** p2pkh gives the script that pays the hash of a public key. */
export function p2pkh(hash: Uint8Array): Uint8Array {
  return around([dup, hash160, push20], hash, [equalVerify, checkSig]);
}

/** p2sh gives the script that pays the hash of a script. */
export function p2sh(hash: Uint8Array): Uint8Array {
  return around([hash160, push20], hash, [equal]);
}

/** witnessProgram gives the script of a segwit program of version 0 (20 or 32 bytes) or 1 (32 bytes). */
export function witnessProgram(version: 0 | 1, program: Uint8Array): Uint8Array {
  return around([version === 0 ? version0 : version1, program.length], program);
}
