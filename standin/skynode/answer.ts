import { goJson } from "./go.ts";

/** Answer is what goes over the wire, before compression. `drop` closes the connection without a byte, as a crashed handler does. */
export type Answer =
  | { readonly kind: "answer"; readonly status: number; readonly type: string; readonly text: string }
  | { readonly kind: "drop" };

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** json is a good answer. */
export function json(value: unknown, status = 200): Answer {
  return { kind: "answer", status, type: "application/json", text: goJson(value) };
}

/** ApiVersion is the first or the second version of the interface: their errors look different. */
export type ApiVersion = 1 | 2;

/** fail is an error in the form of the interface's version; its message may be empty. */
export function fail(version: ApiVersion, status: number, message = ""): Answer {
  const reason = reasons[status] ?? "";
  if (version === 2)
    return json({ error: { message: message === "" ? reason : message, code: status } }, status);
  const text = message === "" ? `${status} ${reason}\n` : `${status} ${reason} - ${message}\n`;
  return { kind: "answer", status, type: "text/plain; charset=utf-8", text };
}

/** drop is an answer that never comes. */
export const drop: Answer = { kind: "drop" };
