import type { Reader, Tx } from "#internal/db";
import { skyNotes } from "./buckets.ts";

/** SkyChain is what the store knows of the chain on which it pays. */
export interface SkyChain {
  /** Hash of block 0: all coins of this family share one address form, so only this tells them apart. */
  readonly genesis: string | undefined;
  /** Decimal places that the node allows; undefined before it was met. */
  readonly decimals: number | undefined;
  /** The newest head with which something was built or settled. */
  readonly head: { readonly seq: number; readonly hash: string } | undefined;
}

/** skyChain gives what the store knows of the Skycoin chain. */
export function skyChain(reader: Reader): SkyChain {
  const decimals = reader.get(skyNotes, "sky_decimals");
  const [seq, hash] = reader.get(skyNotes, "sky_head")?.split(":") ?? [];
  return {
    genesis: reader.get(skyNotes, "sky_genesis"),
    decimals: decimals === undefined ? undefined : Number(decimals),
    head: seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash },
  };
}

/** pinSkyChain stores the genesis hash at the first meeting, and the node's decimals whenever they change. */
export function pinSkyChain(tx: Tx, chain: { genesis: string; decimals: number }): void {
  if (!tx.has(skyNotes, "sky_genesis")) tx.put(skyNotes, "sky_genesis", chain.genesis);
  tx.put(skyNotes, "sky_decimals", chain.decimals.toString());
}

/** setSkyHead stores the head with which something was built or settled; a lower one is not taken. */
export function setSkyHead(tx: Tx, head: { seq: number; hash: string }): void {
  const known = skyChain(tx).head;
  if (known === undefined || head.seq >= known.seq) tx.put(skyNotes, "sky_head", `${head.seq}:${head.hash}`);
}
