/** Question is one HTTP request, whole. */
export interface Question {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** The names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** How many requests came before it over the same connection. */
  readonly earlier: number;
}

/** Answer is one HTTP answer, whole. */
export interface Answer {
  readonly status: number;
  /** Without those that say how long the body is and what becomes of the connection. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const headEnd = "\r\n\r\n";

/**
 * readQuestion takes the first request off what has arrived, or gives undefined while it is not whole. Bodies
 * have a length; what a client sends in chunks is not understood and throws.
 */
export function readQuestion(
  bytes: Buffer,
  earlier: number,
): { readonly question: Question; readonly rest: Buffer } | undefined {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return undefined;
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const [method = "", target = ""] = first.split(" ");
  const headers = new Map(lines.map(headerOf));
  if (headers.has("transfer-encoding")) throw new Error("proxy: a request in chunks");
  const from = end + headEnd.length;
  const to = from + Number(headers.get("content-length") ?? 0);
  if (bytes.length < to) return undefined;
  return {
    question: { method, target, headers, body: bytes.toString("utf8", from, to), earlier },
    rest: bytes.subarray(to),
  };
}

function headerOf(line: string): [string, string] {
  const at = line.indexOf(":");
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
}

/** isHello tells the beginning of a TLS handshake (RFC 8446 §5.1) from that of a request. */
export function isHello(bytes: Buffer): boolean {
  return bytes[0] === 0x16;
}

/** headOf writes the head of an answer. A length is told only where the connection stays open, as btcd does not. */
export function headOf(answer: Answer, keep: boolean, length: number): string {
  const more = keep
    ? { "Content-Length": String(length), Connection: "keep-alive" }
    : { Connection: "close" };
  const headers = Object.entries({ ...answer.headers, ...more }).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${answer.status} Status`, ...headers].join("\r\n") + headEnd;
}
