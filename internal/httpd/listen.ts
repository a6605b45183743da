import type { Server } from "bun";
import type { Clock } from "#internal/clock";
import { type Broken, Fault, messageOf } from "#internal/fault";
import type { Part } from "#internal/life";
import type { Logger } from "#internal/log";
import { parseHostPort } from "./address.ts";
import { securityHeaders } from "./headers.ts";
import type { HttpEnv } from "./types.ts";

/** Application is what answers requests: a Hono application. */
export interface Application {
  fetch(request: Request, env: HttpEnv["Bindings"]): Response | Promise<Response>;
}

/** ListenOptions say where a listener listens and what it lets in. */
export interface ListenOptions {
  /** Part of log lines and errors: `public`, `admin`, `dummy`. */
  readonly name: string;
  /** `host:port`, as in the config file. Port 0 asks the system for a free one. */
  readonly address: string;
  readonly app: Application;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A backstop far above what applications read, for bodies that nobody reads; 64 KiB unless told. */
  readonly maxBodyBytes?: number;
  /** How long a connection may be silent, a request slow, or an answer awaited; 30 s unless told, 255 s at most. */
  readonly idleTimeoutSec?: number;
  /** How long `run` lets requests finish after the signal; 5 s unless told. */
  readonly graceMs?: number;
}

/** Listener is a server that is listening. As a `Part` it stops when its signal aborts. */
export interface Listener extends Part {
  /** address is where it really listens, `host:port`, with the port that the system chose. */
  readonly address: string;
  /** url is the same for a client on this machine. */
  readonly url: string;
  /** stop closes the door, lets requests finish until the deadline, then cuts them off. True when none was cut. */
  stop(deadlineMs: number): Promise<boolean>;
}

type Serving = Server<unknown>;

/**
 * listen starts a server. Throws a `Fault` (`stop`) that names the address and the reason when it
 * cannot. A broken invariant in a handler makes `run` throw it, so that the process ends.
 */
export function listen(options: ListenOptions): Listener {
  const { name, clock, graceMs = 5_000 } = options;
  let report: (error: Broken) => void = () => {};
  const broken = new Promise<Broken>((resolve) => {
    report = resolve;
  });
  const server = start(options, (error) => report(error));
  const stop = (deadlineMs: number) => stopServer(server, deadlineMs, clock);
  const address = `${bracketed(server.hostname ?? "")}:${server.port}`;
  options.logger.info("listening", { listener: name, address });
  return {
    name: `http.${name}`,
    address,
    url: `http://${reachable(server.hostname ?? "")}:${server.port}`,
    stop,
    async run(signal) {
      const first = await Promise.race([aborted(signal), broken]);
      const graceful = await stop(graceMs);
      if (first !== undefined) throw first;
      if (!graceful) options.logger.warn("requests were cut off", { listener: name });
    },
  };
}

function start(options: ListenOptions, broken: (error: Broken) => void): Serving {
  const { name, address, app, logger, maxBodyBytes = 64 * 1024, idleTimeoutSec = 30 } = options;
  const parsed = parseHostPort(address);
  if (!parsed.ok) throw cannotListen(options, parsed.refusal);
  const failed = (error: unknown) => {
    logger.error("request failed", { listener: name, error: messageOf(error) });
    return new Response("Internal Server Error\n", {
      status: 500,
      headers: securityHeaders.map(([k, v]) => [k, v]),
    });
  };
  try {
    return Bun.serve({
      hostname: parsed.value.host === "" ? "0.0.0.0" : parsed.value.host,
      port: parsed.value.port,
      maxRequestBodySize: maxBodyBytes,
      idleTimeout: idleTimeoutSec,
      development: false,
      // Said out loud, because with `development: false` Bun 1.4.5 shares a port that another process has.
      reusePort: false,
      error: failed,
      fetch(request, server) {
        const remote = server.requestIP(request);
        return app.fetch(request, remote === null ? { broken } : { remote, broken });
      },
    });
  } catch (cause) {
    throw cannotListen(options, reasonOf(cause), cause);
  }
}

function cannotListen({ name, address }: ListenOptions, reason: string, cause?: unknown): Fault {
  return new Fault("httpd.listen", "stop", `the ${name} listener cannot listen on ${address}: ${reason}`, {
    cause,
    details: { listener: name, address, reason },
  });
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use",
  EADDRNOTAVAIL: "this machine does not have that address",
  EACCES: "not permitted (ports below 1024 need a privilege)",
};

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return reasons[code] ?? messageOf(cause);
}

async function stopServer(server: Serving, deadlineMs: number, clock: Clock): Promise<boolean> {
  const early = new AbortController();
  const graceful = await Promise.race([
    server.stop().then(() => true),
    clock.sleep(deadlineMs, early.signal).then(() => false),
  ]);
  early.abort();
  if (!graceful) await server.stop(true);
  return graceful;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** A wildcard address is no address to connect to. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return bracketed(host === "::" ? "::1" : host);
}
