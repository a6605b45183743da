import { type Fate, Fault, type FaultDetails } from "#internal/fault";
import { parse as parseExact, stringify } from "#internal/json";
import type { Http, HttpAnswer } from "./http.ts";

/** RpcError is the error object of a server: it understood the request and refused it. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
}

/** RpcAnswer is the answer to one call of a batch. */
export type RpcAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly refusal: RpcError };

/** RpcCall is one method with its parameters. */
export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** RpcCallOptions are those of one HTTP request. */
export interface RpcCallOptions {
  /** Place and action, for errors. Without it: the prefix of the client and the method. */
  readonly op?: string;
  /** effect is true when the call may change something at the server. Without it: false. */
  readonly effect?: boolean;
  readonly deadlineMs?: number;
  readonly maxBytes?: number;
}

/** JsonRpcOptions describe a server's dialect. */
export interface JsonRpcOptions {
  /** The first part of `op` in errors: `bitcoin`. */
  readonly name: string;
  readonly path?: string;
  /** `Authorization` and the like, see `basicAuth`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What `jsonrpc` says in requests. Without it: "2.0". */
  readonly version?: "1.0" | "2.0";
  /** How answers are read. Without it: with every digit kept (`#internal/json`). `JSON.parse` is quicker where no amount can come. */
  readonly parse?: (text: string) => unknown;
}

/** JsonRpc is a client of one JSON-RPC server (1.0 and 2.0, over HTTP POST). */
export interface JsonRpc {
  readonly host: string;
  /**
   * call gives the result of one method. Throws a `Fault` as `Http.request` does, and: `stop` for a wrong
   * password (401), `retry` for 503 and for whatever is no complete answer with our id (`ask` if the call has
   * an effect). An error of the server is a `Fault` too (`retry`, or `ask` with an effect): see `rpcErrorOf`.
   */
  call(call: RpcCall, signal: AbortSignal, options?: RpcCallOptions): Promise<unknown>;
  /** batch makes all calls in one request; the answers come in the order of the calls, each with its own refusal. */
  batch(
    calls: readonly RpcCall[],
    signal: AbortSignal,
    options?: RpcCallOptions,
  ): Promise<readonly RpcAnswer[]>;
}

/** rpcErrorOf gives the server's own error if that is why a call failed. */
export function rpcErrorOf(error: unknown): RpcError | undefined {
  if (!(error instanceof Fault)) return undefined;
  const { code, message } = error.details;
  return typeof code === "number" && typeof message === "string" ? { code, message } : undefined;
}

/** jsonRpc gives a client that speaks JSON-RPC over `http`. */
export function jsonRpc(http: Http, options: JsonRpcOptions): JsonRpc {
  let lastId = 0;
  const parse = options.parse ?? parseExact;
  const version = options.version ?? "2.0";

  async function post(
    body: unknown,
    context: Context,
    signal: AbortSignal,
    more: RpcCallOptions,
  ): Promise<unknown> {
    const answer = await http.request(
      {
        op: context.op,
        method: "POST",
        path: options.path ?? "/",
        body: stringify(body),
        headers: { "content-type": "application/json", ...options.headers },
        effect: context.effect,
        ...(more.deadlineMs === undefined ? {} : { deadlineMs: more.deadlineMs }),
        ...(more.maxBytes === undefined ? {} : { maxBytes: more.maxBytes }),
      },
      signal,
    );
    return readAnswer(answer, parse, context);
  }
  const requestOf = (call: RpcCall) => ({
    jsonrpc: version,
    id: ++lastId,
    method: call.method,
    params: call.params,
  });

  return {
    host: http.host,
    async call(call, signal, more = {}) {
      const context = contextOf(http.host, more, `${options.name}.${call.method}`);
      const request = requestOf(call);
      const answer = itemOf(await post(request, context, signal, more), context);
      if (!answer.answer.ok) throw refused(context, answer.answer.refusal);
      if (answer.id !== request.id) throw unusable(context, "the answer has another id than the request");
      return answer.answer.value;
    },
    async batch(calls, signal, more = {}) {
      if (calls.length === 0) return [];
      const context = contextOf(http.host, more, `${options.name}.${calls[0]?.method ?? "batch"}`);
      const requests = calls.map(requestOf);
      const answers = await post(requests, context, signal, more);
      return inOrder(
        answers,
        requests.map((request) => request.id),
        context,
      );
    },
  };
}

