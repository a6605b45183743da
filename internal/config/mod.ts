/**
 * config: the one file that the operator writes.
 *
 * Promise: one schema says every key, its default and its range; a file is either accepted whole or
 * refused with all its problems at once, each with key, line and what is allowed. A configuration
 * can not be changed, and its secrets show as `[secret]` wherever they are printed.
 */
export { describe } from "./describe.ts";
export { databasePath, existsOnDisk, type FindInput, findConfig } from "./find.ts";
export type { HostPort, NodeAddress } from "./hostport.ts";
export { isLoopback } from "./hostport.ts";
export { type Loaded, type LoadInput, loadConfig } from "./load.ts";
export type { RateSetting, VolumeSetting } from "./money_kinds.ts";
export { type ConfigProblem, problemLine } from "./problem.ts";
export type { Exists } from "./rules.ts";
export { Secret } from "./secret.ts";
export type * from "./types.ts";
