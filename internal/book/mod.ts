/**
 * book: the one room where money changes its state.
 *
 * Every bucket of the store and every transition (bind, see, credit, reverse, decide, sign,
 * settle) as functions over one database transaction; each also appends to `events`.
 * README.md has the promises, the refusals and the states.
 */
export {
  bind,
  type BindDone,
  type BindRefused,
  freeAddresses,
  importAddresses,
  type PoolEntry,
  retireAddresses,
} from "./bind.ts";
export { bookBuckets } from "./buckets.ts";
export {
  advance,
  type ChainReport,
  clearStopped,
  cursorOf,
  headerAt,
  headerBelow,
  knowHeaders,
  markStopped,
  rescanFrom,
  rewind,
  startCursor,
  stoppedCoins,
} from "./chain.ts";
export { decide, dueDeposits, hold } from "./deposits.ts";
export { events } from "./events.ts";
export { openBook } from "./open.ts";
export {
  anchorOf,
  attemptsOf,
  doneSince,
  killPayouts,
  latestPayout,
  payoutByTransaction,
  payoutOf,
  reopenPayouts,
  replacePayout,
  setAnchor,
  settlePayout,
  type SettledPayout,
  type SignedPayout,
  signPayout,
  unconfirmedPayouts,
} from "./payouts.ts";
export {
  addressOfScript,
  boundAddresses,
  depositInfo,
  depositsOfAddress,
  depositsByStatus,
  erroredDeposits,
  oldestUndone,
  poolImport,
  scanAddresses,
  setPoolImport,
  skyStatus,
  watchedScripts,
} from "./queries.ts";
export type * from "./rows.ts";
export { moves, storedStatuses } from "./statuses.ts";
export {
  adoptPayout,
  type Adopted,
  moveAnchor,
  recordRescan,
  releaseDeposit,
  settleByHand,
  type Who,
} from "./settle.ts";
export { pinSkyChain, type SkyChain, setSkyHead, skyChain } from "./sky.ts";
export { checkStamp } from "./stamp.ts";
export { totalsOf } from "./totals.ts";
