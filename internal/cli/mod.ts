/**
 * cli: command lines that people and scripts can rely on.
 *
 * Promise: help goes to stdout and ends with 0; a wrong command line says why, shows the usage
 * on stderr and ends with 2; a long name may be written with one dash, as Go programs do.
 */
import { type Command, CommanderError } from "commander";

/** Stopped is a command line that is answered already: what to print, and the exit code. */
export interface Stopped {
  readonly exit: 0 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * parse reads the arguments into the program's options and runs its actions. It prints nothing
 * and never ends the process: help, a version or a wrong command line come back as `Stopped`.
 */
export function parse(program: Command, args: readonly string[]): Stopped | undefined {
  let stdout = "";
  let stderr = "";
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.showHelpAfterError();
    command.configureOutput({
      writeOut: (text) => {
        stdout += text;
      },
      writeErr: (text) => {
        stderr += text;
      },
    });
  }
  try {
    program.parse(twoDashes(args, longNames(program)), { from: "user" });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exit: error.exitCode === 0 ? 0 : 2, stdout, stderr };
  }
}

/** longNames gives every long option of the program and of its commands, without dashes. */
function longNames(program: Command): ReadonlySet<string> {
  const names = new Set(["help", "version"]);
  for (const command of [program, ...program.commands]) {
    for (const option of command.options) {
      if (option.long !== undefined) names.add(option.long.replace(/^--/, ""));
    }
  }
  return names;
}

/**
 * twoDashes turns a known long name with one dash into one with two, up to a `--`: `-json`
 * becomes `--json`, `-btcfile=x` becomes `--btcfile=x`. A letter with an equals sign loses the
 * sign: `-c=x` becomes `-cx`. Everything else stays as it is.
 */
export function twoDashes(args: readonly string[], names: ReadonlySet<string>): string[] {
  const end = args.indexOf("--");
  return args.map((arg, i) => {
    if (end >= 0 && i >= end) return arg;
    if (/^-[a-z]=./.test(arg)) return arg.replace("=", "");
    const name = /^-([a-z][a-z-]+)(?:=|$)/.exec(arg)?.[1];
    return name !== undefined && names.has(name) ? `-${arg}` : arg;
  });
}
