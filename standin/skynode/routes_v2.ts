import { accept, refuse, type Result } from "#internal/fault";
import {
  decodeTransactionHex,
  isFullySigned,
  type LedgerOutput,
  parseAddress,
  type Transaction,
  txidOf,
} from "#internal/skycoin";
import { type Answer, drop, fail, json } from "./answer.ts";
import { readBody } from "./go.ts";
import { inputsOf } from "./lookup.ts";
import type { Question, Route } from "./question.ts";
import { builtShape, type Inputs } from "./shapes.ts";
import type { World } from "./world.ts";

/** secondRoutes belong to the second version of the interface. Source: `spec/skycoin.md` §14.5. */
export const secondRoutes: Readonly<Record<string, Route>> = {
  "/api/v2/transaction/verify": { methods: ["POST"], answer: verifyTransaction },
  "/api/v2/address/verify": { methods: ["POST"], answer: verifyAddress },
};

function verifyTransaction(question: Question): Answer {
  const fields = { encoded_transaction: "string", unsigned: "bool" } as const;
  const body = readBody(question.body, "VerifyTransactionRequest", fields);
  if (!body.ok) return fail(2, 400, body.refusal);
  const raw = body.value["encoded_transaction"];
  if (typeof raw !== "string" || raw === "") return fail(2, 400, "encoded_transaction is required");
  const tx = decodeTransactionHex(raw);
  if (!tx.ok) return fail(2, 400, `decode transaction failed: ${tx.refusal}`);
  return judge(question.world, tx.value, body.value["unsigned"] === true);
}

function judge(world: World, tx: Transaction, unsigned: boolean): Answer {
  const { view } = world;
  const found = outputsOf(world, tx);
  if (!found.ok) return fail(2, 500, `uxout of ${found.refusal} does not exist`);
  const open = found.value.every(({ spent }) => spent === undefined);
  const confirmed = open ? undefined : view.confirmed(txidOf(tx));
  // The stock node (v0.27.1) falls over a transaction that is not known and spends what is spent.
  if (!open && confirmed === undefined) return drop;
  const inputs = inputsOf(view, tx, confirmed?.blockSeq);
  if (confirmed !== undefined) return verdict(tx, inputs, true, "transaction has been spent");
  const form = unsigned ? "unsigned" : "signed";
  const judged = view.check(tx, world.rules, { form, order: "verify" });
  return verdict(tx, inputs, false, judged.ok ? undefined : judged.refusal.text);
}

function outputsOf({ view }: World, tx: Transaction): Result<readonly LedgerOutput[], string> {
  const outputs = tx.inputs.map((uxid) => view.output(uxid));
  const missing = outputs.indexOf(undefined);
  return missing < 0 ? accept(outputs.flatMap((output) => output ?? [])) : refuse(tx.inputs[missing] ?? "");
}

function verdict(tx: Transaction, inputs: Inputs, confirmed: boolean, message: string | undefined): Answer {
  const data = { unsigned: !isFullySigned(tx), confirmed, transaction: builtShape(tx, inputs) };
  return message === undefined ? json({ data }) : json({ error: { message, code: 422 }, data }, 422);
}

function verifyAddress(question: Question): Answer {
  const body = readBody(question.body, "VerifyAddressRequest", { address: "string" });
  if (!body.ok) return fail(2, 400, body.refusal);
  const text = body.value["address"];
  if (typeof text !== "string" || text === "") return fail(2, 400, "address is required");
  const address = parseAddress(text);
  return address.ok ? json({ data: { version: 0 } }) : fail(2, 422, address.refusal);
}
