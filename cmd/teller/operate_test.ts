import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { operations } from "./names.ts";
import { nameOf, parseOperation, runOperation } from "./operate.ts";

const who = nameOf(userInfo());
const txid = "ab".repeat(32);

let closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

describe("a command line", () => {
  const right: readonly { readonly args: string[]; readonly order: object; readonly config?: string }[] = [
    { args: ["adopt", txid, "--why", "x"], order: { command: "adopt", txid, who, why: "x" } },
    { args: ["foreign", txid, "--why=x y"], order: { command: "foreign", txid, who, why: "x y" } },
    { args: ["foreign", "-why", "x", txid], order: { command: "foreign", txid, who, why: "x" } },
    {
      args: ["foreign", txid, "--although", "a1", "a2", "--why", "x"],
      order: { command: "foreign", txid, although: ["a1", "a2"], who, why: "x" },
    },
    {
      args: ["paid", "t1:0", txid, "--why", "x", "-c", "my.toml"],
      order: { command: "paid", deposit: "t1:0", txid, who, why: "x" },
      config: "my.toml",
    },
    {
      args: ["release", "t1:0", "--why", "x"],
      order: { command: "release", deposit: "t1:0", who, why: "x" },
    },
    { args: ["rescan", "--from", "17", "--why", "x"], order: { command: "rescan", from: 17, who, why: "x" } },
  ];
  for (const { args, order, config } of right) {
    test(`is read: ${args.join(" ")}`, () => {
      const value = { order, config, dir: "/home/ann/.teller-skycoin" };
      expect(parseOperation(args, "/home/ann/.teller-skycoin")).toEqual({ ok: true, value } as never);
    });
  }

  const wrong = [
    ["adopt", "--why", "x"],
    ["adopt", txid],
    ["adopt", txid, "--why", ""],
    ["adopt", txid, "--why", "  "],
    ["adopt", txid, "more", "--why", "x"],
    ["adopt", txid, "--why", "x", "--force"],
    ["adopt", txid, "--why", "x", "-c", ""],
    ["adopt", txid, "--why", "x", "-d", ""],
    ["paid", "t1:0", "--why", "x"],
    ["release", "--why", "x"],
    ["rescan", "--why", "x"],
    ...["abc", "0", "-1", "1.5", "1e3", "0x10", "", "99999999999"].map((height) => [
      ...["rescan", `--from=${height}`, "--why", "x"],
    ]),
  ];
  for (const args of wrong) {
    test(`that is wrong ends with 2 and says why: ${args.join(" ")}`, () => {
      const parsed = parseOperation(args, "/home/ann");
      expect(parsed).toMatchObject({ ok: false, refusal: { exit: 2, stdout: "" } });
      if (!parsed.ok) expect(parsed.refusal.stderr).toMatch(/^error: /);
    });
  }

  for (const name of operations) {
    test(`has help: ${name}`, () => {
      const parsed = parseOperation([name, "--help"], "/home/ann");
      expect(parsed).toMatchObject({ ok: false, refusal: { exit: 0, stderr: "" } });
      if (!parsed.ok) expect(parsed.refusal.stdout).toContain("--why <text>");
    });
  }
});

test("who gives a command is named, by number where there is no name", () => {
  expect(nameOf({ username: "ann", uid: 1000 })).toBe("ann");
  expect(nameOf({ username: "unknown", uid: 1000 })).toBe("uid 1000");
  expect(nameOf({ username: "", uid: 0 })).toBe("uid 0");
});

/** Seen is a request that the listener had. */
interface Seen {
  readonly path: string;
  readonly authorization: string | null;
  readonly body: unknown;
}

/** listener answers as a running teller would; `config` is a file that leads to it. */
function listener(answer: () => Response, host = "127.0.0.1", more = "") {
  const dir = mkdtempSync(join(tmpdir(), "operate-"));
  const seen: Seen[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const body: unknown = await request.json();
      seen.push({ path: pathname, authorization: request.headers.get("authorization"), body });
      return answer();
    },
  });
  const config = join(dir, "config.toml");
  const panel = `[admin_panel]\nhost = "${host}:${server.port}"\n${more}`;
  // Paths of the daemon's, which this user need not see.
  const top = 'btc_addresses = "/nowhere/pool.txt"\n';
  const rate = `[sky_exchanger]\nsky_btc_exchange_rate = "500"\n`;
  writeFileSync(config, `${top}[dummy]\nscanner = true\n${rate}wallet = "/nowhere/hot.wlt"\n${panel}`);
  closing.push(
    () => server.stop(true),
    () => rmSync(dir, { recursive: true }),
  );
  return { dir, config, seen, port: server.port, stop: () => server.stop(true) };
}

