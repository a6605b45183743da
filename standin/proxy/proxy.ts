import { type Clock, systemClock } from "#internal/clock";
import type { Deed, Fault } from "./faults.ts";
import { type Answer, headOf, isHello, type Question, readQuestion } from "./message.ts";
import { Wire } from "./wire.ts";

/** Pair is a certificate and its key, both PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** NodeProxyOptions say which node is behind a proxy, and how the proxy speaks. */
export interface NodeProxyOptions {
  /** The node, as a URL without a path. */
  readonly upstream: string;
  /** The node's own certificate, where it speaks TLS. */
  readonly ca?: string;
  /** With these the proxy speaks TLS, else plain HTTP. */
  readonly tls?: Pair;
  /** keep leaves connections open and tells lengths, as a Skycoin node does; without it, as btcd: one answer a connection. */
  readonly keep?: boolean;
  readonly clock?: Clock;
}

/** NodeProxy is a running proxy. What is done to it lasts until `heal`. */
export interface NodeProxy {
  readonly port: number;
  /** arm lets a fault meet requests from now on, in place of the one before it. */
  arm(fault: Fault): void;
  /** refuse lets nobody connect. */
  refuse(): void;
  /** show presents another certificate, or speaks plain HTTP without one. */
  show(pair: Pair | undefined): Promise<void>;
  /** point asks another node. */
  point(upstream: string): void;
  /** heal makes all well again; what hangs is closed. */
  heal(): Promise<void>;
  /** seen counts the connections and requests that came in; the larger count, as one may come without the other. */
  seen(): number;
  /** spoiled counts the requests that a fault has met. */
  spoiled(): number;
  stop(): void;
}

/** startProxy starts a proxy on a free port. */
export function startProxy(options: NodeProxyOptions): NodeProxy {
  const clock = options.clock ?? systemClock;
  const state: State = { ...healthy(options), connections: 0, requests: 0, spoiled: 0 };
  const open = (port: number, tls: Pair | undefined) => listen(port, tls, { ...options, clock, state });
  let server = open(0, options.tls);
  const { port } = server;
  let usual = true;
  const reopen = async (tls: Pair | undefined) => {
    server.stop(true);
    // The system may need a moment to give the port back.
    for (let tries = 0; ; tries++) {
      try {
        server = open(port, tls);
        return;
      } catch (error) {
        if (tries === 40) throw error;
        await clock.sleep(25);
      }
    }
  };
  return {
    port,
    arm(fault) {
      state.fault = fault;
    },
    refuse() {
      usual = false;
      server.stop(true);
    },
    async show(pair) {
      usual = false;
      await reopen(pair);
    },
    point(upstream) {
      state.upstream = upstream;
    },
    async heal() {
      state.healed.abort();
      Object.assign(state, healthy(options));
      if (!usual) await reopen(options.tls);
      usual = true;
    },
    seen: () => Math.max(state.connections, state.requests),
    spoiled: () => state.spoiled,
    stop() {
      state.healed.abort();
      server.stop(true);
    },
  };
}

interface State {
  upstream: string;
  fault: Fault | undefined;
  /** Aborts when all is to be well again. */
  healed: AbortController;
  connections: number;
  requests: number;
  spoiled: number;
}

function healthy({ upstream }: NodeProxyOptions): Pick<State, "upstream" | "fault" | "healed"> {
  return { upstream, fault: undefined, healed: new AbortController() };
}

interface Place extends NodeProxyOptions {
  readonly clock: Clock;
  readonly state: State;
}

interface Line {
  readonly wire: Wire;
  arrived: Buffer;
  answered: number;
  busy: boolean;
}

function listen(port: number, tls: Pair | undefined, place: Place) {
  return Bun.listen<Line>({
    hostname: "127.0.0.1",
    port,
    ...(tls === undefined ? {} : { tls }),
    socket: {
      open(socket) {
        place.state.connections += 1;
        socket.data = { wire: new Wire(socket), arrived: Buffer.alloc(0), answered: 0, busy: false };
      },
      data(socket, bytes) {
        const line = socket.data;
        line.arrived = Buffer.concat([line.arrived, bytes]);
        if (!line.busy) void work(line, place).catch(() => line.wire.reset());
      },
      drain: ({ data }) => data.wire.drain(),
      // A handshake that failed closes without having opened.
      close: ({ data }) => data?.wire.gone(),
      error: ({ data }) => data?.wire.gone(),
    },
  });
}

