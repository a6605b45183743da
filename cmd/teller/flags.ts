import { userInfo } from "node:os";
import { join } from "node:path";
import { parse, type Stopped } from "#internal/cli";
import { accept, type Result, refuse } from "#internal/fault";
import { type CrashPoint, crashPointNames } from "#internal/life";
import { Command, InvalidArgumentError, Option } from "commander";

/** Flags are what the command line of the daemon says. */
export interface Flags {
  /** The value of `-c`, or undefined when it was not given. */
  readonly config: string | undefined;
  /** The application directory: the value of `-d`, or the default below the home directory. */
  readonly dir: string;
  /** For the crash test: the place at which the process kills itself. */
  readonly crashAt: CrashPoint | undefined;
}

/** homeDir is the directory of the user who runs the process: `$HOME` where it is set, else what the system has. */
export function homeDir(): string {
  return userInfo().homedir;
}

/** defaultDir is the documented application directory. */
export function defaultDir(home: string): string {
  return join(home, ".teller-skycoin");
}

/**
 * parseFlags reads the arguments after the program's name. Refused with what to print and the exit
 * code when nothing is to be run: `--help`, `--version`, `--crash-points`, or a wrong command line.
 */
export function parseFlags(args: readonly string[], home: string, version: string): Result<Flags, Stopped> {
  const program = command(version, defaultDir(home));
  const stopped = parse(program, args);
  if (stopped !== undefined) return refuse(stopped);
  const options = program.opts<{ config?: string; dir: string; crashAt?: CrashPoint; crashPoints?: true }>();
  if (options.crashPoints === true) {
    return refuse({ exit: 0, stdout: `${crashPointNames.join("\n")}\n`, stderr: "" });
  }
  return accept({ config: options.config, dir: options.dir, crashAt: options.crashAt });
}

function command(version: string, dir: string): Command {
  return new Command("teller")
    .description("Sells SKY for BTC. Runs in the foreground until SIGINT or SIGTERM.")
    .usage(
      "[-c FILE] [-d DIR]\n       teller tool ...\n       teller adopt|foreign|paid|release|rescan ... (see `teller adopt --help`)",
    )
    .addOption(
      new Option(
        "-c, --config <file>",
        "configuration file, .toml may be left out; without it config.toml of the application directory, " +
          "then of the working directory",
      ).argParser(notEmpty),
    )
    .addOption(
      new Option("-d, --dir <path>", "application directory, for the database")
        .default(dir)
        .argParser(notEmpty),
    )
    .addOption(new Option("--crash-points").hideHelp())
    .addOption(new Option("--crash-at <point>").choices(crashPointNames).hideHelp())
    .version(version, "--version", "print version and commit")
    .helpOption("-h, --help", "print this text")
    .allowExcessArguments(false);
}

function notEmpty(value: string): string {
  if (value === "") throw new InvalidArgumentError("It must not be empty.");
  return value;
}
