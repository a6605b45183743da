/**
 * btcd: a real btcd node on a private simnet chain, for tests: installed, started, stopped, killed and driven.
 *
 * Promise: loopback only, free ports, everything inside one data folder; blocks, payments and
 * reorganisations happen only when they are asked for.
 */
export { type MadeBlock, makeBlock, submitBlocks, type Tip, tipOf } from "./blocks.ts";
export { type InstallOptions, installBtcd } from "./install.ts";
export { type AddressKind, addressKinds, type Key, keyOf, simnet } from "./keys.ts";
export { type LegacyCoin, malleate, spendLegacy } from "./legacy.ts";
export { type Btcd, type BtcdOptions, startBtcd } from "./node.ts";
export { copyBlocks, type ReorgKind, type ReorgOptions, reorganise } from "./reorg.ts";
export { type Paid, type Payment, type Wallet, wallet } from "./wallet.ts";
