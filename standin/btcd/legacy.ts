import { address as addresses, payments, script as scripts, Transaction } from "bitcoinjs-lib";
import { type Key, simnet } from "./keys.ts";
import type { Paid } from "./wallet.ts";

/** LegacyCoin is an output to the P2PKH address of a key. */
export interface LegacyCoin {
  readonly txid: string;
  readonly n: number;
}

const curveOrder = 0xffffffff_ffffffff_ffffffff_fffffffe_baaedce6_af48a03b_bfd25e8c_d0364141n;
const sequence = 0xffff_fffd;

/**
 * spendLegacy signs, unsent, a transaction that spends one coin of a key for one output. What the coin is worth
 * beyond that is its fee. Such signatures are part of the txid, so `malleate` can change it.
 */
export function spendLegacy(
  key: Key,
  coin: LegacyCoin,
  to: { readonly address: string; readonly value: bigint },
): Paid {
  const pubkey = key.signer.publicKey;
  const own = payments.p2pkh({ pubkey, network: simnet }).output;
  if (own === undefined) throw new Error("bitcoinjs-lib made no script");
  const tx = new Transaction();
  tx.version = 2;
  tx.addInput(Buffer.from(coin.txid, "hex").reverse(), coin.n, sequence);
  tx.addOutput(addresses.toOutputScript(to.address, simnet), to.value);
  const signature = key.signer.sign(Buffer.from(tx.hashForSignature(0, own, Transaction.SIGHASH_ALL)));
  if (signature instanceof Promise) throw new Error("a test key signs at once");
  tx.setInputScript(
    0,
    scripts.compile([scripts.signature.encode(signature, Transaction.SIGHASH_ALL), pubkey]),
  );
  return { txid: tx.getId(), hex: tx.toHex() };
}

/**
 * malleate gives what anybody who sees a legacy transaction can make of it without a key: the same inputs, the same
 * outputs, another txid, because (r, −s) is a signature as good as (r, s). Blocks may have it; nodes relay it no more.
 */
export function malleate(paid: Paid): Paid {
  const tx = Transaction.fromHex(paid.hex);
  for (const [i, { script }] of tx.ins.entries()) {
    const [der, pubkey] = scripts.decompile(script) ?? [];
    if (!(der instanceof Uint8Array) || !(pubkey instanceof Uint8Array))
      throw new Error("btcd: only P2PKH inputs can be malleated");
    const { signature, hashType } = scripts.signature.decode(der);
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString("hex")}`);
    const other = Buffer.from((curveOrder - s).toString(16).padStart(64, "0"), "hex");
    const flipped = Buffer.concat([signature.subarray(0, 32), other]);
    tx.setInputScript(i, scripts.compile([scripts.signature.encode(flipped, hashType), pubkey]));
  }
  return { txid: tx.getId(), hex: tx.toHex() };
}
