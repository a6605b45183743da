import { z } from "zod";
import type { Clock } from "#internal/clock";
import { accept, Fault, invariant, refuse } from "#internal/fault";
import { createHttp, type Http } from "#internal/rpc";
import { blockHash } from "./block.ts";
import { hexOf, nullHash, parseHex, sha } from "./hash.ts";
import type { Head, Node, NodeHealth, Outputs, Unspent } from "./node.ts";
import { type Ask, garbage, read, refusalFault, type Rest, restOver, wordsOf } from "./rest_call.ts";
import {
  blockShape,
  healthShape,
  type headerShape,
  outputsShape,
  transactionShape,
  uxoutShape,
} from "./rest_shapes.ts";
import { decodeTransactionHex, txidOf } from "./transaction.ts";
import { uxidOf } from "./uxout.ts";

/** RestNodeOptions say where a node is. */
export interface RestNodeOptions {
  /** `host:port` or a URL, as in `sky_rpc.address`. */
  readonly address: string;
  readonly clock: Clock;
  /** For a whole call, in milliseconds; 30 seconds if absent. */
  readonly deadlineMs?: number;
  /** Of an answer, in bytes; 32 MiB if absent, which is about 80,000 unspent outputs. */
  readonly maxBytes?: number;
  readonly tls?: { readonly ca?: string };
}

const usualDeadlineMs = 30_000;
const usualMaxBytes = 32 * 1024 * 1024;

/** restNode is the client of a node's REST interface (v0.25 to v0.27). Throws a `Fault` (`stop`) for an address that is none. */
export function restNode(options: RestNodeOptions): Node {
  const { address, clock, tls } = options;
  return nodeOver(
    createHttp({
      base: address.includes("://") ? address : `http://${address}`,
      deadlineMs: options.deadlineMs ?? usualDeadlineMs,
      maxBytes: options.maxBytes ?? usualMaxBytes,
      clock,
      ...(tls === undefined ? {} : { tls }),
    }),
  );
}

/**
 * nodeOver is the client of a node behind this HTTP client. No answer is believed as it stands:
 * block hashes, uxids and txids are computed again from the fields beside them.
 */
export function nodeOver(http: Http): Node {
  const rest = restOver(http);
  return {
    health: (signal) => health(rest, signal),
    blockHash: (seq, signal) => hashOfBlock(rest, seq, signal),
    outputs: (addresses, signal) => outputs(rest, addresses, signal),
    uxout: (uxid, signal) => uxout(rest, uxid, signal),
    transaction: (txid, signal) => transaction(rest, txid, signal),
    rawTransaction: (txid, signal) => rawTransaction(rest, txid, signal),
    verify: (unsignedHex, signal) => verify(rest, unsignedHex, signal),
    inject: (signedHex, signal) => inject(rest, signedHex, signal),
  };
}

type Header = z.infer<typeof headerShape>;

function headOf(ask: Ask, header: Header): Head {
  const hash = blockHash({
    version: header.version,
    time: BigInt(header.timestamp),
    seq: BigInt(header.seq),
    fee: header.fee,
    parent: header.previous_block_hash,
    bodyHash: header.tx_body_hash,
    uxHash: header.ux_hash,
  });
  if (hash !== header.block_hash) throw garbage(ask, `has a block ${header.seq} whose hash is false`);
  return { seq: header.seq, hash, time: header.timestamp };
}

async function health(rest: Rest, signal: AbortSignal): Promise<NodeHealth> {
  const ask = { op: "skycoin.health", path: "/api/v1/health" };
  const told = read(ask, await rest.ask(ask, signal), healthShape);
  const user = told.user_verify_transaction;
  // Two sets of rules: for what users hand in, and for what is kept and passed on. The stricter ones count.
  const pool = told.unconfirmed_verify_transaction ?? user;
  return {
    coin: told.coin,
    version: told.version.version,
    head: headOf(ask, told.blockchain.head),
    openConnections: told.open_connections,
    burnFactor: BigInt(Math.min(user.burn_factor, pool.burn_factor)),
    maxTransactionSize: Math.min(user.max_transaction_size, pool.max_transaction_size),
    maxDecimals: Math.min(user.max_decimals, pool.max_decimals),
  };
}

async function hashOfBlock(rest: Rest, seq: number, signal: AbortSignal): Promise<string | undefined> {
  const ask = { op: "skycoin.blockHash", path: "/api/v1/block", query: { seq: seq.toString() } };
  const answer = await rest.ask(ask, signal);
  if (isNotFound(answer)) return undefined;
  const head = headOf(ask, read(ask, answer, blockShape).header);
  if (head.seq !== seq) throw garbage(ask, `is block ${head.seq}, asked was ${seq}`);
  return head.hash;
}

/** More addresses than this go as a form: a URL has its limits, in nodes and in proxies. */
const mostInQuery = 25;

