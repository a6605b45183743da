import { basename } from "node:path";

/** programs are the names that the one executable answers to; the first one answers to every other name. */
const programs = ["teller", "tool"] as const;

/** Program is one of the programs inside the executable. */
export type Program = (typeof programs)[number];

/** Called is a program and the arguments that are meant for it. */
export interface Called {
  readonly program: Program;
  readonly args: readonly string[];
}

/**
 * calledAs tells which program is wanted: the one that the executable was called by (a link named
 * `tool`), else the one that the first argument names (`teller tool …`), else teller.
 */
export function calledAs(argv0: string, args: readonly string[]): Called {
  const byName = programOf(basename(argv0));
  if (byName !== undefined && byName !== "teller") return { program: byName, args };
  const byArgument = programOf(args[0]);
  if (byArgument === undefined || byArgument === "teller") return { program: "teller", args };
  return { program: byArgument, args: args.slice(1) };
}

function programOf(name: string | undefined): Program | undefined {
  return programs.find((program) => program === name);
}

/** operations are the commands of the operator: `teller adopt …`. */
export const operations = ["adopt", "foreign", "paid", "release", "rescan"] as const;

/** isOperation tells whether the first argument is a command of the operator. */
export function isOperation(arg: string | undefined): boolean {
  return operations.some((name) => name === arg);
}
