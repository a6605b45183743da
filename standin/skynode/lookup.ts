import { type Address, type Ledger, readTransaction, type Transaction } from "#internal/skycoin";
import type { Inputs } from "./shapes.ts";

/** inputsOf gives what a known transaction spends; hours count up to the block before its own, or to the head while it is pending. */
export function inputsOf(ledger: Ledger, tx: Transaction, blockSeq: number | undefined): Inputs {
  const outputs = tx.inputs.flatMap((uxid) => ledger.output(uxid) ?? []);
  const before = blockSeq === undefined ? ledger.head() : ledger.block(Math.max(0, blockSeq - 1));
  return { outputs, time: before?.header.time ?? 0n };
}

/** Known is a transaction that a node can find. */
export interface Known {
  readonly txid: string;
  readonly tx: Transaction;
  readonly blockSeq: number | undefined;
  /** In unix seconds: of its block, or when it came in. */
  readonly time: number;
}

/** find looks for a transaction in the pool first, then in the blocks. */
export function find(ledger: Ledger, txid: string): Known | undefined {
  const pending = ledger.pending(txid);
  if (pending !== undefined) {
    return { txid, tx: pending.tx, blockSeq: undefined, time: Math.floor(pending.received / 1000) };
  }
  const confirmed = ledger.confirmed(txid);
  if (confirmed === undefined) return undefined;
  const time = ledger.block(confirmed.blockSeq)?.time ?? 0;
  return { txid, tx: readTransaction(confirmed), blockSeq: confirmed.blockSeq, time };
}

/** involving lists the txids that pay or spend from one of these addresses; all txids when none is given. */
export function involving(ledger: Ledger, addresses: readonly Address[]): readonly string[] {
  const pool = ledger.pool();
  if (addresses.length === 0) {
    return [...pool.map(({ txid }) => txid), ...ledger.allConfirmed().map(({ txid }) => txid)];
  }
  const wanted = new Set(addresses);
  const owned = (uxid: string): boolean => {
    const output = ledger.output(uxid);
    return output !== undefined && wanted.has(output.address);
  };
  const pending = pool.filter(
    ({ tx }) => tx.outputs.some(({ address }) => wanted.has(address)) || tx.inputs.some(owned),
  );
  const [genesisTxid = ""] = ledger.block(0)?.txids ?? [];
  const confirmed = addresses.flatMap((address) =>
    ledger
      .history(address)
      .flatMap(({ srcTx, blockSeq, spent }) => [
        blockSeq === 0n ? genesisTxid : srcTx,
        ...(spent === undefined ? [] : [spent.txid]),
      ]),
  );
  return Array.from(new Set([...pending.map(({ txid }) => txid), ...confirmed]));
}
