import { describe, expect, test } from "bun:test";
import { manualClock, systemClock } from "#internal/clock";
import { Fault, fateOf } from "#internal/fault";
import { droplet, hours } from "#internal/money";
import type { Http, HttpRequest } from "#internal/rpc";
import { addressText, parseAddress } from "./address.ts";
import { nodeOver, restNode } from "./rest.ts";
import { transactionHex, txidOf, unsignedTransaction } from "./transaction.ts";
import { uxidOf } from "./uxout.ts";

const signal = new AbortController().signal;
const nullHash = "00".repeat(32);

/** The genesis block and its output of the private test chain, as a stock node shows them. */
const head = {
  seq: 0,
  block_hash: "9248872b784360f54533c77c797bd524a41fb7c64bd079431ee12fbd35fa4ae9",
  previous_block_hash: nullHash,
  timestamp: 1700000000,
  fee: 0,
  version: 0,
  tx_body_hash: "faae83c7fda7504b106b3d99365816e69fdc3cbfb592d523ce282024e0812fb4",
  ux_hash: nullHash,
};
const genesis = "79eaea1139489d582d36006c96057c4eb9ea3a41585a172b4a8a3a9b136f405e";
const owner = "pYFPybw6QvtDMMha2tmUcXr4KscZQD7aYw";
const spender = "f965cd1cb3709bfa4e4f05e9a9313bec2721935a38fc1122caf44fc3aa9cc4fa";
const output = {
  hash: genesis,
  time: 1700000000,
  block_seq: 0,
  src_tx: nullHash,
  address: owner,
  coins: "100000000.000000",
  hours: 100000000000000,
  calculated_hours: 100000000000000,
};
const limits = { burn_factor: 10, max_transaction_size: 32768, max_decimals: 3 };
const health = {
  blockchain: { head, unspents: 1, unconfirmed: 0, time_since_last_block: "26459h5m4s" },
  version: { version: "0.27.1", commit: "", branch: "" },
  coin: "skycoin",
  open_connections: 1,
  user_verify_transaction: limits,
  unconfirmed_verify_transaction: limits,
};
const uxout = {
  uxid: genesis,
  time: 1700000000,
  src_block_seq: 0,
  src_tx: nullHash,
  owner_address: owner,
  coins: 100000000000000,
  hours: 100000000000000,
  calculated_hours: 100000000000000,
  spent_block_seq: 0,
  spent_tx: nullHash,
};

const tx = (() => {
  const address = parseAddress(owner);
  if (!address.ok) throw new Error(address.refusal);
  return unsignedTransaction(
    [genesis],
    [{ address: address.value, coins: droplet(1000n), hours: hours(1n) }],
  );
})();
const raw = transactionHex(tx);
const txid = txidOf(tx);

type Reply = { readonly status: number; readonly body: unknown } | Fault;
type Seen = Pick<HttpRequest, "method" | "path" | "body" | "headers" | "effect">;

/** A node that gives these answers in this order, and remembers what it was asked. A token is given on every request for one. */
function scripted(...replies: readonly Reply[]) {
  const seen: Seen[] = [];
  const left = [...replies];
  let tokens = 0;
  const http: Http = {
    host: "node:6420",
    async request(request) {
      seen.push(request);
      if (request.path === "/api/v1/csrf") {
        tokens++;
        return { status: 200, text: JSON.stringify({ csrf_token: `token-${tokens}` }) };
      }
      const reply = left.shift();
      if (reply === undefined) throw new Error(`unexpected request ${request.path}`);
      if (reply instanceof Fault) throw reply;
      const { status, body } = reply;
      return { status, text: typeof body === "string" ? body : JSON.stringify(body) };
    },
  };
  return { node: nodeOver(http), seen, left };
}

const ok = (body: unknown): Reply => ({ status: 200, body });
const plain = (status: number, body: string): Reply => ({ status, body: `${body}\n` });

async function faultOf(call: Promise<unknown>): Promise<Fault> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("no fault");
}

