import { runTool } from "./mod.ts";

// For running from source; the executable comes here through cmd/teller.
process.exitCode = await runTool(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
});
