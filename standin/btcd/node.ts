import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { systemClock } from "#internal/clock";
import { basicAuth, createHttp, type JsonRpc, jsonRpc } from "#internal/rpc";
import { keyOf } from "./keys.ts";

/** BtcdOptions say which node to start. The same data folder and ports give the same node again. */
export interface BtcdOptions {
  readonly bin: string;
  readonly data: string;
  /** Without these: free ones. */
  readonly rpcPort?: number;
  readonly peerPort?: number;
  /** Where mined blocks pay to. Without it: the key "miner". */
  readonly miningAddress?: string;
  readonly extra?: readonly string[];
}

/** Btcd is a running node. */
export interface Btcd {
  readonly options: BtcdOptions & { readonly rpcPort: number; readonly peerPort: number };
  readonly url: string;
  /** cert is the node's own certificate (PEM). */
  readonly cert: string;
  readonly user: string;
  readonly password: string;
  /** reader may only read. */
  readonly reader: { readonly user: string; readonly password: string };
  /** call asks the node; the answer's shape is the caller's to check. */
  call(method: string, ...params: unknown[]): Promise<unknown>;
  /** batch asks for several things in one request and throws on the first refusal. */
  batch(calls: readonly { method: string; params: readonly unknown[] }[]): Promise<readonly unknown[]>;
  /** stop ends the node in good order and waits for its end; its chain is kept. */
  stop(): Promise<void>;
  /** kill ends it at once; the blocks since its last flush are lost. */
  kill(): Promise<void>;
}

const user = "teller";
const password = "teller-test";
const reader = { user: "reader", password: "reader-test" };
const never = new AbortController().signal;
const longestStartMs = 20_000;
const longestStopMs = 30_000;
const longestCallMs = 120_000;
const largestAnswer = 64 * 1024 * 1024;
const pollMs = 20;

/** startBtcd starts a node and resolves when it answers. Throws with the end of its output when it ends instead. */
export async function startBtcd(options: BtcdOptions): Promise<Btcd> {
  const rpcPort = options.rpcPort ?? (await freePort());
  const peerPort = options.peerPort ?? (await freePort());
  const { data } = options;
  mkdirSync(data, { recursive: true });
  // Its own empty configuration, so that nothing comes from the home folder.
  writeFileSync(join(data, "btcd.conf"), "");
  const output = openSync(join(data, "output.txt"), "a");
  const child = spawn(options.bin, argumentsOf({ ...options, rpcPort, peerPort }), {
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `https://127.0.0.1:${rpcPort}`;
  const rpc = await ready(child, data, url);
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    child.kill(signal);
    const late = new AbortController();
    const inTime = await Promise.race([
      ended.then(() => true),
      systemClock.sleep(longestStopMs, late.signal).then(() => false),
    ]);
    late.abort();
    if (inTime) return;
    child.kill("SIGKILL");
    await ended;
  };
  return {
    options: { ...options, rpcPort, peerPort },
    url,
    cert: readFileSync(join(data, "rpc.cert"), "utf8"),
    user,
    password,
    reader,
    call: (method, ...params) => rpc.call({ method, params }, never),
    async batch(calls) {
      const answers = await rpc.batch(calls, never);
      return answers.map((answer) => {
        if (!answer.ok) throw new Error(`btcd: error ${answer.refusal.code}: ${answer.refusal.message}`);
        return answer.value;
      });
    },
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

function argumentsOf(options: BtcdOptions & { rpcPort: number; peerPort: number }): string[] {
  const { data, rpcPort, peerPort } = options;
  return [
    "--simnet",
    `--configfile=${join(data, "btcd.conf")}`,
    `--datadir=${join(data, "data")}`,
    `--logdir=${join(data, "logs")}`,
    `--rpccert=${join(data, "rpc.cert")}`,
    `--rpckey=${join(data, "rpc.key")}`,
    `--rpclisten=127.0.0.1:${rpcPort}`,
    `--rpcuser=${user}`,
    `--rpcpass=${password}`,
    `--rpclimituser=${reader.user}`,
    `--rpclimitpass=${reader.password}`,
    `--listen=127.0.0.1:${peerPort}`,
    "--nodnsseed",
    "--nobanning",
    "--nostalldetect",
    "--trickleinterval=100ms",
    "--utxocachemaxsize=16",
    "--debuglevel=warn",
    "--txindex",
    `--miningaddr=${options.miningAddress ?? keyOf("miner").addresses.p2wpkh}`,
    ...(options.extra ?? []),
  ];
}

async function ready(child: ChildProcess, data: string, url: string): Promise<JsonRpc> {
  const until = systemClock.mono() + longestStartMs;
  const failed = (reason: string) => new Error(`btcd in ${data}: ${reason}: ${lastLines(data)}`);
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw failed(`ended with ${child.exitCode}`);
    if (existsSync(join(data, "rpc.cert")) && existsSync(join(data, "rpc.key"))) {
      const rpc = client(url, readFileSync(join(data, "rpc.cert"), "utf8"));
      const answered = await rpc.call({ method: "getblockcount", params: [] }, never).then(
        () => true,
        () => false,
      );
      if (answered) return rpc;
    }
    if (systemClock.mono() > until) {
      child.kill("SIGKILL");
      throw failed("does not answer");
    }
    await systemClock.sleep(pollMs);
  }
}

function client(url: string, ca: string): JsonRpc {
  const limits = { deadlineMs: longestCallMs, maxBytes: largestAnswer, clock: systemClock };
  const http = createHttp({ base: url, tls: { ca }, ...limits });
  return jsonRpc(http, {
    name: "btcd",
    version: "1.0",
    headers: basicAuth(user, password),
    parse: JSON.parse,
  });
}

function lastLines(data: string): string {
  return readFileSync(join(data, "output.txt"), "utf8").trim().split("\n").slice(-3).join(" | ");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
