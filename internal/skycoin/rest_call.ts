import { z } from "zod";
import { Fault } from "#internal/fault";
import { parse, stringify } from "#internal/json";
import type { Http, HttpAnswer } from "#internal/rpc";

/** Ask is one question to a node's REST interface. */
export interface Ask {
  /** Place and action, for errors: `skycoin.outputs`. */
  readonly op: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** A body makes it a POST, as JSON or as a form. */
  readonly body?: { readonly json: unknown } | { readonly form: Readonly<Record<string, string>> };
  /** True only for what may change something: an answer that is lost then has fate `ask`. */
  readonly effect?: boolean;
}

/** Rest asks a node and gives whatever status and text it answers with; a POST carries a CSRF token. */
export interface Rest {
  ask(ask: Ask, signal: AbortSignal): Promise<HttpAnswer>;
}

const csrfPath = "/api/v1/csrf";
const csrfShape = z.object({ csrf_token: z.string().min(1).max(4096) });
/** The texts after which a fresh token helps. Source: `spec/skycoin.md` §14.1. */
const csrfRefusal = /csrf token/i;

/**
 * restOver asks through this HTTP client. Before each POST a token is fetched: it lives for
 * seconds only, and older nodes void the one before with each new one. A node that refuses the
 * token has not looked at the rest, so one more try with another token is safe.
 */
export function restOver(http: Http): Rest {
  const send = (ask: Ask, token: string | undefined, signal: AbortSignal): Promise<HttpAnswer> => {
    const { op, body } = ask;
    const query = ask.query === undefined ? "" : `?${new URLSearchParams(ask.query)}`;
    const path = ask.path + query;
    if (body === undefined) return http.request({ op, method: "GET", path, effect: false }, signal);
    const [type, text] =
      "json" in body
        ? ["application/json", stringify(body.json)]
        : ["application/x-www-form-urlencoded", new URLSearchParams(body.form).toString()];
    const headers = { "Content-Type": type, ...(token === undefined ? {} : { "X-CSRF-Token": token }) };
    return http.request(
      { op, method: "POST", path, body: text, headers, effect: ask.effect ?? false },
      signal,
    );
  };

  const freshToken = async (op: string, signal: AbortSignal): Promise<string | undefined> => {
    const answer = await send({ op, path: csrfPath }, undefined, signal);
    // No such endpoint: the node's operator has switched the check off.
    if (answer.status === 404) return undefined;
    return read({ op, path: csrfPath }, answer, csrfShape).csrf_token;
  };

  return {
    async ask(ask, signal) {
      if (ask.body === undefined) return send(ask, undefined, signal);
      for (let last = false; ; last = true) {
        const answer = await send(ask, await freshToken(ask.op, signal), signal);
        if (answer.status !== 403 || !csrfRefusal.test(answer.text)) return answer;
        if (last) throw new Fault(ask.op, "retry", `${ask.path}: the node refuses its own CSRF token`);
      }
    },
  };
}

/**
 * read takes an answer of status 200 apart, or throws a `Fault` that names the endpoint:
 * `stop` where a person must change something, `retry` for trouble that may pass and for an
 * answer that is not what was agreed. Not for calls with an effect.
 */
export function read<S extends z.ZodType>(ask: Ask, answer: HttpAnswer, shape: S): z.infer<S> {
  if (answer.status !== 200) throw refusalFault(ask, answer, "retry");
  if (answer.text.trim() === "") throw garbage(ask, "is empty");
  let json: unknown;
  try {
    json = parse(answer.text);
  } catch (cause) {
    throw garbage(ask, isPage(answer.text) ? "is an HTML page" : "is not JSON", cause);
  }
  const found = shape.safeParse(json);
  if (found.success) return found.data;
  const issue = found.error.issues[0];
  throw garbage(ask, `is not as expected at ${issue?.path.join(".") || "its top"}: ${issue?.message ?? ""}`);
}

/** garbage is the fault of an answer to a question that cannot be true: nothing is taken from it. */
export function garbage(ask: Ask, problem: string, cause?: unknown): Fault {
  return new Fault(ask.op, "retry", `${ask.path}: the answer ${problem}`, {
    cause,
    details: { endpoint: ask.path },
  });
}

/** Statuses that the same call will get again until a person changes the configuration, here or there. */
const settled = new Set([400, 401, 403, 404, 405, 413, 415]);

/** refusalFault is the fault of a status that is no answer; `otherwise` is its fate where nobody need change anything. */
export function refusalFault(ask: Ask, answer: HttpAnswer, otherwise: "retry" | "ask"): Fault {
  const fate = settled.has(answer.status) ? "stop" : otherwise;
  return new Fault(ask.op, fate, `${ask.path}: ${answer.status} ${wordsOf(answer)}`, {
    details: { endpoint: ask.path, status: answer.status },
  });
}

const longestWords = 500;
const errorShape = z.object({ error: z.object({ message: z.string() }) });

/** wordsOf gives the node's own words for an error: plain text in the first version of its interface, JSON in the second. */
export function wordsOf(answer: HttpAnswer): string {
  return (jsonWords(answer.text) ?? plainWords(answer.text)).slice(0, longestWords);
}

function jsonWords(text: string): string | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const found = errorShape.safeParse(parse(text));
    return found.success ? found.data.error.message : undefined;
  } catch {
    return undefined;
  }
}

/** isPage tells an answer of something in between: a node sends no HTML. */
function isPage(text: string): boolean {
  return text.trimStart().startsWith("<");
}

function plainWords(text: string): string {
  if (isPage(text)) {
    const seen = text
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll(/\s+/g, " ")
      .trim();
    return `an HTML page, which no Skycoin node sends: ${seen}`;
  }
  const words = text.trim().replaceAll(/\s*\n\s*/g, " ");
  return words.replace(/^\d{3} (?:[A-Za-z -]*? - )?/, "");
}
