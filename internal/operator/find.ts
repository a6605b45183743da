import type { Anchor, Attempt } from "#internal/book";
import { type Clock, unixSeconds } from "#internal/clock";
import { accept, refuse, type Result } from "#internal/fault";
import { type Droplet, droplet } from "#internal/money";
import {
  addressText,
  decodeTransactionHex,
  type Node,
  nullHash,
  outputIds,
  precisionUnit,
  reallySpends,
  type Transaction,
  type Unspent,
  type UxOut,
} from "#internal/skycoin";

/** Paying is what a transaction pays to an address that is not the wallet's. */
export interface Paying {
  readonly txid: string;
  readonly address: string;
  readonly coins: Droplet;
}

/** Found is a confirmed transaction that spends our anchor. */
export interface Found {
  readonly anchor: string;
  readonly attempt: Omit<Attempt, "change">;
  readonly block: { readonly seq: number; readonly hash: string };
  readonly paying: readonly Paying[];
  /** Its largest output to the wallet; undefined when there is none. */
  readonly change: Omit<Anchor, "payout"> | undefined;
  /** The wallet's largest output that a payout can spend now. */
  readonly largest: Omit<Anchor, "payout"> | undefined;
  /** What the wallet paid since, as far back as its outputs of today show: without change, no anchor leads there. */
  readonly later: readonly Paying[];
}

interface Asking {
  readonly node: Node;
  readonly walletAddresses: readonly string[];
  readonly clock: Clock;
}

/** As deep as the proof that a payout is dead: shallower, the chain may still change its mind. */
const proofDepth = 3;

const pendingText = "a transaction from the wallet is not confirmed yet";

type Claim = { readonly txid: string; readonly anchor: string };

/** findSpender proves that this transaction spends the anchor, and reads what it pays. Refused with what is seen instead. */
export async function findSpender(
  deps: Asking,
  claim: Claim,
  signal: AbortSignal,
): Promise<Result<Found, string>> {
  const { node, walletAddresses } = deps;
  const { txid, anchor } = claim;
  const { head, maxDecimals } = await node.health(signal);
  const output = await node.uxout(anchor, signal);
  if (output === undefined) return refuse(`the node does not know the anchor ${anchor}`);
  const { spent } = output;
  if (spent === undefined) return refuse(`the anchor ${anchor} is not spent: there is nothing to settle`);
  if (spent.txid !== txid) return refuse(`the anchor ${anchor} was spent by ${spent.txid}, not by ${txid}`);
  const shallow = tooShallow(txid, head.seq - spent.blockSeq + 1);
  if (shallow !== undefined) return refuse(shallow);
  const raw = await node.rawTransaction(txid, signal);
  const block = await node.blockHash(spent.blockSeq, signal);
  if (raw === undefined || block === undefined) return refuse(`the node does not give ${txid} or its block`);
  if (!reallySpends(raw, txid, { uxid: anchor, owner: output.address })) {
    return refuse(`what the node gives as ${txid} does not spend the anchor with our key's signature`);
  }
  const decoded = decodeTransactionHex(raw);
  if (!decoded.ok) return decoded;
  const change = changeOf(decoded.value, walletAddresses);
  const listed = await node.outputs(walletAddresses, signal);
  // Without change the next anchor is another output, and what is about to be paid does not lead there.
  if (change === undefined && listed.outgoing.size > 0) return refuse(pendingText);
  const unspent = listed.unspent.filter((one) => !listed.outgoing.has(one.uxid));
  const later =
    change === undefined ? await paidSince(deps, listed.unspent, spent.blockSeq, signal) : accept([]);
  if (!later.ok) return later;
  return accept({
    anchor,
    attempt: attemptOf(deps, { txid, raw, tx: decoded.value, head }),
    block: { seq: spent.blockSeq, hash: block },
    paying: payingOf(txid, decoded.value, walletAddresses),
    change,
    largest: largestOf(unspent.filter(({ coins }) => coins % precisionUnit(maxDecimals) === 0n)),
    later: later.value,
  });
}

/** notDeep says why a transaction does not count yet; undefined when it is deep enough. The head is asked for first. */
async function notDeep(
  node: Node,
  txid: string,
  head: { readonly seq: number },
  signal: AbortSignal,
): Promise<string | undefined> {
  const status = await node.transaction(txid, signal);
  if (status?.blockSeq === undefined) return `the node has no confirmed transaction ${txid}`;
  return tooShallow(txid, head.seq - status.blockSeq + 1);
}

function tooShallow(txid: string, depth: number): string | undefined {
  return depth < proofDepth ? `${txid} is ${depth} blocks deep; wait until it is ${proofDepth}` : undefined;
}

