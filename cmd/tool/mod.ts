/**
 * tool: what an operator needs beside the daemon: deposit addresses, keys, the pool file.
 *
 * Promise: results go to stdout; an error is one clear line on stderr and ends with 1, a wrong
 * command line shows the usage and ends with 2; a pool file is replaced whole or not at all.
 */
import { parse } from "#internal/cli";
import { messageOf, type Result } from "#internal/fault";
import { Command, Option } from "commander";

/** ToolIo is the world outside of the tool. */
export interface ToolIo {
  stdout(text: string): void;
  stderr(text: string): void;
  /** random gives so many bytes that nobody can guess. */
  random(length: number): Uint8Array;
}

/** The two flags stand before or after the command, as in Go or as elsewhere. */
interface Flags {
  readonly json?: true;
  readonly btcfile: string;
}

/** A command writes its result, or is refused with the reason. */
type Run = (io: ToolIo) => Promise<Result<void, string>>;

/** runTool runs the command that the arguments name and gives the exit code: 0, 1 for an error, 2 for a wrong command line. */
export async function runTool(args: readonly string[], io: ToolIo): Promise<0 | 1 | 2> {
  const chosen: Run[] = [];
  const stopped = parse(
    program((run) => chosen.push(run)),
    documentedShort(args),
  );
  if (stopped !== undefined) {
    io.stdout(stopped.stdout);
    io.stderr(stopped.stderr);
    return stopped.exit;
  }
  for (const run of chosen) {
    const done = await attempt(run, io);
    if (done !== undefined) {
      io.stderr(`tool: ${done}\n`);
      return 1;
    }
  }
  return 0;
}

async function attempt(run: Run, io: ToolIo): Promise<string | undefined> {
  try {
    const done = await run(io);
    return done.ok ? undefined : done.refusal;
  } catch (error) {
    return messageOf(error);
  }
}

// What only some commands need comes when it is asked for: the curve takes its time, and the pool commands
// bring the packages of the store, whose addon has to be unpacked.
const keys = () => import("./keys.ts");
const pool = () => import("./pool.ts");

function program(choose: (run: Run) => void): Command {
  const tool = new Command("tool")
    .description(
      "Deposit addresses, keys and the pool file. A value that begins with a dash stands after --.",
    )
    .usage("[-json] [-btcfile FILE] COMMAND")
    .helpOption("-h, --help", "print this text")
    .helpCommand("help [command]", "print this text, or that of a command")
    .addOption(new Option("--json", "newbtcaddress: as a JSON pool file"))
    .addOption(
      new Option("--btcfile <file>", "addbtcaddress, getbtcaddress: the pool file").default(
        "btc_addresses.json",
      ),
    );
  tool
    .command("newbtcaddress")
    .description("the first NUM deposit addresses of a deterministic wallet with this seed, one a line")
    .argument("<seed>", "the text of the seed; whoever knows it owns the deposits")
    .argument("<num>", "how many")
    .action((seed: string, num: string) => {
      const { json } = tool.opts<Flags>();
      choose(async (io) => (await keys()).newBitcoinAddresses({ seed, num, json: json === true }, io.stdout));
    });
  tool
    .command("newkeys")
    .description("a new random key pair, as JSON; the secret key is shown")
    .action(() => choose(async (io) => (await keys()).newKeys(io)));
  tool
    .command("addbtcaddress")
    .description("check an address and append it to the pool file, which is made where there is none")
    .argument("<address>", "a Bitcoin address of the main network")
    .action((address: string) =>
      choose(async () => (await pool()).addAddress(tool.opts<Flags>().btcfile, address)),
    );
  tool
    .command("getbtcaddress")
    .description("print the pool file")
    .action(() => choose(async (io) => (await pool()).readPool(tool.opts<Flags>().btcfile, io.stdout)));
  return tool;
}

/**
 * documentedShort adds the command that the user's document leaves out in `tool SEED NUM`, and spells
 * `h` as `help`.
 */
function documentedShort(args: readonly string[]): readonly string[] {
  const [first = "", second = "", ...more] = args.filter((arg) => !/^--?json$/.test(arg));
  if (first === "h") return args.map((arg) => (arg === "h" ? "help" : arg));
  const known = program(() => {}).commands.some((command) => command.name() === first);
  if (known || first === "help" || first.startsWith("-") || more.length > 0 || !/^\d+$/.test(second))
    return args;
  return ["newbtcaddress", ...args];
}
