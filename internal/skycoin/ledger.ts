import { accept, refuse, type Result } from "#internal/fault";
import { beginChain, type Chain, copyChain, readTransaction, spentBy } from "./ledger_chain.ts";
import {
  adopt,
  checkForeign,
  checkUser,
  dropGone,
  fillBlock,
  incomingOutputs,
  type Pool,
  put,
  refreshPool,
  sorted,
} from "./ledger_pool.ts";
import type { Genesis, Ledger, LedgerOptions, LedgerOutput, Snapshot } from "./ledger_types.ts";

/** newLedger begins a chain with its genesis block. */
export function newLedger(genesis: Genesis, options: LedgerOptions = {}): Ledger {
  return ledgerOf(beginChain(genesis, options), new Map());
}

/** ledgerOf gives a chain and a pool the face of a ledger, which owns them from then on. */
export function ledgerOf(chain: Chain, pool: Pool): Ledger {
  return { ...blocksOf(chain), ...outputsOf(chain, pool), ...poolOf(chain, pool) };
}

function blocksOf(chain: Chain) {
  return {
    head: () => chain.head,
    blockHash: (seq) => chain.hashes.get(seq),
    block: (seq) => chain.blocks.get(seq),
    seqOf: (hash) => chain.seqs.get(hash),
    confirmed: (txid) => chain.transactions.get(txid),
    allConfirmed: () => Array.from(chain.transactions.values()),
  } satisfies Partial<Ledger>;
}

function outputsOf(chain: Chain, pool: Pool) {
  const all = (uxids: readonly string[]): readonly LedgerOutput[] =>
    uxids.flatMap((uxid) => chain.outputs.get(uxid) ?? []);
  const open = (output: LedgerOutput): boolean => output.spent === undefined;
  return {
    unspentCount: () => chain.unspents,
    output: (uxid) => chain.outputs.get(uxid),
    unspent: (addresses) =>
      addresses === undefined
        ? Array.from(chain.outputs.values()).filter(open)
        : Array.from(new Set(addresses)).flatMap((address) =>
            all(chain.byAddress.get(address) ?? []).filter(open),
          ),
    history: (address) => all(chain.byAddress.get(address) ?? []),
    outgoing: () =>
      spentBy(
        chain,
        sorted(pool).map(({ tx }) => tx),
      ),
    incoming: () => incomingOutputs(chain, pool),
  } satisfies Partial<Ledger>;
}

function poolOf(chain: Chain, pool: Pool) {
  return {
    pending: (txid) => pool.get(txid),
    pool: () => sorted(pool),
    check: (tx, rules, manner) => checkUser(chain, tx, rules, manner),
    inject(tx, rules, now) {
      const judged = checkUser(chain, tx, rules, { form: "signed", order: "inject" });
      return judged.ok ? accept(put(pool, tx, now, true)) : judged;
    },
    relay(tx, rules, now) {
      const judged = checkForeign(chain, tx, rules);
      return judged.ok ? accept(put(pool, tx, now, judged.value)) : judged;
    },
    forget(txid) {
      pool.delete(txid);
    },
    makeBlock(publisher, now, only) {
      const time = Math.max(Math.floor(now / 1000), chain.head.time + 1);
      return fillBlock(chain, pool, { publisher, time, only });
    },
    refresh: (rules, now) => refreshPool(chain, pool, rules, now),
    dropInvalid: () => dropGone(chain, pool),
    follow: (other) => follow(chain, pool, other),
    snapshot: () => snapshotOf(chain, pool),
  } satisfies Partial<Ledger>;
}

function follow(chain: Chain, pool: Pool, other: Ledger): Result<number, string> {
  const common = Math.min(chain.head.seq, other.head().seq);
  if (other.blockHash(common) !== chain.hashes.get(common))
    return refuse(`block ${common} is another one there`);
  let taken = 0;
  for (let seq = chain.head.seq + 1; seq <= other.head().seq; seq++) {
    const block = other.block(seq);
    if (block === undefined) return refuse(`block ${seq} is forgotten there`);
    const txs = block.txids.flatMap((txid) => {
      const confirmed = other.confirmed(txid);
      return confirmed === undefined ? [] : [readTransaction(confirmed)];
    });
    const adopted = adopt(chain, pool, block, txs);
    if (!adopted.ok) return adopted;
    taken += 1;
  }
  return accept(taken);
}

function snapshotOf(chain: Chain, pool: Pool): Snapshot {
  const kept = copyChain(chain);
  const pending: Pool = new Map(pool);
  return {
    seq: kept.head.seq,
    hash: kept.head.hash,
    open: () => ledgerOf(copyChain(kept), new Map(pending)),
  };
}
