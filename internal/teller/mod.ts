/**
 * teller: what people ask for: bind, status, health, accounting. It knows the book and the
 * workers' observations, and nothing of HTTP.
 */
export { type TellerDeps, type TellerSettings, teller } from "./teller.ts";
export type * from "./types.ts";
