/**
 * addrs: the pools of deposit addresses: reads pool files, checks each address, and keeps the set of
 * scripts that the scanner matches.
 *
 * Promise: a file is imported whole or not at all as far as anybody is told; an address that was ever
 * given out is never free again, whatever the files say; a file that did not change costs one read.
 * Refuses a file with an address that is not valid on the network, or twice in it, and names the line.
 */
export { parsePool, type PoolLine } from "./file.ts";
export { type AddressCheck, importPool, type PoolFile, type PoolImport } from "./import.ts";
export { loadWatch, type Pool, watchNew } from "./watch.ts";
