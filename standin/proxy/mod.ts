/**
 * proxy: stands between teller and one of its nodes, and spoils what it is told to spoil.
 *
 * Promise: loopback only, one free port for its whole life; without a fault every answer is the node's own; a
 * fault meets exactly the requests that it names, and `heal` ends all of them at once.
 */
export { type Dice, dice } from "./dice.ts";
export { type Deed, type Fault, first, onCall, onPath, random } from "./faults.ts";
export { callsOf, changeResults, type RpcItem, type RpcQuestion } from "./jsonrpc.ts";
export type { Answer, Question } from "./message.ts";
export { type Pair, type NodeProxy, type NodeProxyOptions, startProxy } from "./proxy.ts";
