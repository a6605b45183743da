import {
  type Answer,
  changeResults,
  type Deed,
  type Fault,
  onCall,
  type RpcItem,
  type RpcQuestion,
} from "../standin/proxy/mod.ts";
import type { World } from "./faulty_world.ts";

/** Arm lets one fault begin. The proxy's `heal` ends it, and so does what is given, where anything is. */
export type Arm = (world: World) => Cure | Promise<Cure>;

/** Cure ends what no proxy can end. */
export type Cure = (() => void) | void;

const html = "<html><head><title>oops</title></head><body><h1>Internal Server Error</h1></body></html>";

/** plain is an answer that a proxy in between gives by itself. */
export function plain(status: number, text: string, headers: Record<string, string> = {}): Deed {
  const answer: Answer = { status, headers: { "Content-Type": "text/html", ...headers }, text };
  return { kind: "answer", answer };
}

/** faultsOfAll are those that can meet a node of any kind. */
export const faultsOfAll = {
  end: { kind: "cut", when: "before", how: "end" },
  "end-after": { kind: "cut", when: "after", how: "end" },
  reset: { kind: "cut", when: "after", how: "reset" },
  half: { kind: "half", then: "end" },
  slow: { kind: "slow", ms: 150 },
  "500-html": plain(500, html),
  "200-empty": plain(200, ""),
  "no-http": { kind: "raw", text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nmail\r\n" },
  redirect: plain(301, "", { Location: "https://127.0.0.1:1/" }),
  "429": plain(429, "<h1>Too Many Requests</h1>"),
} as const satisfies Readonly<Record<string, Deed>>;

const change = (by: (call: RpcQuestion, item: RpcItem) => RpcItem | undefined): Deed => ({
  kind: "change",
  change: changeResults(by),
});
const result = (value: unknown): Deed => change((_, item) => ({ ...item, result: value }));
const error = (code: number, message: string): Deed =>
  change(({ id }) => ({ id, result: null, error: { code, message } }));

const arm =
  (deed: Deed, ...methods: string[]): Arm =>
  (world) =>
    world.btc.arm(onCall(deed, ...methods));

const outOfRange = { code: -1, message: "Block number out of range" };

/** tipAt lets the node end at a height. */
function tipAt(height: number): Deed {
  return change(({ method, params }, item) => {
    if (method === "getblockcount") return { ...item, result: height };
    if (method !== "getblockhash" || Number(params[0]) <= height) return item;
    return { ...item, result: null, error: outOfRange };
  });
}

/** otherHashes gives each block from this height on a hash that nobody knows. */
function otherHashes(from: number): Deed {
  return change(({ method, params: [height] }, item) =>
    method === "getblockhash" && Number(height) >= from && item.error === null
      ? { ...item, result: Number(height).toString(16).padStart(64, "e") }
      : item,
  );
}

/** changedHex changes a block's hex text. */
const changedHex = (by: (hex: string) => string) =>
  change((_, item) => ({ ...item, result: by(String(item.result)) }));

/** Many blocks come at once, and one of them is not what the miner made. */
async function falseBacklog({ btc, chains }: World): Promise<void> {
  const tip = await chains.wallet.height();
  btc.arm(onCall(tipAt(tip)));
  await chains.wallet.generate(60);
  const forged = await chains.btcd.call("getblockhash", tip + 30);
  const deed = change(({ method, params: [hash] }, item) =>
    method === "getblock" && hash === forged
      ? { ...item, result: `${String(item.result).slice(0, -8)}01020304` }
      : item,
  );
  btc.arm(onCall(deed));
}

/** oneOfThree lets a fault meet the first, the fourth, the seventh… of the requests that it fits. */
export function oneOfThree(fault: Fault): Fault {
  let fitting = 0;
  return (question) => {
    const deed = fault(question);
    return deed !== undefined && fitting++ % 3 === 0 ? deed : undefined;
  };
}

/** The block after the tip is said to be an older one. */
async function otherParent({ btc, chains }: World): Promise<void> {
  const tip = await chains.wallet.height();
  const older = await chains.btcd.call("getblockhash", tip - 2);
  const deed = change(({ method, params: [height] }, item) =>
    method === "getblockhash" && Number(height) > tip ? { ...item, result: older } : item,
  );
  btc.arm(onCall(deed));
}

interface Height {
  readonly asked: number;
  /** Before the payment of the row, and so the daemon's own height. */
  readonly ours: number;
  readonly tip: number;
  readonly batch: boolean;
}

/** noHashes lets the node not know the hashes at some heights, though it has a tip above them. */
function noHashes(missing: (height: Height) => boolean): Arm {
  return async ({ btc, chains }) => {
    const ours = await chains.wallet.height();
    btc.arm((question) => {
      const batch = question.body.startsWith("[");
      const deed = change(({ method, params }, item) => {
        const height = { asked: Number(params[0]), ours, tip: ours + 1, batch };
        return method === "getblockhash" && height.asked > 0 && missing(height)
          ? { ...item, result: null, error: outOfRange }
          : item;
      });
      return onCall(deed)(question);
    });
  };
}

async function otherBlock({ btc, chains }: World): Promise<void> {
  const tip = await chains.wallet.height();
  const older = await chains.btcd.call("getblock", await chains.btcd.call("getblockhash", tip), 0);
  btc.arm(onCall(result(older), "getblock"));
}

/** btcdFaults lets each row about btcd begin. */
export const btcdFaults: Readonly<Record<string, Arm>> = {
  "btc-refuse": ({ btc }) => btc.refuse(),
  "btc-hang": arm({ kind: "hang" }),
  "btc-end": arm(faultsOfAll.end),
  "btc-reset": arm(faultsOfAll.reset),
  "btc-half": arm(faultsOfAll.half),
  "btc-slow": arm(faultsOfAll.slow),
  "btc-flap": ({ btc }) => btc.arm(oneOfThree(onCall(faultsOfAll.end))),
  "btc-wrong-id": arm(change((_, item) => ({ ...item, id: 4_711_000 }))),
  "btc-short-batch": arm(
    change(() => undefined),
    "getblock",
  ),
  "btc-text-height": arm(result("700"), "getblockcount"),
  "btc-null-hash": arm(result(null), "getblockhash"),
  "btc-no-result": arm(result(undefined)),
  "btc-error": arm(error(-28, "Loading block index...")),
  "btc-other-network": arm(otherHashes(0)),
  "btc-other-branch": arm(otherHashes(1)),
  "btc-stale-tip": async ({ btc, chains }) => btc.arm(onCall(tipAt(await chains.wallet.height()))),
  "btc-tip-falls": async ({ btc, chains }) => btc.arm(onCall(tipAt((await chains.wallet.height()) - 5))),
  "btc-far-tip": arm(result(1_000_000_000), "getblockcount"),
  "btc-no-hash": noHashes(({ tip, asked }) => asked < tip),
  "btc-no-next-hash": noHashes(({ asked, batch, ours }) => batch && asked > ours),
  "btc-pruned": arm(error(-1, "Block not available (pruned data)"), "getblock"),
  "btc-other-block": otherBlock,
  "btc-missing-block": arm(error(-5, "Block not found"), "getblock"),
  "btc-parent": otherParent,
  "btc-false-block": arm(
    changedHex((hex) => hex.slice(0, -8) + "01020304"),
    "getblock",
  ),
  "btc-false-backlog": falseBacklog,
  "btc-cut-block": arm(
    changedHex((hex) => hex.slice(0, hex.length - 8)),
    "getblock",
  ),
  "btc-large": arm({ kind: "large", bytes: 3_000_000 }, "getblockcount"),
  "btc-large-block": arm({ kind: "large", bytes: 25_000_000 }, "getblock"),
  "btc-401": arm(plain(401, "401 Unauthorized.")),
  "btc-403": arm(plain(403, "")),
  "btc-429": arm(faultsOfAll["429"]),
  "btc-500-html": arm(faultsOfAll["500-html"]),
  "btc-503": arm(plain(503, "503 Too busy.  Try again later.")),
  "btc-200-empty": arm(faultsOfAll["200-empty"]),
  "btc-certificate": ({ btc, otherPair }) => btc.show(otherPair),
  "btc-no-tls": ({ btc }) => btc.show(undefined),
  "btc-no-http": arm(faultsOfAll["no-http"]),
  "btc-redirect": arm(faultsOfAll.redirect),
};

/** anyBtcdFaults are those that can come and go with each request. */
export const anyBtcdFaults: readonly Fault[] = [
  ...Object.values(faultsOfAll).map((deed) => onCall(deed)),
  onCall(change((_, item) => ({ ...item, id: 4_711_000 }))),
  onCall(change((_, { id }) => ({ id, result: null, error: null }))),
  onCall(change((_, item) => ({ ...item, result: 17 }))),
  onCall(error(-28, "Loading block index...")),
  onCall(plain(401, "")),
  onCall(tipAt(300)),
  onCall(otherHashes(0)),
];
