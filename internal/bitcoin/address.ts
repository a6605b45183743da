import { schnorr } from "@noble/curves/secp256k1.js";
import { address as codec } from "bitcoinjs-lib";
import { accept, type Result, refuse } from "#internal/fault";
import { p2pkh, p2sh, witnessProgram } from "./forms.ts";
import { type Network, type NetworkName, networkOf, networksWhere } from "./networks.ts";

/** Address is an address that money can be sent to on one network. */
export interface Address {
  /** In the usual spelling: bech32 in lower case. */
  readonly address: string;
  /** The script of an output that pays it. */
  readonly script: Uint8Array;
}

/** The longest address of any kind (BIP 173). */
const longest = 90;

/**
 * checkAddress reads an address of one of the five kinds (P2PKH, P2SH, P2WPKH, P2WSH, P2TR) and checks that
 * it belongs to the network. A refusal says exactly what is wrong and, for an address of another network, of which.
 */
export function checkAddress(text: string, network: NetworkName): Result<Address, string> {
  if (text === "") return refuse("it is empty");
  if (text.length > longest)
    return refuse(`it has ${text.length} characters, no address has more than ${longest}`);
  if (/\s/.test(text)) return refuse("it has white space in it");
  if (/^0x/i.test(text)) return refuse("it looks like an Ethereum address");
  const segwit = /^([a-z]+)1/.exec(text.toLowerCase());
  const prefix = segwit?.[1] ?? "";
  const known = networksWhere((n) => n.bech32 === prefix);
  if (known === "") return checkBase58(text, networkOf(network));
  // One in some thousand base58 addresses of simnet begins with "Sb1".
  const base58 = mixesCase(text) ? checkBase58(text, networkOf(network)) : undefined;
  return base58?.ok === true ? base58 : checkBech32(text, networkOf(network), known);
}

/** mixesCase tells that a text is no bech32, which is all small or all capital letters (BIP 173). */
function mixesCase(text: string): boolean {
  return text !== text.toLowerCase() && text !== text.toUpperCase();
}

function checkBase58(text: string, network: Network): Result<Address, string> {
  const bad = /[^1-9A-HJ-NP-Za-km-z]/.exec(text);
  if (bad !== null)
    return refuse(`the character ${JSON.stringify(bad[0])} is in no Bitcoin address of ${network.name}`);
  let decoded: ReturnType<typeof codec.fromBase58Check>;
  try {
    decoded = codec.fromBase58Check(text);
  } catch (error) {
    if (String(error).includes("too ")) return refuse("it has the wrong length for a base58 address");
    return refuse("its base58 checksum is wrong: a character is mistyped or missing");
  }
  const { version, hash } = decoded;
  if (version === network.pubKeyHash) return accept({ address: text, script: p2pkh(hash) });
  if (version === network.scriptHash) return accept({ address: text, script: p2sh(hash) });
  const other = networksWhere((n) => n.pubKeyHash === version || n.scriptHash === version);
  if (other !== "") return refuse(`it belongs to ${other}, not to ${network.name}`);
  return refuse(`its version byte ${version} belongs to no known Bitcoin network`);
}

function checkBech32(text: string, network: Network, known: string): Result<Address, string> {
  const lower = text.toLowerCase();
  if (mixesCase(text)) return refuse("it mixes upper and lower case");
  let decoded: ReturnType<typeof codec.fromBech32>;
  try {
    decoded = codec.fromBech32(lower);
  } catch (error) {
    if (String(error).includes("wrong encoding")) {
      return refuse(
        "its checksum is of the wrong kind: bech32 is for witness version 0, bech32m for the others (BIP 350)",
      );
    }
    return refuse("its bech32 checksum is wrong: a character is mistyped or missing");
  }
  const { prefix, version, data } = decoded;
  if (prefix !== network.bech32) return refuse(`it belongs to ${known}, not to ${network.name}`);
  if (version === 0 && (data.length === 20 || data.length === 32)) {
    return accept({ address: lower, script: witnessProgram(0, data) });
  }
  if (version === 0) return refuse(`its witness program has ${data.length} bytes instead of 20 or 32`);
  if (version !== 1)
    return refuse(`its witness version ${version} has no rules yet: anyone could spend the money`);
  if (data.length !== 32) return refuse(`its taproot program has ${data.length} bytes instead of 32`);
  if (!isPoint(data)) return refuse("its taproot key is no point of the curve: nobody could spend the money");
  return accept({ address: lower, script: witnessProgram(1, data) });
}

/** isPoint tells whether 32 bytes are the x of a point of secp256k1 (BIP 340). */
function isPoint(x: Uint8Array): boolean {
  try {
    schnorr.utils.lift_x(BigInt(`0x${Buffer.from(x).toString("hex")}`));
    return true;
  } catch {
    return false;
  }
}
