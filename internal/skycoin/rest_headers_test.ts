import { expect, test } from "bun:test";
import { Fault } from "#internal/fault";
import { stringify } from "#internal/json";
import type { Http } from "#internal/rpc";
import { nodeOver } from "./rest.ts";

const signal = new AbortController().signal;
const nullHash = "00".repeat(32);

/** The genesis header of the private test chain, as a stock node shows it. */
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

/** A node that tells this header as its newest, and of every block that it is asked for. */
function telling(own: object) {
  const header = { ...head, ...own };
  const health = {
    blockchain: { head: header },
    version: { version: "0.27.1" },
    coin: "skycoin",
    open_connections: 1,
    user_verify_transaction: { burn_factor: 10, max_transaction_size: 32_768, max_decimals: 3 },
  };
  const http: Http = {
    host: "node:6420",
    request: async ({ path }) => ({
      status: 200,
      text: stringify(path.includes("health") ? health : { header }),
    }),
  };
  return nodeOver(http);
}

test("a true header is taken", async () => {
  expect((await telling({}).health(signal)).head).toMatchObject({ seq: 0, hash: head.block_hash });
  expect(await telling({}).blockHash(0, signal)).toBe(head.block_hash);
});

// A number that does not fit into the bytes of a header must not end the process where the hash is made.
test.each([
  ["a version of more than 32 bits", { version: 2 ** 40 }],
  ["a version just beyond 32 bits", { version: 2 ** 32 }],
  ["the largest version, which has another hash", { version: 2 ** 32 - 1 }],
  ["a negative version", { version: -1 }],
  ["a version with a fraction", { version: 0.5 }],
  ["a fee that was not burned", { fee: 5 }],
  ["a fee of more than 64 bits", { fee: 2n ** 64n }],
  ["the largest time that a double counts", { timestamp: Number.MAX_SAFE_INTEGER }],
  ["a time beyond 64 bits", { timestamp: 2n ** 64n }],
  ["a sequence that a double does not count", { seq: 2n ** 63n }],
  ["a hash in capitals", { block_hash: head.block_hash.toUpperCase() }],
  ["a parent that is no hash", { previous_block_hash: "00" }],
])("a header with %s is a fault of the node, to be asked again", async (_name, own) => {
  const node = telling(own);
  for (const asked of [node.health(signal), node.blockHash(0, signal)]) {
    const error: unknown = await asked.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Fault);
    expect(error).toMatchObject({ fate: "retry", message: expect.stringMatching(/^\/api\//) });
  }
});
