/**
 * Makes the blocks of internal/bitcoin/testdata anew, with a real btcd and what btcd itself says about them:
 *
 *   BTCD_BIN=… bun e2e/bitcoin_testdata.ts
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Psbt, payments, Transaction } from "bitcoinjs-lib";
import {
  addressKinds,
  type Btcd,
  installBtcd,
  keyOf,
  type Paid,
  simnet,
  startBtcd,
  wallet,
} from "../standin/btcd/mod.ts";

interface Verbose {
  readonly height: number;
  readonly hash: string;
  readonly previousblockhash: string;
  readonly rawtx: readonly {
    readonly txid: string;
    readonly vin: readonly { readonly txid?: string; readonly vout?: number }[];
    readonly vout: readonly {
      readonly n: number;
      readonly value: number;
      readonly scriptPubKey: { readonly hex: string };
    }[];
  }[];
}

const target = join(import.meta.dir, "../internal/bitcoin/testdata");

/** save writes a block's bytes as hex, and btcd's own reading of them. */
async function save(node: Btcd, name: string, hash: string): Promise<void> {
  const [raw, verbose] = await Promise.all([node.call("getblock", hash, 0), node.call("getblock", hash, 2)]);
  const block = verbose as Verbose;
  const reading = {
    height: block.height,
    hash: block.hash,
    parent: block.previousblockhash,
    transactions: block.rawtx.map(({ txid, vin, vout }) => ({
      txid,
      inputs: vin.flatMap((input) => (input.txid === undefined ? [] : [`${input.txid}:${input.vout}`])),
      outputs: vout.map(({ n, value, scriptPubKey }) => ({
        n,
        value: Math.round(value * 1e8),
        script: scriptPubKey.hex,
      })),
    })),
  };
  await Bun.write(join(target, `${name}.hex`), `${String(raw)}\n`);
  await Bun.write(join(target, `${name}.json`), `${JSON.stringify(reading, undefined, 1)}\n`);
}

/** sweep spends the five kinds of outputs that `paid` made for the key "deposit1", in one transaction. */
async function sweep(node: Btcd, paid: Paid): Promise<void> {
  const key = keyOf("deposit1");
  const source = Transaction.fromHex(paid.hex);
  const p2wpkh = payments.p2wpkh({ pubkey: key.signer.publicKey, network: simnet });
  const p2pk = payments.p2pk({ pubkey: key.signer.publicKey, network: simnet });
  const psbt = new Psbt({ network: simnet });
  let total = 0n;
  for (const kind of ["p2pkh", "p2sh", "p2wpkh", "p2wsh"] as const) {
    const n = addressKinds.indexOf(kind);
    const output = source.outs[n];
    if (output === undefined || p2wpkh.output === undefined || p2pk.output === undefined)
      throw new Error("no output");
    const witnessUtxo = { script: output.script, value: output.value };
    psbt.addInput({
      hash: paid.txid,
      index: n,
      ...(kind === "p2pkh" ? { nonWitnessUtxo: source.toBuffer() } : { witnessUtxo }),
      ...(kind === "p2sh" ? { redeemScript: p2wpkh.output } : {}),
      ...(kind === "p2wsh" ? { witnessScript: p2pk.output } : {}),
    });
    total += output.value;
  }
  psbt.addOutput({ address: keyOf("deposit2").addresses.p2tr, value: total - 10_000n });
  const hex = psbt.signAllInputs(key.signer).finalizeAllInputs().extractTransaction(true).toHex();
  await node.call("sendrawtransaction", hex);
}

async function main(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), "bitcoin-testdata-"));
  const bin = installBtcd({ bin: process.env["BTCD_BIN"], into: join(data, "bin") });
  if (bin === undefined) throw new Error("neither BTCD_BIN nor a go toolchain");
  const node = await startBtcd({ bin, data: join(data, "node") });
  try {
    const miner = wallet(node);
    await miner.ready();
    const mine = async (name: string) => save(node, name, String((await miner.generate(1))[0]));
    await mine("coinbase");
    const { addresses } = keyOf("deposit1");
    const five = addressKinds.map((kind, i) => ({
      address: addresses[kind],
      value: 1_000_000n * BigInt(i + 1) + 7n,
    }));
    const pubkeys = ["alice", "bob"].map((name) => keyOf(name).signer.publicKey);
    const others = [
      payments.embed({ data: [new TextEncoder().encode("nothing to see")] }).output,
      payments.p2ms({ m: 1, pubkeys }).output,
      payments.p2pk({ pubkey: keyOf("alice").signer.publicKey }).output,
    ];
    const odd = others.flatMap((script, i) =>
      script === undefined ? [] : [{ script, value: BigInt(i * 1000) }],
    );
    const paid = await miner.pay([...five, ...odd, { address: addresses.p2pkh, value: 1n }]);
    await mine("five-kinds");
    await sweep(node, paid);
    await mine("sweep");
    await miner.payEach(
      Array.from({ length: 6 }, (_, i) => ({
        address: keyOf("deposit3").addresses[addressKinds[i % 5] ?? "p2tr"],
        value: 5000n + BigInt(i),
      })),
    );
    await mine("seven-transactions");
    await miner.pay(
      Array.from({ length: 300 }, (_, i) => ({
        address: keyOf(`customer ${i}`).addresses.p2wpkh,
        value: 1000n,
      })),
    );
    await mine("many-outputs");
    await save(node, "genesis-child", String(await node.call("getblockhash", 1)));
  } finally {
    await node.stop();
    rmSync(data, { recursive: true });
  }
}

await main();
