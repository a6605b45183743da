import type { Context, Hono } from "hono";
import { accept, refuse, type Result } from "#internal/fault";
import { fail, type HttpEnv, json, notAllowed } from "#internal/httpd";
import { largestInt64, type Parameters, parametersOf, wholeNumber } from "./parameters.ts";

/** DummyBroadcast is a payout that the dummy wallet has sent. */
export interface DummyBroadcast {
  readonly txid: string;
  /** Coins as decimal text with six places. */
  readonly outputs: readonly { readonly address: string; readonly coins: string }[];
  readonly confirmed: boolean;
}

/** DummySender is a wallet and its node, in memory. */
export interface DummySender {
  /** broadcasts lists what was sent, oldest first. */
  broadcasts(): Promise<readonly DummyBroadcast[]>;
  /** confirm confirms one of them, by its txid or its place from 0; false when there is none. */
  confirm(which: { readonly txid: string } | { readonly seq: number }): Promise<boolean>;
}

const wrongMethod = "Method Not Allowed";

/** addSender adds `/dummy/sender/broadcasts` and `/dummy/sender/confirm`. */
export function addSender(app: Hono<HttpEnv>, sender: DummySender): void {
  app.get("/dummy/sender/broadcasts", async (c) => {
    const all = await sender.broadcasts();
    return json(
      c,
      all.map(({ txid, outputs, confirmed }) => ({ txid, outputs, confirmed })),
    );
  });
  app.all("/dummy/sender/broadcasts", notAllowed("GET, HEAD", wrongMethod));

  const refused = notAllowed("GET, POST", wrongMethod);
  app.on(["GET", "POST"], "/dummy/sender/confirm", (c) =>
    // A HEAD must change nothing, and Hono hands it to the handler of GET.
    c.req.method === "HEAD" ? refused(c) : confirm(c, sender),
  );
  app.all("/dummy/sender/confirm", refused);
}

async function confirm(c: Context, sender: DummySender): Promise<Response> {
  const parameters = await parametersOf(c);
  if (!parameters.ok) return fail(c, parameters.refusal === "too_large" ? 413 : 400, "Invalid request body");
  const which = readWhich(parameters.value);
  if (!which.ok) return fail(c, 400, which.refusal);
  const found = await sender.confirm(which.value);
  return found ? c.body(null, 200, { "Content-Length": "0" }) : fail(c, 404, "txn not found");
}

type Which = { readonly txid: string } | { readonly seq: number };

/** readWhich reads the documented way: `seq` must be a number even where `txid` is given and wins. */
function readWhich(get: Parameters): Result<Which, string> {
  const txid = get("txid");
  const text = get("seq");
  if (txid === "" && text === "") return refuse("txid or seq required");
  const seq = text === "" ? 0n : wholeNumber(text, largestInt64);
  if (seq === undefined) return refuse("invalid seq");
  return accept(txid === "" ? { seq: Number(seq) } : { txid });
}
