import { Fault, invariant } from "#internal/fault";
import { addressOf, addressText } from "./address.ts";
import type { Hash } from "./hash.ts";
import { publicKeyOf } from "./keys.ts";
import type { Signer } from "./node.ts";
import { signerAddress, signHash } from "./signature.ts";
import {
  decodeTransactionHex,
  hashToSign,
  innerHash,
  type Signature,
  transactionHex,
  txidOf,
  withSignatures,
} from "./transaction.ts";

/**
 * signerOf makes the signer of these private keys (32 bytes each), in this order. The keys live
 * in its closure: no property shows them, so neither printing nor JSON can. It keeps copies
 * (`Uint8Array.from`, since the `slice` of a Buffer would be a view).
 */
export function signerOf(secrets: readonly Uint8Array[]): Signer {
  const keys = new Map(
    secrets.map((secret) => [addressText(addressOf(publicKeyOf(secret))), Uint8Array.from(secret)]),
  );
  const signInput = (owner: string, hash: Hash): Signature => {
    const secret = keys.get(owner);
    if (secret === undefined) {
      throw new Fault("skycoin.sign", "stop", `the wallet has no key for ${owner}`, {
        details: { address: owner },
      });
    }
    const signature = signHash(hash, secret);
    // A wrong signature would be refused by every node, but only after its txid is on record.
    const signer = signerAddress(hash, signature);
    invariant(signer.ok && addressText(signer.value) === owner, "skycoin: own signature does not verify");
    return signature;
  };
  return {
    addresses: [...keys.keys()],
    sign(unsignedHex, owners) {
      const read = decodeTransactionHex(unsignedHex);
      if (!read.ok) throw new Fault("skycoin.sign", "stop", read.refusal);
      const tx = read.value;
      invariant(tx.inputs.length === owners.length, "skycoin: one owner an input");
      invariant(tx.innerHash === innerHash(tx.inputs, tx.outputs), "skycoin: false inner hash");
      const signed = withSignatures(
        tx,
        owners.map((owner, i) => signInput(owner, hashToSign(tx, i))),
      );
      return { raw: transactionHex(signed), txid: txidOf(signed) };
    },
  };
}