/** More transactions than this between a spent anchor and the wallet of today are not read. */
const mostRead = 1000;

/**
 * paidSince gives what the wallet paid after this block: it walks back from the wallet's outputs to every
 * transaction that spent from it.
 */
async function paidSince(
  deps: Asking,
  outputs: readonly Unspent[],
  after: number,
  signal: AbortSignal,
): Promise<Result<Paying[], string>> {
  const { node, walletAddresses } = deps;
  const paid: Paying[] = [];
  const queue = outputs.filter(({ blockSeq }) => blockSeq > after).map(({ srcTx }) => srcTx);
  const read = new Set<string>();
  for (let txid = queue.pop(); txid !== undefined; txid = queue.pop()) {
    if (read.has(txid)) continue;
    read.add(txid);
    if (read.size > mostRead) return refuse(`the wallet has spent more than ${mostRead} times since`);
    const status = await node.transaction(txid, signal);
    if (status?.blockSeq !== undefined && status.blockSeq <= after) continue;
    const raw = await node.rawTransaction(txid, signal);
    const decoded = raw === undefined ? refuse(`the node does not give ${txid}`) : decodeTransactionHex(raw);
    if (!decoded.ok) return decoded;
    const inputs = await spentBy(node, decoded.value, signal);
    if (!inputs.ok) return inputs;
    const own = inputs.value.filter(({ address }) => walletAddresses.includes(address));
    if (own.length > 0) paid.push(...payingOf(txid, decoded.value, walletAddresses));
    queue.push(...own.map(({ srcTx }) => srcTx).filter((src) => src !== nullHash));
  }
  return accept(paid);
}

/** spentBy looks up what a transaction spends. An output that the node does not know may be the wallet's. */
async function spentBy(node: Node, tx: Transaction, signal: AbortSignal): Promise<Result<UxOut[], string>> {
  const outputs: UxOut[] = [];
  for (const uxid of tx.inputs) {
    const output = await node.uxout(uxid, signal);
    if (output === undefined) return refuse(`the node does not know output ${uxid}, which is spent`);
    outputs.push(output);
  }
  return accept(outputs);
}

function attemptOf(
  deps: Asking,
  seen: { txid: string; raw: string; tx: Transaction; head: { seq: number; hash: string } },
): Omit<Attempt, "change"> {
  const { txid, raw, tx, head } = seen;
  const built_on = { seq: head.seq, hash: head.hash };
  return { txid, raw, inputs: tx.inputs, fee: 0n, signed_at: unixSeconds(deps.clock), built_on };
}

function payingOf(txid: string, tx: Transaction, wallet: readonly string[]): Paying[] {
  const paid = tx.outputs.map(({ address, coins }) => ({ txid, address: addressText(address), coins }));
  return paid.filter(({ address }) => !wallet.includes(address));
}

type Spendable = { readonly uxid: string; readonly address: string; readonly coins: Droplet };

function largestOf(outputs: readonly Spendable[]): Omit<Anchor, "payout"> | undefined {
  const [largest] = outputs.toSorted((a, b) =>
    a.coins === b.coins ? (a.uxid < b.uxid ? -1 : 1) : a.coins < b.coins ? 1 : -1,
  );
  return largest === undefined
    ? undefined
    : { uxid: largest.uxid, address: largest.address, coins: largest.coins };
}

function changeOf(tx: Transaction, wallet: readonly string[]): Omit<Anchor, "payout"> | undefined {
  const uxids = outputIds(tx);
  const own = tx.outputs.flatMap(({ address, coins }, i) => {
    const text = addressText(address);
    const uxid = uxids[i];
    return uxid !== undefined && wallet.includes(text) ? [{ uxid, address: text, coins }] : [];
  });
  return largestOf(own);
}

/** paidTo gives the droplets that a transaction pays to an address. Refused until it is as deep as a proof. */
export async function paidTo(
  { node }: Asking,
  claim: { txid: string; address: string },
  signal: AbortSignal,
): Promise<Result<Droplet, string>> {
  const { head } = await node.health(signal);
  const shallow = await notDeep(node, claim.txid, head, signal);
  if (shallow !== undefined) return refuse(shallow);
  const raw = await node.rawTransaction(claim.txid, signal);
  const decoded =
    raw === undefined ? refuse(`the node does not give ${claim.txid}`) : decodeTransactionHex(raw);
  if (!decoded.ok) return decoded;
  const own = decoded.value.outputs.filter(({ address }) => addressText(address) === claim.address);
  return accept(droplet(own.reduce((sum, { coins }) => sum + coins, 0n)));
}
