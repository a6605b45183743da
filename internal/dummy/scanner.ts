import type { Hono } from "hono";
import { accept, refuse, type Result } from "#internal/fault";
import { fail, type HttpEnv, notAllowed } from "#internal/httpd";
import { type CoinType, coinTypes } from "#internal/money";
import { largestInt64, type Parameters, parametersOf, wholeNumber } from "./parameters.ts";

/** DummyDeposit is money that a dummy chain is told to have seen. */
export interface DummyDeposit {
  readonly coin: CoinType;
  readonly address: string;
  /** In the coin's smallest unit. */
  readonly value: bigint;
  /** Only shown: each dummy deposit is a new block of the dummy's own chain (`design.md` §7). */
  readonly height: number;
  /** At most 200 characters, none of them a control character. */
  readonly tx: string;
  readonly n: number;
}

/** DummyScanner is a chain in memory that takes deposits from people. */
export interface DummyScanner {
  /** validAddress tells whether an address is one of this coin on the configured network. */
  validAddress(coin: CoinType, address: string): boolean;
  /** deposit adds a block with this deposit; refused with a text for people. */
  deposit(deposit: DummyDeposit): Promise<Result<void, string>>;
}

const longestTx = 200;
const largestN = 2n ** 32n - 1n;
/** Wei do not fit 64 bits; all there is needs fewer than 96. */
const largestValue: Readonly<Record<CoinType, bigint>> = {
  BTC: largestInt64,
  SKY: largestInt64,
  ETH: 2n ** 96n - 1n,
};

/** addScanner adds `/dummy/scanner/deposit`. */
export function addScanner(app: Hono<HttpEnv>, scanner: DummyScanner): void {
  const path = "/dummy/scanner/deposit";
  app.on(["GET", "POST"], path, async (c) => {
    // A HEAD must change nothing, and Hono hands it to the handler of GET.
    if (c.req.method === "HEAD") return refused(c);
    const parameters = await parametersOf(c);
    if (!parameters.ok)
      return fail(c, parameters.refusal === "too_large" ? 413 : 400, "Invalid request body");
    const deposit = readDeposit(parameters.value, scanner);
    if (!deposit.ok) return fail(c, 400, deposit.refusal);
    const taken = await scanner.deposit(deposit.value);
    return taken.ok ? c.body(null, 200, { "Content-Length": "0" }) : fail(c, 400, taken.refusal);
  });
  const refused = notAllowed("GET, POST", "Method Not Allowed");
  app.all(path, refused);
}

/** readDeposit checks the parameters in the documented order. */
function readDeposit(get: Parameters, scanner: DummyScanner): Result<DummyDeposit, string> {
  const coin = coinTypes.find((name) => name === (get("coin") || "BTC"));
  if (coin === undefined) return refuse("invalid coin");
  const address = get("addr");
  if (address === "") return refuse("addr required");
  if (!scanner.validAddress(coin, address)) return refuse("invalid addr");
  const value = required(get, "value", largestValue[coin]);
  if (!value.ok) return value;
  const height = required(get, "height", BigInt(Number.MAX_SAFE_INTEGER));
  if (!height.ok) return height;
  const tx = get("tx");
  if (tx === "") return refuse("tx required");
  if (tx.length > longestTx) return refuse("tx too long");
  if (/\p{Cc}/u.test(tx)) return refuse("invalid tx");
  const n = wholeNumber(get("n") || "0", largestInt64);
  if (n === undefined) return refuse("invalid n");
  if (n > largestN) return refuse("n too large");
  return accept({ coin, address, value: value.value, height: Number(height.value), tx, n: Number(n) });
}

function required(get: Parameters, name: string, largest: bigint): Result<bigint, string> {
  const text = get(name);
  if (text === "") return refuse(`${name} required`);
  const value = wholeNumber(text, largest);
  return value === undefined ? refuse(`invalid ${name}`) : accept(value);
}