interface Context {
  readonly op: string;
  readonly host: string;
  readonly effect: boolean;
}

function contextOf(host: string, more: RpcCallOptions, op: string): Context {
  return { host, op: more.op ?? op, effect: more.effect ?? false };
}

interface Why {
  readonly details?: FaultDetails;
  readonly cause?: unknown;
}

function fault(context: Context, fate: Fate, message: string, why: Why): Fault {
  return new Fault(context.op, fate, `${context.host}: ${message}`, {
    cause: why.cause,
    details: { host: context.host, ...why.details },
  });
}

/** unusable is the fault of an answer that does not tell what happened. */
function unusable(context: Context, message: string, why: Why = {}): Fault {
  return fault(context, context.effect ? "ask" : "retry", message, why);
}

function refused(context: Context, error: RpcError): Fault {
  const { code, message } = error;
  return unusable(context, `error ${code}: ${oneLine(message)}`, { details: { code, message } });
}

/** readAnswer gives the JSON of an answer. Only a whole JSON text proves that the answer is whole: btcd sends no length. */
function readAnswer(
  { status, text }: HttpAnswer,
  parse: (text: string) => unknown,
  context: Context,
): unknown {
  const details = { status };
  if (status === 401) throw fault(context, "stop", "it refuses our user and password (401)", { details });
  if (status === 403) throw fault(context, "stop", "it does not allow this client (403)", { details });
  if (status === 429) throw unusable(context, "it says that we ask too often (429)", { details });
  if (status === 503) throw unusable(context, `it is too busy (503: ${oneLine(text)})`, { details });
  if (text.trimStart() === "") throw unusable(context, `an empty answer (status ${status})`, { details });
  try {
    return parse(text);
  } catch (cause) {
    throw unusable(context, notJson(status, text), { details, cause });
  }
}

function notJson(status: number, text: string): string {
  const start = text.trimStart();
  if (start.startsWith("{") || start.startsWith("["))
    return `the answer is cut off after ${text.length} characters (status ${status})`;
  const kind = /^<(?:!doctype|html|\?xml|head|body)/i.test(start) ? "HTML" : "text";
  return `it answered ${kind} instead of JSON (status ${status}): ${oneLine(text)}; is this address a JSON-RPC server?`;
}

function itemOf(value: unknown, context: Context): { readonly id: unknown; readonly answer: RpcAnswer } {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw unusable(context, "the answer is no JSON-RPC object");
  const item: { id?: unknown; result?: unknown; error?: unknown } = value;
  if (item.error !== undefined && item.error !== null)
    return { id: item.id, answer: { ok: false, refusal: errorOf(item.error) } };
  if (!("result" in item)) throw unusable(context, "the answer has neither a result nor an error");
  return { id: item.id, answer: { ok: true, value: item.result } };
}

/** A server's words go into errors and health; more of them than this say nothing more. */
const longestMessage = 500;

function errorOf(value: unknown): RpcError {
  const error: { code?: unknown; message?: unknown } =
    typeof value === "object" && value !== null ? value : { message: value };
  const message = typeof error.message === "string" ? error.message.slice(0, longestMessage) : "no message";
  return { code: typeof error.code === "number" ? error.code : 0, message };
}

function inOrder(answers: unknown, ids: readonly number[], context: Context): readonly RpcAnswer[] {
  if (!Array.isArray(answers)) {
    const single = itemOf(answers, context).answer;
    throw single.ok ? unusable(context, "one answer to a batch of calls") : refused(context, single.refusal);
  }
  if (answers.length !== ids.length)
    throw unusable(context, `it answered ${answers.length} of ${ids.length} calls of one request`);
  const byId = new Map<unknown, RpcAnswer>();
  for (const value of answers) {
    const { id, answer } = itemOf(value, context);
    byId.set(id, answer);
  }
  return ids.map((id) => {
    const answer = byId.get(id);
    if (answer === undefined)
      throw unusable(context, "an answer of the batch has another id than its request");
    return answer;
  });
}

/** oneLine cuts a server's text to a length that suits an error. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
