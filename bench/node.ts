/**
 * node: a Bitcoin node as far as a scanner asks one, a process of its own. It answers JSON-RPC as btcd does: each
 * connection is closed after one answer, which has no length before it. It says `listens on URL`.
 *
 * Its chain has no end: each block has one of a few bodies, and a header of its own on top of the one before it.
 */
import type { Socket } from "bun";
import { networkOf } from "../internal/bitcoin/networks.ts";
import { makeBlock } from "./blocks.ts";
import { poolOf } from "./addresses.ts";

/** NodeOptions say what the chain is made of. */
export interface NodeOptions {
  readonly transactions: number;
  /** So many different bodies. */
  readonly bodies: number;
  /** Some outputs pay one of the first so many addresses of the pool. */
  readonly paid: number;
}

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** Chain makes blocks as they are asked for. */
interface Chain {
  hashAt(height: number): string;
  /** The block as hex, in two pieces. */
  block(hash: string): readonly Uint8Array[];
}

const headerDigits = 160;
const parentAt = 4;
const nonceAt = 76;

function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(new Bun.CryptoHasher("sha256").update(bytes).digest());
}

function makeChain({ transactions, bodies, paid }: NodeOptions): Chain {
  const ours = poolOf(paid).map(({ script }) => script);
  const made = Array.from({ length: bodies }, (_, i) => makeBlock(i + 1, transactions, ours).hex);
  const rests = made.map((hex) => Buffer.from(hex.slice(headerDigits), "latin1"));
  const hashes = [networkOf("mainnet").genesis];
  const headers: Buffer[] = [Buffer.alloc(0)];
  const heights = new Map<string, number>();
  const grow = () => {
    const height = hashes.length;
    const header = Buffer.from((made[height % bodies] ?? "").slice(0, headerDigits), "hex");
    Buffer.from(hashes[height - 1] ?? "", "hex")
      .reverse()
      .copy(header, parentAt);
    header.writeUInt32LE(height, nonceAt);
    const hash = sha256(sha256(header)).reverse().toString("hex");
    hashes.push(hash);
    headers.push(Buffer.from(header.toString("hex"), "latin1"));
    heights.set(hash, height);
  };
  return {
    hashAt(height) {
      while (hashes.length <= height) grow();
      return hashes[height] ?? "";
    },
    block(hash) {
      const height = heights.get(hash) ?? 0;
      return [headers[height], rests[height % bodies]].flatMap((piece) => piece ?? []);
    },
  };
}

/** answerer gives the pieces of the answer to a call. */
function answerer(chain: Chain): (call: Call) => readonly Uint8Array[] {
  let tip = 1;
  const text = (value: string) => Buffer.from(value, "latin1");
  const plain = (value: unknown, id: unknown) => [
    text(JSON.stringify({ jsonrpc: "1.0", result: value, error: null, id })),
  ];
  return ({ id, method, params: [first] }) => {
    if (method === "getblock")
      return [
        text('{"jsonrpc":"1.0","result":"'),
        ...chain.block(String(first)),
        text(`","error":null,"id":${JSON.stringify(id)}}`),
      ];
    if (method === "getblockhash") return plain(chain.hashAt(Number(first)), id);
    // Not a method of a node: the bench lets the chain grow.
    if (method === "settip") tip = Number(first);
    return plain(tip, id);
  };
}

interface Connection {
  request: Buffer;
  answer: Uint8Array[];
}

const head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n";

/** wholeBody gives the body of a request once all of it is there. */
function wholeBody(request: Buffer): string | undefined {
  const end = request.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const length = Number(/content-length: (\d+)/i.exec(request.toString("latin1", 0, end))?.[1] ?? 0);
  const body = request.subarray(end + 4);
  return body.length < length ? undefined : body.toString("utf8");
}

function answersTo(body: string, answer: (call: Call) => readonly Uint8Array[]): Uint8Array[] {
  const asked = JSON.parse(body) as Call | Call[];
  const pieces = Array.isArray(asked)
    ? asked.flatMap((call, i) => [Buffer.from(i === 0 ? "[" : ","), ...answer(call)]).concat(Buffer.from("]"))
    : answer(asked);
  return [Buffer.from(head), ...pieces];
}

/** push writes what the socket takes now, and closes it after the last byte. */
function push(socket: Socket<Connection>): void {
  const { answer } = socket.data;
  for (let piece = answer[0]; piece !== undefined; piece = answer[0]) {
    const written = socket.write(piece);
    if (written < piece.length) {
      answer[0] = piece.subarray(Math.max(0, written));
      return;
    }
    answer.shift();
  }
  socket.end();
}

function serve(options: NodeOptions): string {
  const answer = answerer(makeChain(options));
  const server = Bun.listen<Connection>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { request: Buffer.alloc(0), answer: [] };
      },
      data(socket, chunk) {
        socket.data.request = Buffer.concat([socket.data.request, chunk]);
        const body = wholeBody(socket.data.request);
        if (body === undefined) return;
        socket.data.request = Buffer.alloc(0);
        socket.data.answer = answersTo(body, answer);
        push(socket);
      },
      drain(socket) {
        if (socket.data.answer.length > 0) push(socket);
      },
    },
  });
  return `http://127.0.0.1:${server.port}`;
}

if (import.meta.main) {
  const url = serve(JSON.parse(process.argv[2] ?? "") as NodeOptions);
  process.stdout.write(`listens on ${url}\n`);
}
