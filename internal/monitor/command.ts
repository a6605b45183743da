import type { Context } from "hono";
import { z } from "zod";
import type { Clock } from "#internal/clock";
import { Fault, messageOf, type Result } from "#internal/fault";
import { bodyText, fail, isJson, json } from "#internal/httpd";
import type { Operator } from "#internal/operator";

/** commandPath is where `teller adopt …` and the like hand over what the operator says. */
export const commandPath = "/api/operator";

const text = z.string().min(1).max(500);
const said = { who: text, why: text };

/** What can be commanded, and with what. */
const command = z.discriminatedUnion("command", [
  z.strictObject({ command: z.literal("adopt"), txid: text, ...said }),
  z.strictObject({
    command: z.literal("foreign"),
    txid: text,
    although: z.array(text).max(1000).optional(),
    ...said,
  }),
  z.strictObject({ command: z.literal("paid"), deposit: text, txid: text, ...said }),
  z.strictObject({ command: z.literal("release"), deposit: text, ...said }),
  z.strictObject({ command: z.literal("rescan"), from: z.int().min(1), ...said }),
]);

/** Command is one thing that the operator says. */
export type Command = z.infer<typeof command>;

const deadlineMs = 30_000;

function carryOut(operator: Operator, given: Command, signal: AbortSignal): Promise<Result<string, string>> {
  switch (given.command) {
    case "adopt":
      return operator.adopt(given.txid, given, signal);
    case "foreign":
      return operator.foreign(given.txid, given, signal, given.although);
    case "paid":
      return operator.paid(given.deposit, given.txid, given, signal);
    case "release":
      return operator.release(given.deposit, given);
    case "rescan":
      return operator.rescan(given.from, given);
  }
}

/** inTime carries out a command. Throws a `Fault` (`ask`) when that takes longer than the deadline. */
async function inTime({ operator, clock }: CommandDesk, given: Command): Promise<Result<string, string>> {
  const late = new AbortController();
  const answered = new AbortController();
  const deadline = clock.sleep(deadlineMs, answered.signal).then((): never => {
    late.abort();
    const seconds = deadlineMs / 1000;
    throw new Fault("monitor.command", "ask", `no answer within ${seconds} s; it may be carried out yet`);
  });
  try {
    return await Promise.race([carryOut(operator, given, late.signal), deadline]);
  } finally {
    answered.abort();
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** CommandDesk is who carries out commands, and the clock of their deadline. */
export interface CommandDesk {
  readonly operator: Operator;
  readonly clock: Clock;
}

/** takeCommand carries out a command: 200 with what was done, 409 with why it was not, 503 while a node is away. */
export async function takeCommand(c: Context, desk: CommandDesk): Promise<Response> {
  if (!isJson(c)) return fail(c, 415, "Invalid content type");
  const body = await bodyText(c);
  if (!body.ok) return fail(c, 413, "the body is too large");
  const given = command.safeParse(parsed(body.value));
  if (!given.success)
    return fail(c, 400, `Invalid command: ${z.prettifyError(given.error).replaceAll("\n", " ")}`);
  try {
    const done = await inTime(desk, given.data);
    return done.ok ? json(c, { done: done.value }) : fail(c, 409, done.refusal);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return fail(c, 503, error.fate === "ask" ? messageOf(error) : `not done: ${messageOf(error)}`);
  }
}
