import { describe, expect, test } from "bun:test";
import { crashPointNames } from "#internal/life";
import { type Flags, homeDir, parseFlags } from "./flags.ts";
import { calledAs } from "./names.ts";
import { build, versionText } from "./version.ts";

function parse(...args: string[]) {
  return parseFlags(args, "/home/ann", "teller 1.2.3 (commit abc)");
}

const standard: Flags = { config: undefined, dir: "/home/ann/.teller-skycoin", crashAt: undefined };

const right: readonly { readonly args: string[]; readonly want: Partial<Flags> }[] = [
  { args: [], want: {} },
  { args: ["-c", "my.toml"], want: { config: "my.toml" } },
  { args: ["-cmy.toml"], want: { config: "my.toml" } },
  { args: ["-c=my.toml"], want: { config: "my.toml" } },
  { args: ["--config", "my"], want: { config: "my" } },
  { args: ["--config=my"], want: { config: "my" } },
  { args: ["-config", "my"], want: { config: "my" } },
  { args: ["-config=my"], want: { config: "my" } },
  { args: ["-d", "/srv/teller"], want: { dir: "/srv/teller" } },
  { args: ["--dir=x", "-c", "y"], want: { dir: "x", config: "y" } },
  { args: ["-dir", "x"], want: { dir: "x" } },
  { args: ["--crash-at", "payout.signed"], want: { crashAt: "payout.signed" } },
];

for (const { args, want } of right) {
  test(`flags: ${args.join(" ") || "none"}`, () => {
    expect(parse(...args)).toEqual({ ok: true, value: { ...standard, ...want } });
  });
}

const wrong = [
  ["--nope"],
  ["-x"],
  ["extra"],
  ["-c"],
  ["-c", ""],
  ["--dir="],
  ["--crash-at", "nowhere"],
  ["-c", "x", "rest"],
];

for (const args of wrong) {
  test(`a wrong command line ends with 2 and shows the usage on stderr: ${args.join(" ")}`, () => {
    const parsed = parse(...args);
    expect(parsed).toMatchObject({ ok: false, refusal: { exit: 2, stdout: "" } });
    if (!parsed.ok) expect(parsed.refusal.stderr).toMatch(/^error: .*\n\nUsage: teller/);
  });
}

test("help names the documented flags and hides those of the crash test", () => {
  for (const flag of ["-h", "--help", "-help"]) {
    const parsed = parse(flag);
    expect(parsed).toMatchObject({ ok: false, refusal: { exit: 0, stderr: "" } });
    if (parsed.ok) continue;
    expect(parsed.refusal.stdout).toContain("-c, --config");
    expect(parsed.refusal.stdout).toContain("-d, --dir");
    expect(parsed.refusal.stdout).toContain("/home/ann/.teller-skycoin");
    expect(parsed.refusal.stdout).not.toContain("crash");
  }
});

test("the version is printed as it is given", () => {
  const refusal = { exit: 0, stdout: "teller 1.2.3 (commit abc)\n", stderr: "" };
  expect(parse("--version")).toMatchObject({ refusal });
});

test("the crash points are printed one a line", () => {
  const refusal = { exit: 0, stdout: `${crashPointNames.join("\n")}\n`, stderr: "" };
  expect(parse("--crash-points")).toMatchObject({ refusal });
});

test("the home directory is an absolute path", () => {
  expect(homeDir()).toStartWith("/");
});

test("run from source there is no stamp", () => {
  expect(versionText(build())).toBe("teller dev (commit dev)");
});

describe("the program that is wanted", () => {
  const calls = [
    { argv0: "/usr/bin/teller", args: ["-c", "x"], want: { program: "teller", args: ["-c", "x"] } },
    { argv0: "teller-0.1.0", args: [], want: { program: "teller", args: [] } },
    { argv0: "./tool", args: ["newkeys"], want: { program: "tool", args: ["newkeys"] } },
    { argv0: "tool", args: ["tool"], want: { program: "tool", args: ["tool"] } },
    { argv0: "teller", args: ["tool", "newkeys"], want: { program: "tool", args: ["newkeys"] } },
    { argv0: "teller", args: ["-c", "tool"], want: { program: "teller", args: ["-c", "tool"] } },
  ] as const;
  for (const { argv0, args, want } of calls) {
    test(`${argv0} ${args.join(" ")}`, () => {
      expect(calledAs(argv0, args)).toEqual({ program: want.program, args: [...want.args] });
    });
  }
});