describe("a node's answers are read", () => {
  test("health, with the stricter of its two sets of rules", async () => {
    const pool = { burn_factor: 2, max_transaction_size: 16384, max_decimals: 4 };
    const { node } = scripted(ok({ ...health, unconfirmed_verify_transaction: pool }));
    expect(await node.health(signal)).toEqual({
      coin: "skycoin",
      version: "0.27.1",
      head: { seq: 0, hash: head.block_hash, time: 1700000000 },
      openConnections: 1,
      burnFactor: 2n,
      maxTransactionSize: 16384,
      maxDecimals: 3,
    });
  });

  test("the hash of a block, and of none", async () => {
    const { node, seen } = scripted(
      ok({ header: head, body: { txns: [] }, size: 86 }),
      plain(404, "404 Not Found"),
    );
    expect(await node.blockHash(0, signal)).toBe(head.block_hash);
    expect(await node.blockHash(99, signal)).toBeUndefined();
    expect(seen.map((request) => request.path)).toEqual(["/api/v1/block?seq=0", "/api/v1/block?seq=99"]);
  });

  test("unspent outputs, and which of them are on their way out", async () => {
    const answer = { head, head_outputs: [output], outgoing_outputs: [output, output], incoming_outputs: [] };
    const { node } = scripted(ok(answer));
    expect(await node.outputs([owner], signal)).toEqual({
      head: { seq: 0, hash: head.block_hash, time: 1700000000 },
      unspent: [
        {
          uxid: genesis,
          address: owner,
          coins: droplet(100_000_000_000_000n),
          hours: hours(100_000_000_000_000n),
          blockSeq: 0,
          srcTx: nullHash,
        },
      ],
      outgoing: new Set([genesis]),
    });
  });

  test("hours beyond what a double holds, to the last digit", async () => {
    const address = parseAddress(owner);
    if (!address.ok) throw new Error(address.refusal);
    const many = 18_446_744_073_709_551_557n;
    const facts = { address: address.value, coins: droplet(1_000_000n), hours: hours(many) };
    const text = JSON.stringify({
      head,
      head_outputs: [
        { ...output, hash: uxidOf(nullHash, facts), coins: "1.000000", hours: 1, calculated_hours: 2 },
      ],
      outgoing_outputs: [],
    });
    const exact = text
      .replace('"hours":1', `"hours":${many}`)
      .replace('"calculated_hours":2', `"calculated_hours":${many}`);
    const { node } = scripted({ status: 200, body: exact });
    expect((await node.outputs([owner], signal)).unspent[0]?.hours).toBe(hours(many));
  });

  test("an output, spent, unspent and unknown", async () => {
    const { node } = scripted(
      ok(uxout),
      ok({ ...uxout, spent_block_seq: 1, spent_tx: spender }),
      plain(400, `400 Bad Request - uxout of ${genesis} does not exist`),
      plain(404, "404 Not Found"),
    );
    const fresh = await node.uxout(genesis, signal);
    expect(fresh).toEqual({
      uxid: genesis,
      address: owner,
      coins: droplet(100_000_000_000_000n),
      srcTx: nullHash,
      spent: undefined,
    });
    expect((await node.uxout(genesis, signal))?.spent).toEqual({ txid: spender, blockSeq: 1 });
    expect(await node.uxout(genesis, signal)).toBeUndefined();
    expect(await node.uxout(genesis, signal)).toBeUndefined();
  });

  test("a transaction, pending, confirmed and unknown, and its bytes", async () => {
    const told = (status: object): Reply =>
      ok({ status: { height: 0, block_seq: 0, ...status }, time: 1, txn: { txid } });
    const { node } = scripted(
      told({ confirmed: false, unconfirmed: true }),
      told({ confirmed: true, unconfirmed: false, height: 3, block_seq: 7 }),
      plain(404, "404 Not Found"),
      ok(`"${raw}"`),
      plain(404, "404 Not Found"),
    );
    expect(await node.transaction(txid, signal)).toEqual({ confirmed: false, blockSeq: undefined });
    expect(await node.transaction(txid, signal)).toEqual({ confirmed: true, blockSeq: 7 });
    expect(await node.transaction(txid, signal)).toBeUndefined();
    expect(await node.rawTransaction(txid, signal)).toBe(raw);
    expect(await node.rawTransaction(txid, signal)).toBeUndefined();
  });
});

