/**
 * rpc: one HTTP and JSON-RPC client for all nodes.
 *
 * Promise: every call has a deadline and a limit on the size of its answer; an answer is
 * complete JSON with the id that was asked, or a `Fault` that says what may be done; a call
 * that may have had an effect is never sent again by itself. Redirects are not followed.
 * User and password never reach an error.
 */
export {
  basicAuth,
  createHttp,
  type Http,
  type HttpAnswer,
  type HttpOptions,
  type HttpRequest,
} from "./http.ts";
export {
  type JsonRpc,
  type JsonRpcOptions,
  jsonRpc,
  type RpcAnswer,
  type RpcCall,
  type RpcCallOptions,
  type RpcError,
  rpcErrorOf,
} from "./jsonrpc.ts";
export { type LostWhy, lostWhy } from "./reasons.ts";