/** work answers what has arrived, one request after the other. */
async function work(line: Line, place: Place): Promise<void> {
  line.busy = true;
  if (isHello(line.arrived)) {
    await line.wire.send(Buffer.from("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
    return line.wire.end();
  }
  for (;;) {
    const read = readQuestion(line.arrived, line.answered);
    if (read === undefined) break;
    line.arrived = read.rest;
    line.answered += 1;
    place.state.requests += 1;
    const deed = place.state.fault?.(read.question);
    if (deed !== undefined) place.state.spoiled += 1;
    await (deed === undefined ? pass(line, place, read.question) : spoil(line, place, read.question, deed));
  }
  line.busy = false;
}

async function pass(line: Line, place: Place, question: Question): Promise<void> {
  await answerWith(line, place, await ask(place, question));
}

async function answerWith({ wire }: Line, place: Place, answer: Answer): Promise<void> {
  const keep = place.keep === true;
  const body = Buffer.from(answer.text);
  await wire.send(Buffer.concat([Buffer.from(headOf(answer, keep, body.length)), body]));
  if (!keep) wire.end();
}

/** What the node must be told; the rest is the proxy's own business. */
const passed = ["authorization", "content-type", "x-csrf-token"];

async function ask({ state, ca }: Place, question: Question): Promise<Answer> {
  const headers = passed.flatMap((name): [string, string][] => {
    const value = question.headers.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  const response = await fetch(state.upstream + question.target, {
    method: question.method,
    headers: [...headers, ["accept-encoding", "identity"]],
    redirect: "manual",
    keepalive: false,
    ...(question.method === "GET" ? {} : { body: question.body }),
    ...(ca === undefined ? {} : { tls: { ca } }),
  });
  const type = response.headers.get("content-type") ?? "application/json";
  return { status: response.status, headers: { "Content-Type": type }, text: await response.text() };
}

async function spoil(line: Line, place: Place, question: Question, deed: Deed): Promise<void> {
  const { wire } = line;
  const { healed } = place.state;
  switch (deed.kind) {
    case "answer":
      return answerWith(line, place, deed.answer);
    case "change":
      return answerWith(line, place, deed.change(await ask(place, question), question));
    case "cut":
      if (deed.when === "after") await ask(place, question);
      return deed.how === "end" ? wire.end() : wire.reset();
    case "half":
      await half(wire, place, await ask(place, question));
      if (deed.then === "hang") await untilHealed(healed.signal);
      return wire.end();
    case "hang":
      await untilHealed(healed.signal);
      return wire.end();
    case "slow":
      await place.clock.sleep(deed.ms, healed.signal);
      return pass(line, place, question);
    case "large":
      return large(wire, place, await ask(place, question), deed.bytes);
    case "raw":
      await wire.send(Buffer.from(deed.text));
      return wire.end();
  }
}

async function half(wire: Wire, { keep }: Place, answer: Answer): Promise<void> {
  const body = Buffer.from(answer.text);
  const begun = body.subarray(0, Math.floor(body.length / 2));
  await wire.send(Buffer.concat([Buffer.from(headOf(answer, keep === true, body.length)), begun]));
}

const pieceBytes = 256 * 1024;

async function large(wire: Wire, { keep }: Place, answer: Answer, bytes: number): Promise<void> {
  const body = Buffer.from(answer.text);
  await wire.send(Buffer.concat([Buffer.from(headOf(answer, keep === true, bytes)), body]));
  const piece = Buffer.alloc(pieceBytes, " ");
  for (let left = bytes - body.length; left > 0 && !wire.closed; left -= pieceBytes) {
    await wire.send(left < pieceBytes ? piece.subarray(0, left) : piece);
  }
  wire.end();
}

function untilHealed(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