describe("nothing false is believed", () => {
  const outputsOf = (change: object) =>
    ok({ head, head_outputs: [{ ...output, ...change }], outgoing_outputs: [] });
  const customer = "268TDBw88ffBmxjaARRARkaAp186TTnJVcP";
  type Call = (node: ReturnType<typeof nodeOver>) => Promise<unknown>;
  const getOutputs: Call = (node) => node.outputs([owner], signal);
  const getUxout: Call = (node) => node.uxout(genesis, signal);
  const getHealth: Call = (node) => node.health(signal);
  const getTransaction: Call = (node) => node.transaction(txid, signal);
  const cases: readonly [string, Call, Reply, string][] = [
    ["a page instead of JSON", getHealth, ok("<html>"), "/api/v1/health: the answer is an HTML page"],
    ["half of it", getHealth, ok('{"coin"'), "/api/v1/health: the answer is not JSON"],
    ["an empty answer", getHealth, ok(""), "/api/v1/health: the answer is empty"],
    ["a null", getHealth, ok("null"), "/api/v1/health: the answer is not as expected at its top"],
    [
      "no rules",
      getHealth,
      ok({ ...health, user_verify_transaction: undefined }),
      "at user_verify_transaction",
    ],
    [
      "a burn factor of 0",
      getHealth,
      ok({ ...health, user_verify_transaction: { ...limits, burn_factor: 0 } }),
      "at user_verify_transaction.burn_factor",
    ],
    [
      "a false block hash",
      getHealth,
      ok({ ...health, blockchain: { head: { ...head, timestamp: 1 } } }),
      "has a block 0 whose hash is false",
    ],
    ["another block", (node) => node.blockHash(5, signal), ok({ header: head }), "is block 0, asked was 5"],
    ["coins as a number", getOutputs, outputsOf({ coins: 1 }), "at head_outputs.0.coins"],
    ["too many decimals", getOutputs, outputsOf({ coins: "1.0000001" }), "Too many decimal places"],
    ["other coins than the hash says", getOutputs, outputsOf({ coins: "1.000000" }), "whose hash is false"],
    ["other hours than the hash says", getOutputs, outputsOf({ hours: 7 }), "whose hash is false"],
    ["another owner than the hash says", getOutputs, outputsOf({ address: customer }), "whose hash is false"],
    ["a bad address", getOutputs, outputsOf({ address: "abc" }), "Invalid address length"],
    ["negative hours", getOutputs, outputsOf({ calculated_hours: -1 }), "not an unsigned 64-bit integer"],
    [
      "hours with a fraction",
      getOutputs,
      outputsOf({ calculated_hours: 1.5 }),
      "at head_outputs.0.calculated_hours",
    ],
    [
      "an output that was not asked for",
      (node) => node.outputs([customer], signal),
      outputsOf({}),
      "which was not asked for",
    ],
    [
      "another output",
      (node) => node.uxout(spender, signal),
      ok(uxout),
      `is output ${genesis}, asked was ${spender}`,
    ],
    ["an output with other coins", getUxout, ok({ ...uxout, coins: 5 }), "whose hash is false"],
    [
      "another transaction",
      getTransaction,
      ok({ status: { confirmed: true, unconfirmed: false, block_seq: 1 }, txn: { txid: spender } }),
      `is transaction ${spender}`,
    ],
    [
      "both confirmed and not",
      getTransaction,
      ok({ status: { confirmed: true, unconfirmed: true, block_seq: 1 }, txn: { txid } }),
      "neither confirmed nor",
    ],
    [
      "other bytes",
      (node) => node.rawTransaction(spender, signal),
      ok(`"${raw}"`),
      `is not transaction ${spender}`,
    ],
  ];
  test.each(cases)("%s", async (_name, call, reply, message) => {
    const fault = await faultOf(call(scripted(reply).node));
    expect(fault.message).toContain(message);
    expect(fault.message).toStartWith("/api/");
    expect(fault.fate).toBe("retry");
  });

  test("the outputs of no address are not asked for: that would be all of them", async () => {
    const { node, seen } = scripted();
    expect(node.outputs([], signal)).rejects.toThrow("outputs of no address");
    expect(seen).toEqual([]);
  });
});

