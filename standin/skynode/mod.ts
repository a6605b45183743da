/**
 * skynode: a stand-in for a Skycoin node (v0.27.1) on the private chain of the tests.
 *
 * Promise: a real ledger with the node's rules behind its REST interface, in the shapes and
 * words of recorded answers; and whatever can go wrong with a node, on command. See README.md.
 */
export { firstKeyOf, firstSpend, keysOf, privateGenesis, type Role, roles, type TestKey } from "./chain.ts";
export { commandPath, help } from "./control.ts";
export {
  type Armed,
  type Deed,
  type FaultName,
  type Faults,
  faultTable,
  isFaultName,
  type NodeFault,
} from "./faults.ts";
export { type Skynode, type SkynodeOptions, startSkynode } from "./skynode.ts";
export { buildPayment, type Payment } from "./wallet.ts";
export type { World, WorldOptions } from "./world.ts";
