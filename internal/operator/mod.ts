/**
 * operator: what only a person may decide: which unknown transaction is ours, which deposit was paid by
 * other means, where to scan again.
 *
 * Promise: each command looks at both ledgers first, changes the store in one transaction that checks
 * again, and writes who did it and why to the log and to the events. Refuses whatever could let a
 * deposit be paid twice.
 */
export type { Operator, OperatorDeps } from "./deps.ts";
export { operator } from "./operator.ts";