describe("a status that is no answer has a fate", () => {
  test.each([
    [401, "stop"],
    [403, "stop"],
    [404, "stop"],
    [400, "stop"],
    [429, "retry"],
    [500, "retry"],
    [502, "retry"],
    [503, "retry"],
  ] as const)("%i to a question: %s", async (status, fate) => {
    const fault = await faultOf(scripted(plain(status, `${status} Some Text - why`)).node.health(signal));
    expect(fault.fate).toBe(fate);
    expect(fault.message).toBe(`/api/v1/health: ${status} why`);
    expect(fault.op).toBe("skycoin.health");
  });
});

describe("what is handed in carries a token", () => {
  const refused = plain(403, "403 Forbidden - invalid CSRF token");
  const v2refused: Reply = { status: 403, body: { error: { message: "csrf token expired", code: 403 } } };

  test("a fresh one each time", async () => {
    const { node, seen } = scripted(ok(JSON.stringify(txid)), ok(JSON.stringify(txid)));
    await node.inject(raw, signal);
    await node.inject(raw, signal);
    const posts = seen.filter((request) => request.method === "POST");
    expect(posts.map((request) => request.headers?.["X-CSRF-Token"])).toEqual(["token-1", "token-2"]);
    expect(posts[0]?.headers?.["Content-Type"]).toBe("application/json");
    expect(posts[0]?.body).toBe(JSON.stringify({ rawtx: raw }));
    expect(seen.map((request) => request.effect)).toEqual([false, true, false, true]);
  });

  test.each([
    ["inject", refused],
    ["verify", v2refused],
  ] as const)("a refused one is replaced once: %s", async (call, refusal) => {
    const good = call === "inject" ? ok(JSON.stringify(txid)) : ok({ data: {} });
    const { node, seen } = scripted(refusal, good);
    expect((await node[call](raw, signal)).ok).toBe(true);
    expect(seen).toHaveLength(4);
    const twice = await faultOf(scripted(refusal, refusal).node[call](raw, signal));
    expect(twice.fate).toBe("retry");
    expect(twice.message).toContain("CSRF");
  });

  test("none where the node has the check switched off", async () => {
    const seen: HttpRequest[] = [];
    const http: Http = {
      host: "node:6420",
      async request(request) {
        seen.push(request);
        if (request.method === "GET") return { status: 404, text: "404 Not Found\n" };
        return { status: 200, text: `"${txid}"\n` };
      },
    };
    expect(await nodeOver(http).inject(raw, signal)).toEqual({ ok: true, value: txid });
    expect(seen[1]?.headers).toEqual({ "Content-Type": "application/json" });
  });

  test("without one that can be had, nothing is handed in and nothing has happened", async () => {
    const seen: string[] = [];
    const http: Http = {
      host: "node:6420",
      async request(request) {
        seen.push(request.method);
        return { status: 500, text: "500 Internal Server Error - no entropy\n" };
      },
    };
    const fault = await faultOf(nodeOver(http).inject(raw, signal));
    expect(fault.fate).toBe("retry");
    expect(seen).toEqual(["GET"]);
  });

  test("long lists of addresses go as a form, short ones in the query", async () => {
    const addresses = Array.from({ length: 30 }, (_, i) => `${owner}${i}`);
    const empty = ok({ head, head_outputs: [], outgoing_outputs: [] });
    const { node, seen } = scripted(empty, empty);
    await node.outputs(addresses, signal);
    expect(seen[1]).toMatchObject({ method: "POST", path: "/api/v1/outputs", effect: false });
    expect(seen[1]?.headers?.["Content-Type"]).toBe("application/x-www-form-urlencoded");
    expect(new URLSearchParams(seen[1]?.body).get("addrs")).toBe(addresses.join(","));
    await node.outputs(addresses.slice(0, 2), signal);
    expect(seen[2]).toMatchObject({ method: "GET" });
    expect(new URL(`http://x${seen[2]?.path}`).searchParams.get("addrs")).toBe(
      addresses.slice(0, 2).join(","),
    );
  });
});

