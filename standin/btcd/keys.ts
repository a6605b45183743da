import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { initEccLib, type Network, networks, payments, type Signer } from "bitcoinjs-lib";

/** simnet is btcd's simulation network in the form of bitcoinjs-lib. */
export const simnet: Network = {
  messagePrefix: networks.regtest.messagePrefix,
  bech32: "sb",
  bip32: { public: 0x0420bd3a, private: 0x0420b900 },
  pubKeyHash: 0x3f,
  scriptHash: 0x7b,
  wif: 0x64,
};

/** addressKinds are the five kinds of addresses. */
export const addressKinds = ["p2pkh", "p2sh", "p2wpkh", "p2wsh", "p2tr"] as const;

/** AddressKind is one of them. */
export type AddressKind = (typeof addressKinds)[number];

/** Key is a public test key, never for anything of value. */
export interface Key {
  readonly signer: Signer;
  /** Of each kind: P2SH holds P2WPKH, P2WSH a single-key script, P2TR spends by key alone (BIP 86). */
  readonly addresses: Readonly<Record<AddressKind, string>>;
  /** The script of the P2WPKH address. */
  readonly script: Uint8Array;
}

/** keyOf gives the key with this name; "miner" is paid by every mined block. */
export function keyOf(name: string): Key {
  useCurves();
  const secret = sha256(new TextEncoder().encode(`teller private bitcoin chain: ${name}`));
  const pubkey = secp256k1.getPublicKey(secret, true);
  const network = simnet;
  const p2wpkh = payments.p2wpkh({ pubkey, network });
  const made = {
    p2pkh: payments.p2pkh({ pubkey, network }),
    p2sh: payments.p2sh({ redeem: p2wpkh, network }),
    p2wpkh,
    p2wsh: payments.p2wsh({ redeem: payments.p2pk({ pubkey, network }), network }),
    p2tr: payments.p2tr({ internalPubkey: pubkey.subarray(1), network }),
  };
  return {
    signer: { publicKey: pubkey, sign: (hash) => secp256k1.sign(hash, secret, { prehash: false }) },
    addresses: {
      p2pkh: text(made.p2pkh.address),
      p2sh: text(made.p2sh.address),
      p2wpkh: text(made.p2wpkh.address),
      p2wsh: text(made.p2wsh.address),
      p2tr: text(made.p2tr.address),
    },
    script: p2wpkh.output ?? new Uint8Array(0),
  };
}

function text(address: string | undefined): string {
  if (address === undefined) throw new Error("bitcoinjs-lib made no address");
  return address;
}

/** useCurves gives bitcoinjs-lib the curve that it needs for taproot; doing so again changes nothing. */
function useCurves(): void {
  initEccLib(curves);
}

const curves = {
  isXOnlyPoint(x: Uint8Array): boolean {
    try {
      schnorr.utils.lift_x(numberOf(x));
      return true;
    } catch {
      return false;
    }
  },
  xOnlyPointAddTweak(x: Uint8Array, tweak: Uint8Array) {
    const scalar = numberOf(tweak);
    const point = schnorr.utils.lift_x(numberOf(x));
    const sum = scalar === 0n ? point : point.add(secp256k1.Point.BASE.multiply(scalar));
    // The library's own trial demands null, not an error, for the point that is none.
    if (sum.is0()) return null;
    const parity: 0 | 1 = sum.toAffine().y % 2n === 0n ? 0 : 1;
    return { parity, xOnlyPubkey: schnorr.utils.pointToBytes(sum) };
  },
};

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}
