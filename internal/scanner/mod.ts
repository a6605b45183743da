/**
 * scanner: follows one coin's chain, block by block, and takes its deposits into the book.
 * One loop for all coins. README.md has the promises, the refusals and the states.
 */
export { type ScannerDeps, type Scanner, scanner } from "./scanner.ts";
export type { ScanState } from "./state.ts";