describe("inject", () => {
  test("takes the node's txid only if it is ours", async () => {
    expect(await scripted(ok(`"${txid}"\n`)).node.inject(raw, signal)).toEqual({ ok: true, value: txid });
    for (const body of [`"${spender}"`, txid, "", "null", '{"txid":1}']) {
      const fault = await faultOf(scripted({ status: 200, body }).node.inject(raw, signal));
      expect(fault.fate).toBe("ask");
    }
  });

  test("gives the node's words for a refusal", async () => {
    const words = "Transaction violates hard constraint: Duplicate output in transaction";
    const { node } = scripted(plain(400, `400 Bad Request - ${words}`));
    expect(await node.inject(raw, signal)).toEqual({ ok: false, refusal: words });
  });

  test.each([
    [503, "503 Service Unavailable - No addresses provided", "ask"],
    [503, "503 Service Unavailable - Networking is disabled", "ask"],
    [500, "500 Internal Server Error - database not open", "ask"],
    [502, "<html>Bad Gateway</html>", "ask"],
    [504, "", "ask"],
    [408, "408 Request Timeout", "ask"],
    [201, "{}", "ask"],
    [429, "429 Too Many Requests", "retry"],
    [401, "401 Unauthorized", "stop"],
    [403, "403 Forbidden - Endpoint is disabled", "stop"],
    [404, "404 Not Found", "stop"],
    [413, "413 Request Entity Too Large", "stop"],
  ] as const)("%i %s: %s", async (status, body, fate) => {
    const fault = await faultOf(scripted(plain(status, body)).node.inject(raw, signal));
    expect(fault.fate).toBe(fate);
  });

  test("passes on what the connection says", async () => {
    const broken = new Fault("skycoin.inject", "ask", "closed before the answer");
    expect(await faultOf(scripted(broken).node.inject(raw, signal))).toBe(broken);
  });

  test("never sends bytes that are no transaction", async () => {
    const { node, seen } = scripted();
    await expect(node.inject(raw.slice(2), signal)).rejects.toThrow("no transaction");
    expect(seen).toEqual([]);
  });
});

describe("verify", () => {
  test("says yes, or no with the node's words", async () => {
    const words = "Transaction violates soft constraint: Transaction has zero coinhour fee";
    const { node, seen } = scripted(
      ok({ data: { unsigned: true, confirmed: false } }),
      { status: 422, body: { error: { message: words, code: 422 }, data: {} } },
      { status: 400, body: { error: { message: "decode transaction failed: x", code: 400 } } },
    );
    expect(await node.verify(raw, signal)).toEqual({ ok: true, value: undefined });
    expect(await node.verify(raw, signal)).toEqual({ ok: false, refusal: words });
    expect(await node.verify(raw, signal)).toEqual({ ok: false, refusal: "decode transaction failed: x" });
    expect(JSON.parse(seen[1]?.body ?? "")).toEqual({ encoded_transaction: raw, unsigned: true });
    expect(seen[1]?.effect).toBe(false);
  });

  test("is to be asked again after trouble", async () => {
    const fault = await faultOf(
      scripted(plain(500, "500 Internal Server Error - x")).node.verify(raw, signal),
    );
    expect(fault.fate).toBe("retry");
  });
});

describe("an address of a node", () => {
  test("is a host and port, or a URL", async () => {
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) =>
        new URL(request.url).pathname.endsWith("/api/v1/health")
          ? Response.json(health)
          : new Response("", { status: 404 }),
    });
    const place = `127.0.0.1:${server.port}`;
    for (const address of [place, `http://${place}`, `http://${place}/`, `http://${place}/behind/proxy`]) {
      const told = await restNode({ address, clock: systemClock, deadlineMs: 5000 }).health(signal);
      expect(told.coin).toBe("skycoin");
    }
  });

  test.each(["", "ftp://node:6420", "http://", "node port"])("%p is none", (address) => {
    const open = () => restNode({ address, clock: manualClock() });
    expect(open).toThrow(Fault);
    try {
      open();
    } catch (error) {
      expect(fateOf(error)).toBe("stop");
    }
  });
});

test("the output of this test is what it seems", () => {
  const address = parseAddress(owner);
  expect(address.ok && addressText(address.value)).toBe(owner);
});