async function outputs(rest: Rest, addresses: readonly string[], signal: AbortSignal): Promise<Outputs> {
  // A node asked for no address lists every output there is.
  invariant(addresses.length > 0, "skycoin: outputs of no address");
  const place = { op: "skycoin.outputs", path: "/api/v1/outputs" };
  const parameters = { addrs: addresses.join(",") };
  const few = addresses.length <= mostInQuery;
  const ask: Ask = few ? { ...place, query: parameters } : { ...place, body: { form: parameters } };
  const told = read(ask, await rest.ask(ask, signal), outputsShape);
  const asked = new Set(addresses);
  const unspent = told.head_outputs.map((output): Unspent => {
    const { hash, address, coins, src_tx: srcTx } = output;
    const uxid = uxidOf(srcTx, { address: address.address, coins, hours: output.hours });
    if (uxid !== hash) throw garbage(ask, `has an output ${hash} whose hash is false`);
    if (!asked.has(address.text))
      throw garbage(ask, `has an output of ${address.text}, which was not asked for`);
    return {
      uxid,
      address: address.text,
      coins,
      hours: output.calculated_hours,
      blockSeq: output.block_seq,
      srcTx,
    };
  });
  const outgoing = new Set(told.outgoing_outputs.map((output) => output.hash));
  return { head: headOf(ask, told.head), unspent, outgoing };
}

async function uxout(rest: Rest, uxid: string, signal: AbortSignal): ReturnType<Node["uxout"]> {
  const ask = { op: "skycoin.uxout", path: "/api/v1/uxout", query: { uxid } };
  const answer = await rest.ask(ask, signal);
  if (isNotFound(answer)) return undefined;
  if (answer.status === 400 && /^uxout of \S+ does not exist$/.test(wordsOf(answer))) return undefined;
  const told = read(ask, answer, uxoutShape);
  const { coins, src_tx: srcTx, owner_address: owner } = told;
  if (told.uxid !== uxid) throw garbage(ask, `is output ${told.uxid}, asked was ${uxid}`);
  if (uxidOf(srcTx, { address: owner.address, coins, hours: told.hours }) !== uxid) {
    throw garbage(ask, `is an output ${uxid} whose hash is false`);
  }
  const isSpent = told.spent_tx !== nullHash;
  const spent = isSpent ? { txid: told.spent_tx, blockSeq: told.spent_block_seq } : undefined;
  return { uxid, address: owner.text, coins, srcTx, spent };
}

async function transaction(rest: Rest, txid: string, signal: AbortSignal): ReturnType<Node["transaction"]> {
  const ask = { op: "skycoin.transaction", path: "/api/v1/transaction", query: { txid } };
  const answer = await rest.ask(ask, signal);
  if (isNotFound(answer)) return undefined;
  const { status, txn } = read(ask, answer, transactionShape);
  if (txn.txid !== txid) throw garbage(ask, `is transaction ${txn.txid}, asked was ${txid}`);
  if (status.confirmed === status.unconfirmed) throw garbage(ask, "is neither confirmed nor unconfirmed");
  return { confirmed: status.confirmed, blockSeq: status.confirmed ? status.block_seq : undefined };
}

async function rawTransaction(rest: Rest, txid: string, signal: AbortSignal): Promise<string | undefined> {
  const ask = { op: "skycoin.rawTransaction", path: "/api/v1/rawtx", query: { txid } };
  const answer = await rest.ask(ask, signal);
  if (isNotFound(answer)) return undefined;
  const hex = read(ask, answer, z.string());
  const bytes = parseHex(hex);
  if (!bytes.ok || hexOf(sha(bytes.value)) !== txid) throw garbage(ask, `is not transaction ${txid}`);
  return hexOf(bytes.value);
}

async function verify(rest: Rest, unsignedHex: string, signal: AbortSignal): ReturnType<Node["verify"]> {
  const body = { json: { encoded_transaction: unsignedHex, unsigned: true } };
  const ask = { op: "skycoin.verify", path: "/api/v2/transaction/verify", body };
  const answer = await rest.ask(ask, signal);
  if (answer.status === 200) return accept(undefined);
  if (answer.status === 422 || answer.status === 400) return refuse(wordsOf(answer));
  throw refusalFault(ask, answer, "retry");
}

async function inject(rest: Rest, signedHex: string, signal: AbortSignal): ReturnType<Node["inject"]> {
  const ask = {
    op: "skycoin.inject",
    path: "/api/v1/injectTransaction",
    body: { json: { rawtx: signedHex } },
  };
  const ours = decodeTransactionHex(signedHex);
  invariant(ours.ok, "skycoin: bytes to inject are no transaction");
  const txid = txidOf(ours.value);
  const answer = await rest.ask({ ...ask, effect: true }, signal);
  if (answer.status === 400) return refuse(wordsOf(answer));
  // All else that is not plainly "no" may have been carried out: 503 was seen after the broadcast.
  if (answer.status !== 200) throw refusalFault(ask, answer, answer.status === 429 ? "retry" : "ask");
  if (answer.text.trim() === JSON.stringify(txid)) return accept(txid);
  throw new Fault(ask.op, "ask", `${ask.path}: the node answers another txid than ${txid}`, {
    details: { endpoint: ask.path, txid },
  });
}

/** A 404: the node does not know the thing. It says the same where it does not know the endpoint, so this proves nothing. */
function isNotFound(answer: { readonly status: number }): boolean {
  return answer.status === 404;
}
