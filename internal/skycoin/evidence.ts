import { parseAddress } from "./address.ts";
import { signerAddress } from "./signature.ts";
import { decodeTransactionHex, hashToSign, txidOf } from "./transaction.ts";

/** reallySpends checks that these bytes are that transaction, spend our output, and carry its owner's signature. */
export function reallySpends(raw: string, txid: string, output: { uxid: string; owner: string }): boolean {
  const decoded = decodeTransactionHex(raw);
  if (!decoded.ok || txidOf(decoded.value) !== txid) return false;
  const at = decoded.value.inputs.indexOf(output.uxid);
  const signature = decoded.value.signatures[at];
  const owner = parseAddress(output.owner);
  if (at < 0 || signature === undefined || !owner.ok) return false;
  const signer = signerAddress(hashToSign(decoded.value, at), signature);
  return signer.ok && signer.value === owner.value;
}
