import type { Clock } from "#internal/clock";
import type { ChainSource } from "#internal/coin";
import { Fault } from "#internal/fault";
import { type Logger, silent } from "#internal/log";
import { basicAuth, createHttp, type JsonRpc, jsonRpc, rpcErrorOf } from "#internal/rpc";
import { blockReader } from "./blocks.ts";
import { type NetworkName, networkOf, networksWhere } from "./networks.ts";
import { rootThread } from "./rootthread.ts";

/** BitcoinOptions say which node is asked and what it must be. */
export interface BitcoinOptions {
  /** `https://host:port`, or `http://…` for a node without TLS. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** The node's own certificate (PEM, btcd's `rpc.cert`): only this one is trusted. */
  readonly cert?: string;
  readonly network: NetworkName;
  readonly clock: Clock;
  /** For a small call, in milliseconds; blocks get four times as long. Without it: 15,000. */
  readonly deadlineMs?: number;
  /** Where it is told when a thread of its own is used for catching up, or cannot be. Without it: nowhere. */
  readonly log?: Logger;
}

const smallAnswerBytes = 1024 * 1024;
const defaultDeadlineMs = 15_000;
/** Heights asked for in one request. */
const heightsAtOnce = 2000;
const methodNotFound = -32601;
/** btcd and Bitcoin Core, in this order, for a height above the tip. */
const outOfRange = [-1, -8];

/**
 * bitcoinSource gives a view of one btcd or Bitcoin Core node over HTTP POST. It calls `getblockcount`,
 * `getblockhash` and `getblock` (raw) only, so a limited user of btcd will do, and Core needs no index.
 */
export function bitcoinSource(options: BitcoinOptions): ChainSource {
  const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
  const thread = rootThread({ clock: options.clock, log: options.log ?? silent });
  const http = createHttp({
    base: options.url,
    deadlineMs,
    maxBytes: smallAnswerBytes,
    clock: options.clock,
    ...(options.cert === undefined ? {} : { tls: { ca: options.cert } }),
  });
  const rpc = jsonRpc(http, {
    name: "bitcoin",
    version: "1.0",
    headers: basicAuth(options.user, options.password),
    // Hashes, heights and raw blocks: no amount that could lose digits, and much text.
    parse: JSON.parse,
  });
  const hashAt = async (height: number, signal: AbortSignal) =>
    hashIn(rpc, await rpc.call({ method: "getblockhash", params: [height] }, signal));

  return {
    coin: "BTC",
    check: (signal) => checkNetwork(options.network, rpc.host, () => hashAt(0, signal)),
    async tip(signal) {
      const height = heightIn(rpc, await rpc.call({ method: "getblockcount", params: [] }, signal));
      // A hash asked for by height belongs to it, whatever came in between; a count and a best hash might not.
      return { height, hash: await hashAt(height, signal) };
    },
    async hashesAt(heights, signal) {
      const hashes: (string | undefined)[] = [];
      for (let from = 0; from < heights.length; from += heightsAtOnce) {
        hashes.push(...(await hashesOf(rpc, heights.slice(from, from + heightsAtOnce), signal)));
      }
      return hashes;
    },
    blocks: blockReader(rpc, deadlineMs * 4, thread),
  };
}

async function hashesOf(
  rpc: JsonRpc,
  heights: readonly number[],
  signal: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  const calls = heights.map((height) => ({ method: "getblockhash", params: [height] }));
  const answers = await rpc.batch(calls, signal);
  return answers.map((answer, i) => {
    if (answer.ok) return hashIn(rpc, answer.value);
    const { code, message } = answer.refusal;
    if (outOfRange.includes(code) && /out of range/i.test(message)) return undefined;
    throw new Fault(
      "bitcoin.getblockhash",
      "retry",
      `${rpc.host}: height ${heights[i]}: error ${code}: ${message}`,
    );
  });
}

async function checkNetwork(
  wanted: NetworkName,
  host: string,
  genesisHash: () => Promise<string>,
): Promise<void> {
  const op = "bitcoin.check";
  const genesis = await genesisHash().catch((error: unknown) => {
    if (rpcErrorOf(error)?.code !== methodNotFound) throw error;
    throw new Fault(op, "stop", `${host}: it does not know getblockhash: no Bitcoin node`, { cause: error });
  });
  if (genesis === networkOf(wanted).genesis) return;
  const found = networksWhere((network) => network.genesis === genesis) || "an unknown network";
  throw new Fault(op, "stop", `${host}: the node is on ${found}, the configuration says ${wanted}`, {
    details: { genesis },
  });
}

function hashIn(rpc: JsonRpc, value: unknown): string {
  if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)) return value;
  throw new Fault("bitcoin.getblockhash", "retry", `${rpc.host}: the answer is no block hash`);
}

function heightIn(rpc: JsonRpc, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Fault("bitcoin.getblockcount", "retry", `${rpc.host}: the answer is no height`);
}
