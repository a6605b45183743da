import { callsOf } from "./jsonrpc.ts";
import type { Dice } from "./dice.ts";
import type { Answer, Question } from "./message.ts";

/** Deed is what a fault does to a request. */
export type Deed =
  /** The node is not asked; this is the answer. */
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The node has done what it was asked to; its answer is changed. */
  | { readonly kind: "change"; readonly change: (answer: Answer, question: Question) => Answer }
  /** No byte of an answer: the connection ends in good order or is reset, before or after the node was asked. */
  | { readonly kind: "cut"; readonly when: "before" | "after"; readonly how: "end" | "reset" }
  /** Half of the node's answer, then the end, or nothing any more. */
  | { readonly kind: "half"; readonly then: "end" | "hang" }
  /** The node is not asked, and nothing comes back. */
  | { readonly kind: "hang" }
  /** The node's answer comes so much later. */
  | { readonly kind: "slow"; readonly ms: number }
  /** The node's answer, followed by spaces up to this size: valid JSON that is too long. */
  | { readonly kind: "large"; readonly bytes: number }
  /** These bytes, which need not be HTTP at all. */
  | { readonly kind: "raw"; readonly text: string };

/** Fault says what happens to a request, or gives undefined to let it by. */
export type Fault = (question: Question) => Deed | undefined;

/** onCall meets the requests with a call of one of these JSON-RPC methods; without any, all of them. */
export function onCall(deed: Deed, ...methods: readonly string[]): Fault {
  if (methods.length === 0) return () => deed;
  return (question) => (callsOf(question).some(({ method }) => methods.includes(method)) ? deed : undefined);
}

/** onPath meets the requests whose path is one of these, whatever their query; without any, all of them. */
export function onPath(deed: Deed, ...paths: readonly string[]): Fault {
  if (paths.length === 0) return () => deed;
  return ({ target }) => (paths.includes(target.split("?")[0] ?? "") ? deed : undefined);
}

/** first lets a fault meet only the first requests that it fits. */
export function first(times: number, fault: Fault): Fault {
  let left = times;
  return (question) => {
    if (left === 0) return undefined;
    const deed = fault(question);
    if (deed !== undefined) left -= 1;
    return deed;
  };
}

/** random lets one of these faults meet so large a share of the requests, chosen by the dice. */
export function random(chosen: Dice, share: number, faults: readonly Fault[]): Fault {
  return (question) => (chosen.chance(share) ? faults[chosen.below(faults.length)]?.(question) : undefined);
}
