import type { Fields } from "#internal/log";
import { formatDuration } from "./duration.ts";
import { Secret } from "./secret.ts";
import type { Config } from "./types.ts";

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

type Shown = string | number | boolean;

/** The text of one setting, or undefined for a section. */
function shown(name: string, value: unknown): Shown | undefined {
  if (typeof value === "number") return name.endsWith("Ms") ? formatDuration(value) : value;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof Secret) return value.toString();
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" && value !== null && "text" in value ? String(value.text) : undefined;
}

function collect(section: object, above: string, into: Record<string, Shown>): Record<string, Shown> {
  for (const [name, value] of Object.entries(section)) {
    if (value === undefined) continue;
    const text = shown(name, value);
    if (text === undefined) collect(value, `${above}${snake(name)}.`, into);
    else into[above + snake(name.replace(/Ms$/, ""))] = text;
  }
  return into;
}

/**
 * describe lists every setting under its full key, as fields of a log line: durations in Go's
 * syntax, secrets as `[secret]`, what is not set left out.
 */
export function describe(config: Config): Fields {
  return collect(config, "", {});
}
