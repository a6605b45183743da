import { decodeTransactionHex, transactionHex } from "#internal/skycoin";
import { type Answer, fail, json } from "./answer.ts";
import { goBool, readBody } from "./go.ts";
import { find, inputsOf, involving, type Known } from "./lookup.ts";
import { type Question, readAddresses, readFlag, readHash, type Route } from "./question.ts";
import { pendingShape, statusShape, transactionShape, verboseShape } from "./shapes.ts";
import { take, type World } from "./world.ts";

/** transactionRoutes answer about transactions, and take them. Source: `spec/skycoin.md` §14.5. */
export const transactionRoutes: Readonly<Record<string, Route>> = {
  "/api/v1/transaction": { methods: ["GET"], answer: oneTransaction },
  "/api/v1/rawtx": { methods: ["GET"], answer: rawTransaction },
  "/api/v1/pendingTxs": { methods: ["GET"], answer: pendingTransactions },
  "/api/v1/transactions": { methods: ["GET", "POST"], answer: someTransactions },
  "/api/v1/transactions/num": { methods: ["GET"], answer: transactionCount },
  "/api/v1/injectTransaction": { methods: ["POST"], answer: inject },
  "/api/v1/resendUnconfirmedTxns": { methods: ["POST"], answer: resend },
};

function withStatus(world: World, known: Known, verbose: boolean) {
  const { tx, blockSeq, time } = known;
  const txn = verbose
    ? verboseShape(tx, inputsOf(world.view, tx, blockSeq), time)
    : transactionShape(tx, time);
  return { status: statusShape(blockSeq, world.view.head().seq), time, txn };
}

function oneTransaction(question: Question): Answer {
  const { world } = question;
  const text = question.value("txid");
  if (text === "") return fail(1, 400, "txid is empty");
  const verbose = readFlag(question, "verbose");
  if (!verbose.ok) return verbose.refusal;
  const encoded = readFlag(question, "encoded");
  if (!encoded.ok) return encoded.refusal;
  if (verbose.value && encoded.value) return fail(1, 400, "verbose and encoded cannot be combined");
  const txid = readHash(text);
  if (!txid.ok) return fail(1, 400, txid.refusal);
  const known = find(world.view, txid.value);
  if (known === undefined) return fail(1, 404);
  if (!encoded.value) return json(withStatus(world, known, verbose.value));
  const status = statusShape(known.blockSeq, world.view.head().seq);
  return json({ status, time: known.time, encoded_transaction: transactionHex(known.tx) });
}

function rawTransaction(question: Question): Answer {
  const text = question.value("txid");
  if (text === "") return fail(1, 400, "txid is empty");
  const txid = readHash(text);
  if (!txid.ok) return fail(1, 400, txid.refusal);
  const known = find(question.world.view, txid.value);
  return known === undefined ? fail(1, 404) : json(transactionHex(known.tx));
}

function pendingTransactions(question: Question): Answer {
  const { view } = question.world;
  const verbose = readFlag(question, "verbose");
  if (!verbose.ok) return verbose.refusal;
  return json(
    view.pool().map((pending) => {
      const { tx } = pending;
      const shape = verbose.value ? verboseShape(tx, inputsOf(view, tx, undefined)) : transactionShape(tx);
      return pendingShape(pending, shape);
    }),
  );
}

function someTransactions(question: Question): Answer {
  const { world } = question;
  const verbose = readFlag(question, "verbose");
  if (!verbose.ok) return verbose.refusal;
  const addresses = readAddresses(question.value("addrs"));
  if (!addresses.ok) return fail(1, 400, `parse parameter: 'addrs' failed: ${addresses.refusal}`);
  const text = question.value("confirmed");
  const confirmed = goBool(text);
  if (confirmed === undefined) {
    const why = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`;
    return fail(1, 400, `invalid 'confirmed' value: ${why}`);
  }
  const found = involving(world.view, addresses.value)
    .flatMap((txid) => find(world.view, txid) ?? [])
    .filter(({ blockSeq }) => text === "" || confirmed === (blockSeq !== undefined))
    .toSorted((a, b) => a.time - b.time || (a.txid < b.txid ? -1 : 1));
  return json(found.map((known) => withStatus(world, known, verbose.value)));
}

function transactionCount({ world }: Question): Answer {
  return json({ txns_num: world.view.allConfirmed().length });
}

function inject(question: Question): Answer {
  const { world } = question;
  const body = readBody(question.body, "InjectTransactionRequest", { rawtx: "string", no_broadcast: "bool" });
  if (!body.ok) return fail(1, 400, body.refusal);
  const raw = body.value["rawtx"];
  if (typeof raw !== "string" || raw === "") return fail(1, 400, "rawtx is required");
  const tx = decodeTransactionHex(raw);
  if (!tx.ok) return fail(1, 400, tx.refusal);
  const taken = take(world, tx.value, body.value["no_broadcast"] !== true);
  if (taken.ok) return json(taken.value);
  return fail(1, taken.refusal.kind === "network" ? 503 : 400, taken.refusal.text);
}

function resend({ world }: Question): Answer {
  if (world.peers === 0) return fail(1, 503, "No addresses provided");
  const valid = world.view.pool().filter((pending) => pending.valid);
  return json({ txids: valid.map(({ txid }) => txid) });
}