/** run carries out a command and gives all that it printed. */
async function run(...args: string[]) {
  let stdout = "";
  let stderr = "";
  const exit = await runOperation(args, "/nowhere", {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { exit, stdout, stderr };
}

const done = () => Response.json({ done: "scanning again from 17" });
const rescan = (at: { dir: string; config: string }) =>
  run("rescan", "--from", "17", "--why", "x", "-c", at.config, "-d", join(at.dir, "app"));

describe("a command", () => {
  test("is handed to the running teller, and what was done is printed as a sentence", async () => {
    const there = listener(done);
    expect(await rescan(there)).toEqual({ exit: 0, stdout: "scanning again from 17\n", stderr: "" });
    expect(there.seen).toEqual([
      {
        path: "/api/operator",
        authorization: null,
        body: { command: "rescan", from: 17, who, why: "x" },
      },
    ]);
  });

  test("that is refused ends with 1 and the reason", async () => {
    const there = listener(() => new Response("HEIGHT must be from 1 to 5\n", { status: 409 }));
    expect(await rescan(there)).toEqual({
      ...{ exit: 1, stdout: "" },
      stderr: "teller: not done: HEIGHT must be from 1 to 5\n",
    });
  });

  const ofNodes = [
    "not done: 127.0.0.1:6420: connection refused",
    "no answer within 50 s; it may be carried out yet",
  ];
  test.each(ofNodes)("that could not ask a node is told in the daemon's words: %s", async (text) => {
    const there = listener(() => new Response(`${text}\n`, { status: 503 }));
    expect(await rescan(there)).toEqual({ exit: 1, stdout: "", stderr: `teller: ${text}\n` });
  });

  test("brings the token where the listener asks for one: from the file, or as configured", async () => {
    const kept = listener(done, "0.0.0.0");
    mkdirSync(join(kept.dir, "app"));
    writeFileSync(join(kept.dir, "app", "admin_token"), "0123456789abcdef0123\n");
    expect(await rescan(kept)).toMatchObject({ exit: 0, stderr: "" });
    expect(kept.seen[0]?.authorization).toBe("Bearer 0123456789abcdef0123");
    const set = listener(done, "0.0.0.0", 'token = "fedcba9876543210fedc"\n');
    expect(await rescan(set)).toMatchObject({ exit: 0, stderr: "" });
    expect(set.seen[0]?.authorization).toBe("Bearer fedcba9876543210fedc");
  });

  test("without the token's file names the file, and sends nothing", async () => {
    const there = listener(done, "0.0.0.0");
    const { exit, stderr } = await rescan(there);
    expect([exit, stderr.includes(join(there.dir, "app", "admin_token"))]).toEqual([1, true]);
    expect(there.seen).toEqual([]);
  });

  test("says where nobody listens when teller does not run", async () => {
    const there = listener(done);
    await there.stop();
    const { exit, stdout, stderr } = await rescan(there);
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`127.0.0.1:${there.port}`);
    expect(stderr).toContain("connection refused");
  });

  test("whose answer is lost does not claim that nothing happened", async () => {
    const there = listener(() => new Response("<html>proxy</html>", { status: 200 }));
    const { exit, stdout, stderr } = await rescan(there);
    expect([exit, stdout, stderr.startsWith("teller: ")]).toEqual([1, "", true]);
    expect(stderr).not.toContain("not done");
  });

  test("with a configuration that is wrong says what is wrong there", async () => {
    const there = listener(done);
    writeFileSync(there.config, "nonsense = 1\n");
    const { exit, stderr } = await rescan(there);
    expect([exit, stderr.startsWith(`teller: Config error:\n${there.config}:1: nonsense`)]).toEqual([
      1,
      true,
    ]);
    const gone = await rescan({ ...there, config: join(there.dir, "other.toml") });
    expect([gone.exit, gone.stderr.includes("other.toml")]).toEqual([1, true]);
    expect([there.seen, existsSync(join(there.dir, "app"))]).toEqual([[], false]);
  });

  test("whose command line is wrong ends with 2, help with 0", async () => {
    expect(await run("rescan", "--why", "x")).toMatchObject({ exit: 2, stdout: "" });
    expect(await run("rescan", "--help")).toMatchObject({ exit: 0, stderr: "" });
  });
});
