/**
 * load: the client side of the measurements, a process of its own.
 *
 * It is told what to do by messages, makes all requests beforehand, and then only writes ready bytes to raw
 * sockets and looks for the end of each answer: the machine's two cores are the daemon's as far as possible.
 */
import { readFileSync } from "node:fs";
import type { Socket } from "bun";
import { skycoinAddress } from "./addresses.ts";
import { seeded } from "./random.ts";

/** Job is what the load process is asked to do with so many keep-alive connections at a time. */
export type Job = { readonly url: string; readonly clients: number } & (
  | { readonly kind: "bind"; readonly count: number; readonly seed: number }
  /** One deposit of `value` satoshi to each address that is listed in this file, one a line. */
  | { readonly kind: "deposit"; readonly list: string; readonly value: number }
);

/** Done is how a job went. */
export interface Done {
  readonly count: number;
  readonly seconds: number;
  /** Milliseconds from sending a request to the end of its answer. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not 200, and the first of them. */
  readonly refused: number;
  readonly firstRefused: string;
}

function head(method: string, path: string, url: string): string {
  return `${method} ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n`;
}

function requestsOf(job: Job): string[] {
  if (job.kind === "bind") {
    const random = seeded(job.seed);
    const start = `${head("POST", "/api/bind", job.url)}Content-Type: application/json\r\nContent-Length: `;
    return Array.from({ length: job.count }, () => {
      const body = `{"skyaddr":"${skycoinAddress(random)}","coin_type":"BTC"}`;
      return `${start}${body.length}\r\n\r\n${body}`;
    });
  }
  const addresses = readFileSync(job.list, "utf8").trim().split("\n");
  return addresses.map((address, i) => {
    const txid = new Bun.CryptoHasher("sha256").update(`deposit ${i}`).digest("hex");
    const query = `addr=${address}&value=${job.value}&height=${i + 1}&tx=${txid}&n=0`;
    return `${head("GET", `/dummy/scanner/deposit?${query}`, job.url)}\r\n`;
  });
}

/** End tells where an answer ends, or that it is not whole yet. */
function endOf(text: string): number | undefined {
  const body = text.indexOf("\r\n\r\n");
  if (body < 0) return undefined;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
  const end = body + 4 + length;
  return text.length < end ? undefined : end;
}

async function run(job: Job): Promise<Done> {
  const requests = requestsOf(job);
  const times = new Float64Array(requests.length);
  const { hostname, port } = new URL(job.url);
  let next = 0;
  let answered = 0;
  let refused = 0;
  let firstRefused = "";
  let finish: () => void = () => {};
  let fail: (reason: Error) => void = () => {};
  const finished = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });

  const take = (text: string) => {
    if (text.startsWith("HTTP/1.1 200")) return;
    refused++;
    firstRefused ||= text;
  };
  interface State {
    waiting: string;
    current: number;
    sent: number;
  }
  const send = (socket: Socket<State>) => {
    const request = requests[next];
    if (request === undefined) return;
    socket.data.current = next++;
    socket.data.sent = performance.now();
    if (socket.write(request) !== request.length) fail(new Error("bench: a request was not taken whole"));
  };
  const sockets = await Promise.all(
    Array.from({ length: job.clients }, () =>
      Bun.connect<State>({
        hostname,
        port: Number(port),
        data: { waiting: "", current: 0, sent: 0 },
        socket: {
          data(socket, chunk) {
            const text = socket.data.waiting + chunk.toString("latin1");
            const end = endOf(text);
            socket.data.waiting = end === undefined ? text : "";
            if (end === undefined) return;
            if (end !== text.length) fail(new Error("bench: more than an answer"));
            times[socket.data.current] = performance.now() - socket.data.sent;
            take(text);
            answered++;
            if (answered === requests.length) finish();
            else send(socket);
          },
          close: () => fail(new Error("bench: a connection was closed")),
          error: (_socket, error) => fail(error),
        },
      }),
    ),
  );
  const began = performance.now();
  for (const socket of sockets) send(socket);
  await finished;
  const seconds = (performance.now() - began) / 1000;
  for (const socket of sockets) socket.end();
  times.sort();
  const at = (part: number) => times[Math.floor((times.length - 1) * part)] ?? 0;
  return { count: requests.length, seconds, p50: at(0.5), p99: at(0.99), refused, firstRefused };
}

if (import.meta.main) {
  process.on("message", (job: Job) => {
    run(job).then(
      (done) => process.send?.(done),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.on("disconnect", () => process.exit(0));
}
