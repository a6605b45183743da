import { Fault, messageOf } from "#internal/fault";

/** Place is what an error says about a call. */
export interface Place {
  readonly op: string;
  readonly host: string;
  readonly effect: boolean;
}

/** LostWhy is kept in a fault's details as `why`, for callers that ask for less the next time. */
export type LostWhy = "closed" | "deadline" | "stopped" | "too large" | "unknown";

/** lost is the fault of a call that may have arrived but whose answer did not come back whole. */
export function lost(place: Place, why: LostWhy, reason: string, cause?: unknown): Fault {
  const more = place.effect ? "; it may have been carried out" : "";
  const fate = place.effect ? "ask" : "retry";
  const details = { host: place.host, why };
  return new Fault(place.op, fate, `${place.host}: ${reason}${more}`, { cause, details });
}

/** lostWhy tells why the answer to a call was lost, or undefined when that is not what went wrong. */
export function lostWhy(error: unknown): LostWhy | undefined {
  const why = error instanceof Fault ? error.details["why"] : undefined;
  return lostReasons.find((reason) => reason === why);
}

const lostReasons: readonly LostWhy[] = ["closed", "deadline", "stopped", "too large", "unknown"];

/** Codes after which not one byte of the request can have reached the server. */
const neverArrived: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ConnectionRefused: "connection refused",
  FailedToOpenSocket: "cannot connect",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name server does not answer",
  ENETUNREACH: "network unreachable",
  EHOSTUNREACH: "host unreachable",
  EADDRNOTAVAIL: "no local address to connect from",
  EMFILE: "too many open files",
  ENFILE: "too many open files",
  EPROTO: "the TLS handshake failed; does this port speak TLS?",
};

/** Codes of a certificate that was refused; the request is sent only after this check. */
const certificate =
  /^(?:ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|INVALID_CA|PATH_LENGTH_|INVALID_PURPOSE|CRL_)/;

/** Codes of an answer that cannot be read as HTTP. */
const notHttp: ReadonlySet<string> = new Set(["InvalidHTTPResponse", "InvalidContentLength"]);

/** faultOfFetch says what a failed `fetch` means (codes of Bun 1.4.5 and OpenSSL; `spec/bun.md` §5). */
export function faultOfFetch(place: Place, cause: unknown): Fault {
  const code = codeOf(cause);
  const details = { host: place.host, code };
  const fault = (fate: "retry" | "stop", reason: string) =>
    new Fault(place.op, fate, `${place.host}: ${reason}`, { cause, details });

  const unreached = neverArrived[code];
  if (unreached !== undefined) return fault("retry", unreached);
  if (certificate.test(code)) {
    return fault(
      "stop",
      `its certificate is not trusted (${code}); configure the certificate that this server shows now`,
    );
  }
  if (code === "UnexpectedRedirect") {
    const reason = "it answers with a redirect, which is not followed; configure the final address";
    return place.effect ? lost(place, "unknown", reason, cause) : fault("stop", reason);
  }
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ConnectionClosed") {
    return lost(place, "closed", "the connection was closed before the answer was complete", cause);
  }
  if (notHttp.has(code)) {
    return lost(
      place,
      "unknown",
      `it does not answer in proper HTTP (${code}); is this the right port?`,
      cause,
    );
  }
  // A text of ours: the message of an unknown error could quote a header or a URL with a password.
  return lost(place, "unknown", `the call failed (${code === "" ? "no code" : code})`, cause);
}

function codeOf(cause: unknown): string {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return "";
  return messageOf(cause.code);
}
