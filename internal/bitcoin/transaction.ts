import type { Outpoint } from "#internal/coin";
import { hashBytes, hashText } from "./merkle.ts";
import { BadBlock, Walker } from "./walk.ts";

/** TransactionParts are the inputs and outputs of one transaction. */
export interface TransactionParts {
  /** `txid:n` of every output that it spends; a coinbase spends none. */
  readonly inputs: readonly Outpoint[];
  readonly outputs: readonly { readonly value: bigint; readonly script: Uint8Array }[];
}

/** All the money there can be, in satoshi (Bitcoin Core's MAX_MONEY). */
const mostMoney = 2_100_000_000_000_000n;

/** readParts reads a transaction whose inputs begin at `body`. Only for transactions that pay somebody of ours: it makes objects. */
export function readParts(raw: Uint8Array, body: number, coinbase: boolean): TransactionParts {
  const walker = new Walker(raw, body);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const inputs: Outpoint[] = [];
  for (let left = walker.length(); left > 0; left--) {
    const at = walker.at;
    walker.skip(hashBytes + 4);
    if (!coinbase) inputs.push(`${hashText(raw, at)}:${view.getUint32(at + hashBytes, true)}`);
    walker.skip(walker.length() + 4);
  }
  const outputs: { value: bigint; script: Uint8Array }[] = [];
  for (let left = walker.length(); left > 0; left--) {
    const value = view.getBigUint64(walker.at, true);
    if (value > mostMoney) throw new BadBlock("an output of more money than there is");
    walker.skip(8);
    const length = walker.length();
    walker.skip(length);
    outputs.push({ value, script: raw.subarray(walker.at - length, walker.at) });
  }
  return { inputs, outputs };
}
