import type { Clock } from "#internal/clock";
import { accept, Broken, Fault, refuse, type Result } from "#internal/fault";
import { type Address, addressText, parseAddress } from "./address.ts";
import { type Hash, hexOf } from "./hash.ts";
import type { Ledger, LedgerOutput } from "./ledger_types.ts";
import type { Head, Node, NodeHealth, Outputs, TransactionStatus, Unspent, UxOut } from "./node.ts";
import { decodeTransactionHex, encodeTransaction, type Transaction } from "./transaction.ts";
import { coinHours } from "./uxout.ts";
import type { Rules } from "./validate.ts";

/** MemoryNodeOptions say how an in-process node answers. */
export interface MemoryNodeOptions {
  readonly clock: Clock;
  readonly rules: Rules;
  /** injected is told of each transaction that was taken, also when it was in the pool before. */
  readonly injected?: (txid: Hash, tx: Transaction) => void;
}

/** memoryNode is a `Node` without a network: a ledger in this process, which dummy mode pays into. */
export function memoryNode(ledger: Ledger, options: MemoryNodeOptions): Node {
  return { ...lookUps(ledger, options.rules), ...takes(ledger, options) };
}

function lookUps(ledger: Ledger, rules: Rules) {
  return {
    async health(signal): Promise<NodeHealth> {
      alive("health", signal);
      return {
        coin: "skycoin",
        version: "memory",
        head: headOf(ledger),
        openConnections: 1,
        burnFactor: rules.burnFactor,
        maxTransactionSize: rules.maxSize,
        maxDecimals: rules.maxDecimals,
      };
    },
    async blockHash(seq, signal): Promise<string | undefined> {
      alive("blockHash", signal);
      return ledger.blockHash(seq);
    },
    async outputs(addresses, signal): Promise<Outputs> {
      alive("outputs", signal);
      const outgoing = ledger.outgoing();
      if (!outgoing.ok) throw new Fault("skycoin.outputs", "retry", outgoing.refusal);
      const wanted = addresses.map(readAddress);
      return {
        head: headOf(ledger),
        unspent: ledger.unspent(wanted).map((output) => unspentOf(output, ledger.head().header.time)),
        outgoing: new Set(outgoing.value.map(({ uxid }) => uxid)),
      };
    },
    async uxout(uxid, signal): Promise<UxOut | undefined> {
      alive("uxout", signal);
      const output = ledger.output(uxid);
      if (output === undefined) return undefined;
      const { address, coins, srcTx, spent } = output;
      return { uxid, address: addressText(address), coins, srcTx, spent };
    },
    async transaction(txid, signal): Promise<TransactionStatus | undefined> {
      alive("transaction", signal);
      if (ledger.pending(txid) !== undefined) return { confirmed: false, blockSeq: undefined };
      const confirmed = ledger.confirmed(txid);
      return confirmed === undefined ? undefined : { confirmed: true, blockSeq: confirmed.blockSeq };
    },
    async rawTransaction(txid, signal): Promise<string | undefined> {
      alive("rawTransaction", signal);
      const pending = ledger.pending(txid);
      const raw = pending === undefined ? ledger.confirmed(txid)?.raw : encodeTransaction(pending.tx);
      return raw === undefined ? undefined : hexOf(raw);
    },
  } satisfies Partial<Node>;
}

function takes(ledger: Ledger, { clock, rules, injected }: MemoryNodeOptions) {
  return {
    async verify(unsignedHex, signal): Promise<Result<void, string>> {
      alive("verify", signal);
      const tx = decodeTransactionHex(unsignedHex);
      if (!tx.ok) return tx;
      const judged = ledger.check(tx.value, rules, { form: "unsigned", order: "verify" });
      return judged.ok ? judged : refuse(judged.refusal.text);
    },
    async inject(signedHex, signal): Promise<Result<string, string>> {
      alive("inject", signal);
      const tx = decodeTransactionHex(signedHex);
      if (!tx.ok) return tx;
      const taken = ledger.inject(tx.value, rules, clock.now());
      if (!taken.ok) return refuse(taken.refusal.text);
      injected?.(taken.value, tx.value);
      return accept(taken.value);
    },
  } satisfies Partial<Node>;
}

/** Nothing has happened when a call is given up before it began. */
function alive(call: string, signal: AbortSignal): void {
  if (signal.aborted) throw new Fault(`skycoin.${call}`, "retry", "aborted");
}

function headOf(ledger: Ledger): Head {
  const { seq, hash, time } = ledger.head();
  return { seq, hash, time };
}

function readAddress(text: string): Address {
  const address = parseAddress(text);
  if (!address.ok)
    throw new Fault("skycoin.outputs", "stop", address.refusal, { details: { address: text } });
  return address.value;
}

function unspentOf(output: LedgerOutput, headTime: bigint): Unspent {
  const hours = coinHours(output, headTime);
  if (!hours.ok) throw new Broken(hours.refusal);
  return {
    uxid: output.uxid,
    address: addressText(output.address),
    coins: output.coins,
    hours: hours.value,
    blockSeq: Number(output.blockSeq),
    srcTx: output.srcTx,
  };
}
