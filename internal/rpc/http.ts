import type { Clock } from "#internal/clock";
import { Fault } from "#internal/fault";
import { faultOfFetch, lost, type Place } from "./reasons.ts";

/** HttpOptions say where one server is and how long and how large its answers may be. */
export interface HttpOptions {
  /** An `http` or `https` URL; a path in it goes before the path of each request. User and password in it become a header. */
  readonly base: string;
  /** For a whole call, from connecting to the last byte, in milliseconds. */
  readonly deadlineMs: number;
  /** Of an answer's body. */
  readonly maxBytes: number;
  readonly clock: Clock;
  /** The only certificates (PEM) that are trusted; without them the system's. */
  readonly tls?: { readonly ca?: string };
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** HttpRequest is one call. */
export interface HttpRequest {
  /** Place and action, for errors: `skycoin.inject`. */
  readonly op: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path and query, beginning with a slash. */
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** effect is true when the call may change something at the other end, so that it must not be made twice blindly. */
  readonly effect: boolean;
  /** These two replace those of `HttpOptions`. */
  readonly deadlineMs?: number;
  readonly maxBytes?: number;
}

/** HttpAnswer is a whole answer with any status. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Http is a client of one server. */
export interface Http {
  /** host is the server's name and port: all that errors and logs may say about it. */
  readonly host: string;
  /**
   * request makes one call and never repeats it. Any status is an answer. Throws a `Fault`: `retry` when
   * nothing can have happened, `ask` when a call with an effect may have arrived, `stop` for a certificate
   * that is not trusted, a redirect, and a request that cannot be made.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
}

/** createHttp gives a client of one server. Throws a `Fault` (`stop`) when `base` is no URL of one. */
export function createHttp(options: HttpOptions): Http {
  const base = parseBase(options.base);
  const prefix = base.pathname.replace(/\/+$/, "");
  const fixed = { ...authorizationOf(base), ...options.headers };
  const tls =
    base.protocol === "https:" && options.tls?.ca !== undefined ? { tls: { ca: options.tls.ca } } : {};
  return {
    host: base.host,
    async request(request, signal) {
      const place: Place = { op: request.op, host: base.host, effect: request.effect };
      if (signal.aborted) throw new Fault(request.op, "retry", `${base.host}: not asked: told to stop`);
      const deadlineMs = request.deadlineMs ?? options.deadlineMs;
      const watch = startDeadline(options.clock, deadlineMs, signal);
      try {
        const response = await fetch(base.origin + prefix + request.path, {
          method: request.method,
          headers: { ...fixed, ...request.headers },
          redirect: "error",
          signal: watch.signal,
          // A kept connection may be closed by the server just now: no reason to doubt a call with an effect.
          keepalive: !request.effect,
          ...(request.body === undefined ? {} : { body: request.body }),
          ...tls,
        });
        const text = await readText(response, request.maxBytes ?? options.maxBytes, place);
        return { status: response.status, text };
      } catch (cause) {
        if (cause instanceof Fault) throw cause;
        if (signal.aborted) throw lost(place, "stopped", "told to stop while waiting for the answer", cause);
        if (watch.late()) throw lost(place, "deadline", `no complete answer within ${deadlineMs} ms`, cause);
        throw faultOfFetch(place, cause);
      } finally {
        watch.end();
      }
    },
  };
}

function parseBase(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new Fault("rpc.open", "stop", "the server's address is not an http or https URL");
  }
  return url;
}

function authorizationOf(base: URL): Record<string, string> {
  if (base.username === "" && base.password === "") return {};
  return basicAuth(decodeURIComponent(base.username), decodeURIComponent(base.password));
}

/** basicAuth gives the header of HTTP basic authentication (RFC 7617, UTF-8). */
export function basicAuth(user: string, password: string): Record<"authorization", string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}` };
}

/** startDeadline gives a signal that aborts with the caller's or when the time is over. */
function startDeadline(clock: Clock, ms: number, signal: AbortSignal) {
  const over = new AbortController();
  const done = new AbortController();
  let late = false;
  clock.sleep(ms, done.signal).then(
    () => {
      if (done.signal.aborted) return;
      late = true;
      over.abort();
    },
    () => over.abort(),
  );
  return { signal: AbortSignal.any([signal, over.signal]), late: () => late, end: () => done.abort() };
}

/** readText reads a body up to the limit; beyond it the connection is closed and the rest never read. */
async function readText(response: Response, maxBytes: number, place: Place): Promise<string> {
  const tooLarge = () => lost(place, "too large", `the answer is larger than ${maxBytes} bytes`);
  const body = response.body;
  if (body === null) return "";
  if (Number(response.headers.get("content-length") ?? 0) > maxBytes) {
    await body.cancel().catch(() => undefined);
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge();
    }
    chunks.push(value);
  }
  return Buffer.concat(chunks, size).toString("utf8");
}
