import {
  anchorOf,
  doneSince,
  latestPayout,
  pinSkyChain,
  reopenPayouts,
  setSkyHead,
  skyChain,
  unconfirmedPayouts,
} from "#internal/book";
import { unixSeconds } from "#internal/clock";
import { Fault } from "#internal/fault";
import type { Head, Node } from "#internal/skycoin";
import type { Held, Meeting, SenderDeps } from "./deps.ts";

const op = "sender.meet";

/**
 * meet asks the node how it is and makes sure that it is on the chain of the store. The genesis hash
 * is pinned at the first meeting. Throws a `Fault`: `stop` for another chain, `retry` when the node
 * cannot be asked.
 */
export async function meet(deps: SenderDeps, signal: AbortSignal): Promise<Meeting> {
  const { node, store } = deps;
  const health = await node.health(signal);
  const known = store.read(skyChain);
  const genesis = await node.blockHash(0, signal);
  if (genesis === undefined) throw new Fault(op, "retry", "the Skycoin node has no block 0");
  if (known.genesis !== undefined && known.genesis !== genesis) {
    const message = `the Skycoin node is on another chain: its genesis is ${genesis}, the store was made for ${known.genesis}`;
    throw new Fault(op, "stop", message);
  }
  if (known.genesis === undefined || known.decimals !== health.maxDecimals) {
    await store.write((tx) => pinSkyChain(tx, { genesis, decimals: health.maxDecimals }));
  }
  return { health, head: health.head, behind: false, signal };
}

/** stands tells whether a block is still on the node's chain. A block that the node does not give, and must have, proves nothing. */
async function stands(node: Node, block: { seq: number; hash: string }, meeting: Meeting): Promise<boolean> {
  const { head, signal } = meeting;
  const hash = await node.blockHash(block.seq, signal);
  if (hash === undefined && block.seq <= head.seq) {
    const message = `the Skycoin node is at block ${head.seq} and does not give block ${block.seq}`;
    throw new Fault(op, "retry", message);
  }
  return hash === block.hash;
}

/**
 * compareHeads holds payouts while the node knows less than the store has seen, or something else;
 * confirmations whose block is gone are taken back (`money-path` rule 6).
 */
export async function compareHeads(deps: SenderDeps, meeting: Meeting): Promise<Held | undefined> {
  const { store, node } = deps;
  const known = store.read(skyChain).head;
  if (known === undefined) return undefined;
  const { head } = meeting;
  if (head.seq < known.seq) {
    const reason = `the Skycoin node is at block ${head.seq}, the store has seen block ${known.seq}: it is behind, or an older copy`;
    return { reason, passing: true };
  }
  if (await stands(node, known, meeting)) return undefined;
  await takeBack(deps, meeting);
  return follow(deps, meeting, head);
}

/** takeBack finds the oldest payout whose block is gone and takes back its confirmation and all later ones. */
async function takeBack(deps: SenderDeps, meeting: Meeting): Promise<void> {
  const { store, node, log } = deps;
  const looked = 200;
  const newest = store.read(latestPayout)?.seq ?? 0;
  let oldest: number | undefined;
  search: for (let upTo = newest; upTo > 0; upTo -= looked) {
    for (const payout of store.read((reader) => doneSince(reader, looked, upTo))) {
      if (payout.block === undefined || (await stands(node, payout.block, meeting))) break search;
      oldest = payout.seq;
    }
  }
  if (oldest === undefined) return;
  const from = oldest;
  await store.write((tx) => reopenPayouts(tx, from, unixSeconds(deps.clock)));
  log.watch("blocks with payouts are gone from the chain: their confirmations are taken back", {
    from_payout: from,
  });
}

/**
 * follow takes the node's head as known once nothing is open on it and the anchor stands there: the
 * chain of anchors proves that the store knows all that was paid on this branch.
 */
async function follow(deps: SenderDeps, meeting: Meeting, head: Head): Promise<Held | undefined> {
  const { store, node, log } = deps;
  const reason = "the Skycoin node has another block at a height that the store has seen";
  const open = store.read((reader) => unconfirmedPayouts(reader, 1));
  const anchor = store.read(anchorOf);
  const there = anchor === undefined ? undefined : await node.uxout(anchor.uxid, meeting.signal);
  if (open.length > 0 || (anchor !== undefined && there === undefined)) return { reason, passing: false };
  await store.write((tx) => setSkyHead(tx, head));
  log.watch(`${reason}; nothing of ours is missing on its branch, which is followed from now on`, {
    head: head.seq,
  });
  return undefined;
}
