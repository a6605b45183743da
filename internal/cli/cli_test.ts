import { expect, test } from "bun:test";
import { Command } from "commander";
import { parse, twoDashes } from "./mod.ts";

const names = new Set(["json", "btcfile", "crash-at"]);

const dashes: readonly { readonly name: string; readonly args: string[]; readonly want: string[] }[] = [
  { name: "a known long name", args: ["-json"], want: ["--json"] },
  { name: "a known long name with a value", args: ["-btcfile=x=y"], want: ["--btcfile=x=y"] },
  { name: "a name of two words", args: ["-crash-at", "x"], want: ["--crash-at", "x"] },
  { name: "two dashes already", args: ["--json"], want: ["--json"] },
  { name: "an unknown name", args: ["-jsonx"], want: ["-jsonx"] },
  { name: "a letter with a value", args: ["-cfile"], want: ["-cfile"] },
  { name: "a letter with an equals sign", args: ["-c=file=1"], want: ["-cfile=1"] },
  { name: "a lone dash", args: ["-"], want: ["-"] },
  { name: "what follows two dashes", args: ["-json", "--", "-json"], want: ["--json", "--", "-json"] },
];

for (const { name, args, want } of dashes) {
  test(`dashes: ${name}`, () => {
    expect(twoDashes(args, names)).toEqual(want);
  });
}

function sample() {
  const chosen: string[] = [];
  const program = new Command("sample").option("--json", "as JSON").version("1.2.3", "--version");
  program.command("make <what>").action((what: string) => {
    chosen.push(what);
  });
  return { chosen, program };
}

test("a right command line runs its action and prints nothing", () => {
  const { chosen, program } = sample();
  expect(parse(program, ["-json", "make", "tea"])).toBeUndefined();
  expect(chosen).toEqual(["tea"]);
  expect(program.opts()).toEqual({ json: true });
});

test("help goes to stdout and ends with 0, for a command as well", () => {
  const help = parse(sample().program, ["-help"]);
  expect(help).toMatchObject({ exit: 0, stderr: "" });
  expect(help?.stdout).toStartWith("Usage: sample");
  expect(parse(sample().program, ["make", "--help"])?.stdout).toStartWith("Usage: sample make");
});

test("the version goes to stdout and ends with 0", () => {
  expect(parse(sample().program, ["--version"])).toEqual({ exit: 0, stdout: "1.2.3\n", stderr: "" });
});

for (const args of [["--nope"], ["-nope"], ["make"], ["make", "a", "b"], ["nope"], ["make", "--nope", "a"]]) {
  test(`a wrong command line ends with 2 and shows the usage on stderr: ${args.join(" ")}`, () => {
    const { chosen, program } = sample();
    const stopped = parse(program, args);
    expect(stopped).toMatchObject({ exit: 2, stdout: "" });
    expect(stopped?.stderr).toMatch(/^error: .*\n\nUsage: sample/);
    expect(chosen).toEqual([]);
  });
}
