/**
 * bitcoin: addresses, blocks and one client of a Bitcoin node.
 *
 * Promise: a pool address is refused with the exact reason, or has one script; a block counts only
 * when its header has the asked hash, its merkle root covers every transaction and every byte is
 * accounted for; amounts are exact satoshi; what pays a watched script is found with its real index.
 * Refused: addresses of another network, witness versions without rules, truncated or padded blocks.
 * No keys, no database, no mempool.
 */
export { type Address, checkAddress } from "./address.ts";
export { type NetworkName, networkNames } from "./networks.ts";
export { type ScriptSet, type ScriptSetOptions, scriptSet } from "./scriptset.ts";
export { type BitcoinOptions, bitcoinSource } from "./source.ts";
