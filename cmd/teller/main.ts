import { writeSync } from "node:fs";
import { runTool } from "#cmd/tool";
import { defaultDir, homeDir, parseFlags } from "./flags.ts";
import { boundHeap } from "./heap.ts";
import { calledAs, isOperation } from "./names.ts";
import { build, versionText } from "./version.ts";

async function main(): Promise<number> {
  const called = calledAs(process.argv0, process.argv.slice(2));
  if (called.program === "tool") {
    return runTool(called.args, {
      stdout: (text) => writeSync(1, text),
      stderr: (text) => writeSync(2, text),
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    });
  }
  const [first] = called.args;
  if (isOperation(first)) {
    const { runOperation } = await import("./operate.ts");
    return runOperation(called.args, defaultDir(homeDir()), {
      stdout: (text) => writeSync(1, text),
      stderr: (text) => writeSync(2, text),
    });
  }
  const parsed = parseFlags(called.args, homeDir(), versionText(build()));
  if (parsed.ok) boundHeap();
  // The daemon brings the store, whose addon has to be unpacked: help, version and tool must run without it.
  if (parsed.ok) return (await import("./daemon.ts")).runDaemon(parsed.value);
  writeSync(1, parsed.refusal.stdout);
  writeSync(2, parsed.refusal.stderr);
  return parsed.refusal.exit;
}

process.exit(await main());
