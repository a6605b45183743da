/**
 * mutation: real data, spoiled, for tests that throw it at whoever reads such data.
 *
 * Promise: what is made follows from fast-check's seed alone and shrinks to few edits; `FUZZ_MS` makes every
 * test that asks `budget` go on for so many milliseconds in place of its usual time.
 */
export { type Budget, budget } from "./budget.ts";
export { mutatedBytes, mutatedText } from "./text.ts";
export { mutatedJson } from "./json.ts";
