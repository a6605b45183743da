import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "#internal/fault";
import { loadSettings } from "./settings.ts";
import { dummyConfig } from "./testdaemon.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "teller-settings-"));
  writeFileSync(join(dir, "pool.json"), '{"btc_addresses": ["1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLB"]}');
  writeFileSync(join(dir, "config.toml"), dummyConfig(dir));
});
afterEach(() => rmSync(dir, { recursive: true }));

const load = (config: string | undefined, appDir = join(dir, "app")) =>
  loadSettings({ config, dir: appDir, crashAt: undefined }, {});
function refusal(config: string, appDir?: string): string {
  try {
    load(config, appDir);
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    return (error as Fault).message;
  }
  return "";
}

describe("settings", () => {
  test("are a checked file, with a folder for the daemon that only its owner may enter", () => {
    const settings = load(join(dir, "config.toml"));
    expect(settings).toMatchObject({
      configPath: join(dir, "config.toml"),
      appDir: join(dir, "app"),
      dbPath: join(dir, "app", "teller.db"),
    });
    expect(settings.config.dummy).toMatchObject({ scanner: true, sender: true });
    expect(statSync(join(dir, "app")).mode & 0o777).toBe(0o700);
  });

  test("are found in the application directory without a name", () => {
    expect(load(undefined, dir).configPath).toBe(join(dir, "config.toml"));
  });

  test("keep their warnings", () => {
    writeFileSync(join(dir, "config.toml"), `${dummyConfig(dir)}\n[btc_rpc]\nenabled = true\n`);
    expect(load(join(dir, "config.toml")).warnings).toEqual([expect.stringContaining("btc_rpc.enabled")]);
  });

  test("that are not found name every place that was looked at", () => {
    const text = refusal("absent");
    expect(text).toStartWith('Config error:\nConfig File "absent" Not Found in "[');
    expect(text).toContain(join(dir, "app"));
  });

  test("with several mistakes tell all of them, a line each, and make no folder", () => {
    writeFileSync(
      join(dir, "config.toml"),
      `${dummyConfig(dir)}\n[teller]\nmax_bound_adrs = 5\nbind_enabled = "perhaps"\n`,
    );
    const [first, ...lines] = refusal(join(dir, "config.toml")).split("\n");
    expect(first).toBe("Config error:");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("max_bound_addrs");
    expect(lines[1]).toContain("bind_enabled");
    expect(existsSync(join(dir, "app"))).toBe(false);
  });

  test("whose folder cannot be made say so", () => {
    writeFileSync(join(dir, "file"), "");
    expect(refusal(join(dir, "config.toml"), join(dir, "file", "app"))).toStartWith(
      `Create application data directory failed: ${join(dir, "file", "app")}: `,
    );
  });

  test("that are a folder are not found", () => {
    mkdirSync(join(dir, "folder.toml"));
    expect(refusal(join(dir, "folder.toml"))).toContain("Not Found");
  });
});

describe("the program", () => {
  const run = (...args: string[]) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(
      [process.execPath, join(import.meta.dir, "main.ts"), ...args],
      { cwd: dir },
    );
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  };

  test("says on stderr what is wrong with its configuration, all at once, and ends with 1", () => {
    writeFileSync(
      join(dir, "bad.toml"),
      `${dummyConfig(dir)}\n[teller]\nmax_bound_addrs = -1\nnonsense = 1\n`,
    );
    const { exitCode, stdout, stderr } = run("-c", "bad.toml", "-d", join(dir, "app"));
    expect([exitCode, stdout]).toEqual([1, ""]);
    const lines = stderr.trimEnd().split("\n");
    expect(lines[0]).toBe("teller: Config error:");
    expect(lines.slice(1)).toEqual([
      expect.stringContaining("max_bound_addrs"),
      expect.stringContaining("nonsense"),
    ]);
  });

  test("says on stderr that there is no configuration", () => {
    const { exitCode, stderr } = run("-c", "absent", "-d", join(dir, "app"));
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith('teller: Config error:\nConfig File "absent" Not Found in "[');
  });

  test("says on stderr what is wrong with its pool, and lets go of the store", () => {
    writeFileSync(join(dir, "pool.json"), '{"btc_addresses": ["1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLB", "x0"]}');
    for (let i = 0; i < 2; i++) {
      const { exitCode, stderr } = run("-c", "config.toml", "-d", join(dir, "app"));
      expect(exitCode).toBe(1);
      expect(stderr).toStartWith(
        `teller: ${join(dir, "pool.json")}: btc_addresses[1]: Invalid deposit address \`x0\`: `,
      );
    }
  });

  test("says on stderr that its store is no store", () => {
    mkdirSync(join(dir, "app"));
    writeFileSync(join(dir, "app", "teller.db"), "not a store\n".repeat(1000));
    const { exitCode, stderr } = run("-c", "config.toml", "-d", join(dir, "app"));
    expect(exitCode).toBe(1);
    expect(stderr).toContain("teller.db: not a store of teller");
  });
});
