import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { budget, mutatedText } from "#mutation";
import { loadConfig, problemLine } from "./mod.ts";
import { keys } from "./schema.ts";

const example = readFileSync(join(import.meta.dir, "../../config.toml"), "utf8");
const bare = example.replaceAll(/^#.*\n/gm, "").replaceAll(/\n{2,}/g, "\n");
/** The example with every comment that is a key made a key. */
const full = example.replaceAll(/^# ?([a-z_]+ = .*)$/gm, "$1");
const lines = bare.split("\n");

const words = [
  ...keys.flatMap((key) => [key, key.split(".").at(-1) ?? ""]),
  ...[
    "= ",
    "true",
    "-1",
    "1e400",
    "nan",
    "inf",
    "0x",
    "1979-05-27",
    '"""',
    "'''",
    "[[",
    "]]",
    "[web]",
    "{",
    "}",
  ],
  ...[
    '"20x"',
    '"1h61m"',
    '"-5s"',
    '"99999999999h"',
    '"500/0"',
    '"0"',
    '"1e9"',
    '"a@b:c"',
    '"[::1]:0"',
    '":"',
    '"h:65536"',
  ],
  ...[
    "\r",
    "\u0000",
    "\ufeff",
    "\u2028",
    "é",
    "💰",
    "__proto__ = 1\n",
    "constructor.x = 2\n",
    "toString = 3\n",
  ],
  ...[...lines.filter((line) => line.includes("=")).map((line) => `\n${line}\n`)],
];
const { parameters, timeoutMs } = budget(3000);

test(
  "any text is a configuration or is refused, each problem on one line with the file's name",
  () => {
    const seen = { taken: 0, refused: 0 };
    const text = fc.oneof(mutatedText([bare, full, example], words), mutatedText([...lines, ""], words));
    fc.assert(
      fc.property(text, fc.boolean(), (toml, there) => {
        const began = performance.now();
        const loaded = loadConfig({ path: "c.toml", text: toml, env: {}, exists: () => there });
        expect(performance.now() - began).toBeLessThan(2000);
        if (loaded.ok) {
          seen.taken++;
          return;
        }
        seen.refused++;
        expect(loaded.refusal.length).toBeGreaterThan(0);
        for (const problem of loaded.refusal) {
          const line = problemLine(problem);
          expect(line).toStartWith("c.toml");
          expect(line).not.toContain("\n");
          if (problem.line !== undefined)
            expect(problem.line).toBeLessThanOrEqual(toml.split("\n").length + 1);
        }
      }),
      parameters,
    );
    expect(seen.taken).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(0);
  },
  timeoutMs,
);
