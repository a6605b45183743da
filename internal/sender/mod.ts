/**
 * sender: pays what is due from the hot wallet, each deposit at most once.
 * README.md has the promises, the refusals and the states.
 */
export {
  checkNode,
  type LedgerView,
  type Sender,
  type SenderDeps,
  type SenderState,
  sender,
} from "./sender.ts";
