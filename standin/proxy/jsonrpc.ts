import type { Answer, Question } from "./message.ts";

/** RpcQuestion is one call of a request. */
export interface RpcQuestion {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** RpcItem is the answer to one call. */
export interface RpcItem {
  readonly id: unknown;
  readonly result: unknown;
  readonly error: unknown;
}

/** callsOf gives the JSON-RPC calls of a request, or none where it has none. */
export function callsOf({ body }: Question): readonly RpcQuestion[] {
  return listOf(body).flatMap((item) => {
    const { id, method, params } = item;
    return typeof method === "string" ? [{ id, method, params: Array.isArray(params) ? params : [] }] : [];
  });
}

/** changeResults makes, of a change to the answers of single calls, one of a whole answer; undefined leaves an answer out of its batch. */
export function changeResults(
  change: (call: RpcQuestion, item: RpcItem) => RpcItem | undefined,
): (answer: Answer, question: Question) => Answer {
  return (answer, question) => {
    const calls = new Map(callsOf(question).map((call) => [call.id, call]));
    const changed = listOf(answer.text).map(({ id, result, error }): RpcItem | undefined => {
      const call = calls.get(id);
      return call === undefined ? { id, result, error } : change(call, { id, result, error });
    });
    const kept = changed.filter((item) => item !== undefined);
    const batch = answer.text.trimStart().startsWith("[");
    return { ...answer, text: JSON.stringify(batch ? kept : kept[0]) };
  };
}

/** listOf reads JSON-RPC objects, a single one or a batch. */
function listOf(text: string): readonly Item[] {
  try {
    const value: unknown = JSON.parse(text);
    return (Array.isArray(value) ? value : [value]).filter(isObject);
  } catch {
    return [];
  }
}

interface Item {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

function isObject(value: unknown): value is Item {
  return typeof value === "object" && value !== null;
}
