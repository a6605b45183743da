import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTool } from "./mod.ts";

async function run(...args: string[]) {
  let stdout = "";
  let stderr = "";
  const exit = await runTool(args, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    random: (length) => new Uint8Array(length).fill(1),
  });
  return { exit, stdout, stderr };
}

// spec/teller.md §10.1
const seed = [
  "1CN7JTzTTpmh1dsHeUSosXmNL2GLTwt78g",
  "1DzErSq2UwMYvUZRCNfS6fTKN9YxM2G7x1",
  "16S7kY8qRpAtf5iNeMrRcK7o4vjJYregDi",
] as const;
const lines = `${seed.join("\n")}\n`;
const json = `{\n    "btc_addresses": [\n${seed.map((a) => `        "${a}"`).join(",\n")}\n    ]\n}\n`;

describe("newbtcaddress", () => {
  const right = [
    { args: ["newbtcaddress", "seed", "3"], stdout: lines },
    { args: ["seed", "3"], stdout: lines },
    { args: ["newbtcaddress", "--", "seed", "3"], stdout: lines },
    { args: ["-json", "newbtcaddress", "seed", "3"], stdout: json },
    { args: ["newbtcaddress", "-json", "seed", "3"], stdout: json },
    { args: ["newbtcaddress", "seed", "3", "--json"], stdout: json },
    { args: ["-json", "seed", "3"], stdout: json },
    { args: ["newbtcaddress", "12323", "1"], stdout: "18v3G3Gz32bAtfrZHuk75JpmVawqkDYaoW\n" },
    {
      args: [
        "newbtcaddress",
        "balcony hill burger course sadness explain journey blast immense spot spell make",
        "1",
      ],
      stdout: "1J25A5oJAN6KMdDqcSARQ8LnphmhhSuJxe\n",
    },
  ];
  for (const { args, stdout } of right) {
    test(args.join(" "), async () => {
      expect(await run(...args)).toEqual({ exit: 0, stdout, stderr: "" });
    });
  }

  test("goes on over the border of what it derives at once", async () => {
    const many = (await run("newbtcaddress", "seed", "201")).stdout.trimEnd().split("\n");
    expect(many).toHaveLength(201);
    expect(new Set(many).size).toBe(201);
    expect(JSON.parse((await run("-json", "newbtcaddress", "seed", "201")).stdout)).toEqual({
      btc_addresses: many,
    });
  });

  for (const num of ["0", "-1", "x", "1.5", "", "1000001", "9999999999", "0x10", "1e3"]) {
    test(`refuses ${JSON.stringify(num)} addresses with 1 and one line`, async () => {
      const { exit, stdout, stderr } = await run("newbtcaddress", "--", "seed", num);
      expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" });
      expect(stderr).toMatch(/^tool: .*not a number of addresses.*\n$/);
    });
  }

  test("refuses an empty seed", async () => {
    expect(await run("newbtcaddress", "", "1")).toMatchObject({
      exit: 1,
      stderr: "tool: Seed input is empty\n",
    });
  });
});

test("newkeys writes both keys, the public one of the secret one", async () => {
  const { exit, stdout } = await run("newkeys");
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    Pubkey: "031b84c5567b126440995d3ed5aaba0565d71e1834604819ff9c17f5e9d5dd078f",
    Seckey: "01".repeat(32),
  });
});

for (const args of [
  [],
  ["nope"],
  ["newbtcaddress"],
  ["newbtcaddress", "seed"],
  ["-nope", "newkeys"],
  ["newkeys", "x"],
]) {
  test(`a wrong command line ends with 2 and the usage: ${args.join(" ")}`, async () => {
    const { exit, stdout, stderr } = await run(...args);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
    expect(stderr).toContain("Usage: tool");
  });
}

test("help names every command and ends with 0", async () => {
  for (const args of [["help"], ["h"], ["-h"], ["--help"]]) {
    const { exit, stdout } = await run(...args);
    expect(exit).toBe(0);
    for (const name of ["newbtcaddress", "newkeys", "addbtcaddress", "getbtcaddress"])
      expect(stdout).toContain(name);
    expect(stdout).not.toContain("scanblock");
  }
  expect((await run("help", "newbtcaddress")).stdout).toStartWith("Usage: tool newbtcaddress");
});

describe("the pool file", () => {
  let dir = "";
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "teller-tool-"));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });
  const add = (name: string, address: string) => run("-btcfile", join(dir, name), "addbtcaddress", address);
  const read = (name: string) => readFileSync(join(dir, name), "utf8");

  test("is made and grows, as JSON", async () => {
    for (const address of seed)
      expect(await add("pool.json", address)).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(read("pool.json")).toBe(json);
    expect(readdirSync(dir)).toEqual(["pool.json"]);
  });
  test("is made and grows, as text, comments kept", async () => {
    writeFileSync(join(dir, "pool.txt"), "# mine");
    for (const address of seed) expect((await add("pool.txt", address)).exit).toBe(0);
    expect(read("pool.txt")).toBe(`# mine\n${lines}`);
  });
  test("keeps what else is in it", async () => {
    writeFileSync(join(dir, "pool.json"), '{"note":"cold","btc_addresses":[]}');
    expect((await add("pool.json", seed[0])).exit).toBe(0);
    expect(JSON.parse(read("pool.json"))).toEqual({ note: "cold", btc_addresses: [seed[0]] });
  });
  test("is printed as it is", async () => {
    writeFileSync(join(dir, "pool.json"), json);
    expect(await run("getbtcaddress", "-btcfile", join(dir, "pool.json"))).toEqual({
      exit: 0,
      stdout: json,
      stderr: "",
    });
  });
  test("that is not there cannot be printed", async () => {
    const { exit, stderr } = await run("getbtcaddress", `-btcfile=${join(dir, "pool.json")}`);
    expect(exit).toBe(1);
    expect(stderr).toMatch(/^tool: .*pool\.json does not exist\n$/);
  });

  const broken = [
    { name: "no JSON", text: "{" },
    { name: "another shape", text: '{"btc_addresses":"x"}' },
    { name: "a list alone", text: "[]" },
    { name: "an address twice", text: JSON.stringify({ btc_addresses: [seed[1], seed[1]] }) },
    { name: "the address already", text: JSON.stringify({ btc_addresses: [seed[0]] }) },
  ];
  for (const { name, text } of broken) {
    test(`with ${name} is refused and stays as it was`, async () => {
      writeFileSync(join(dir, "pool.json"), text);
      const { exit, stderr } = await add("pool.json", seed[0]);
      expect(exit).toBe(1);
      expect(stderr).toMatch(/^tool: .*pool\.json: [^\n]+\n$/);
      expect(read("pool.json")).toBe(text);
    });
  }
  for (const address of ["", "abc", `${seed[0].slice(0, -1)}h`, "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn"]) {
    test(`takes no ${JSON.stringify(address)}`, async () => {
      const { exit, stderr } = await add("pool.json", address);
      expect(exit).toBe(1);
      expect(stderr).toContain("is not a Bitcoin address");
      expect(existsSync(join(dir, "pool.json"))).toBe(false);
    });
  }
  test("that is a directory is one clear line", async () => {
    mkdirSync(join(dir, "pool.json"));
    const { exit, stderr } = await add("pool.json", seed[0]);
    expect(exit).toBe(1);
    expect(stderr).toMatch(/^tool: .*pool\.json: [^\n]+\n$/);
  });
});
