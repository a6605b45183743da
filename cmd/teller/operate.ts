import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { parse, type Stopped } from "#internal/cli";
import { type Config, existsOnDisk, findConfig, loadConfig, problemLine } from "#internal/config";
import { accept, messageOf, refuse, type Result } from "#internal/fault";
import { type Command as Order, commandPath, needsToken } from "#internal/monitor";
import { createHttp } from "#internal/rpc";
import { systemClock } from "#internal/clock";
import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";

interface Given {
  readonly order: Order;
  readonly config: string | undefined;
  readonly dir: string;
}

type Options = { why: string; config?: string; dir: string };
type ForeignOptions = Options & { although?: string[] };
type RescanOptions = Options & { from: number };

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return Number(text);
}

function notEmpty(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It must not be empty.");
  return text;
}

/** nameOf names who gives a command. Without USER in the environment the runtime knows no name: then the number of the user. */
export function nameOf({ username, uid }: { readonly username: string; readonly uid: number }): string {
  return ["", "unknown"].includes(username) ? `uid ${uid}` : username;
}

function program(defaultDir: string, take: (order: Order, options: Options) => void): Command {
  const top = new Command("teller").description(
    "Settles what only a person may decide. teller must be running.",
  );
  const add = (usage: string, text: string) =>
    top
      .command(usage)
      .description(text)
      .requiredOption("--why <text>", "the reason; it is kept with the change", notEmpty)
      .option("-c, --config <file>", "configuration file of the running teller", notEmpty)
      .option("-d, --dir <path>", "its application directory", notEmpty, defaultDir);
  const who = nameOf(userInfo());
  add("adopt <txid>", "this transaction, which spent the anchor, is a payout of ours").action(
    (txid: string, o: Options) => take({ command: "adopt", txid, who, why: o.why }, o),
  );
  add("foreign <txid>", "this transaction, which spent the anchor, is none of ours")
    .option(
      "--although <address...>",
      "it pays this Skycoin address, but not for the deposits that wait here",
    )
    .action((txid: string, o: ForeignOptions) => {
      const although = o.although === undefined ? {} : { although: o.although };
      take({ command: "foreign", txid, ...although, who, why: o.why }, o);
    });
  add("paid <deposit> <txid>", "this deposit was paid by that transaction").action(
    (deposit: string, txid: string, o: Options) =>
      take({ command: "paid", deposit, txid, who, why: o.why }, o),
  );
  add("release <deposit>", "this deposit was looked at: it goes on by itself").action(
    (deposit: string, o: Options) => take({ command: "release", deposit, who, why: o.why }, o),
  );
  add("rescan", "scan again from this block on")
    .requiredOption("--from <height>", "the first block to read again", wholeNumber)
    .action((o: RescanOptions) => take({ command: "rescan", from: o.from, who, why: o.why }, o));
  return top;
}

/** parseOperation reads the arguments of an operator's command. */
export function parseOperation(args: readonly string[], defaultDir: string): Result<Given, Stopped> {
  let given: Given | undefined;
  const stopped = parse(
    program(defaultDir, (order, options) => {
      given = { order, config: options.config, dir: options.dir };
    }),
    args,
  );
  if (stopped !== undefined) return refuse(stopped);
  if (given === undefined) return refuse({ exit: 2, stdout: "", stderr: "error: no command\n" });
  return accept(given);
}

/** Running is what leads to the running teller. */
interface Running {
  readonly config: Config;
  readonly appDir: string;
}

/**
 * runningOf reads the configuration of the running teller. What its paths lead to is the daemon's business: it
 * was started in another directory, and as a user who may read the wallet.
 */
function runningOf({ config: name, dir }: Given): Result<Running, string> {
  const appDir = resolve(dir);
  const found = findConfig({ name, appDir, workDir: process.cwd(), exists: existsOnDisk });
  if (!found.ok) return found;
  const text = readFileSync(found.value, "utf8");
  const loaded = loadConfig({ path: found.value, text, env: {}, exists: () => true });
  if (!loaded.ok) return refuse(`Config error:\n${loaded.refusal.map(problemLine).join("\n")}`);
  return accept({ config: loaded.value.config, appDir });
}

function tokenOf(config: Config, appDir: string): string | undefined {
  const { host, token } = config.adminPanel;
  if (!needsToken(host.text)) return undefined;
  return token?.reveal() ?? readFileSync(join(appDir, "admin_token"), "utf8").trim();
}

const deadlineMs = 60_000;
const maxBytes = 64 * 1024;

async function send({ config, appDir }: Running, order: Order): Promise<Result<string, string>> {
  const { host } = config.adminPanel;
  const token = tokenOf(config, appDir);
  const name = host.host === "" || host.host === "0.0.0.0" || host.host === "::" ? "127.0.0.1" : host.host;
  const base = `http://${name.includes(":") ? `[${name}]` : name}:${host.port}`;
  const http = createHttp({ base, deadlineMs, maxBytes, clock: systemClock });
  const headers = {
    "content-type": "application/json",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const request = {
    op: "teller.operate",
    method: "POST" as const,
    path: commandPath,
    body: JSON.stringify(order),
    headers,
    effect: true,
  };
  const { status, text } = await http.request(request, AbortSignal.timeout(deadlineMs));
  if (status === 200) return accept(answer.parse(JSON.parse(text)).done);
  // A 503 says by itself whether nothing was done or whether it may be carried out yet.
  return refuse(status === 503 ? text.trim() : `not done: ${text.trim()}`);
}

const answer = z.object({ done: z.string() });

/** runOperation hands a command to the running teller. Gives 0 when it was carried out, 1 when not, 2 for a wrong command line. */
export async function runOperation(
  args: readonly string[],
  defaultDir: string,
  out: { stdout(text: string): void; stderr(text: string): void },
): Promise<number> {
  const given = parseOperation(args, defaultDir);
  if (!given.ok) {
    out.stdout(given.refusal.stdout);
    out.stderr(given.refusal.stderr);
    return given.refusal.exit;
  }
  try {
    const running = runningOf(given.value);
    const done = running.ok ? await send(running.value, given.value.order) : running;
    if (done.ok) out.stdout(`${done.value}\n`);
    else out.stderr(`teller: ${done.refusal}\n`);
    return done.ok ? 0 : 1;
  } catch (error) {
    out.stderr(`teller: ${messageOf(error)}\n`);
    return 1;
  }
}
