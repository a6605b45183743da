import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { parsePool } from "#internal/addrs";
import { checkAddress } from "#internal/bitcoin";
import { accept, messageOf, type Result, refuse } from "#internal/fault";

/**
 * addAddress checks an address of the main network and appends it to the pool file: JSON where the name ends
 * in `.json`, else a line an address. Refused, with the file as it was, when the address is not valid, stands
 * in the file already, or the file would not be a pool file.
 */
export function addAddress(file: string, text: string): Result<void, string> {
  const checked = checkAddress(text, "mainnet");
  if (!checked.ok) return refuse(`${text} is not a Bitcoin address: ${checked.refusal}`);
  const { address } = checked.value;
  const old = readIfThere(file);
  const next = file.endsWith(".json") ? withMember(old, address) : withLine(old, address);
  // What teller itself would say of the new file. Text that is no JSON comes back as it was, and is refused here.
  const parsed = parsePool(file, next, "BTC");
  if (!parsed.ok) return refuse(`${file}: ${parsed.refusal}`);
  replace(file, next);
  return accept(undefined);
}

/** readPool writes the pool file out as it is. */
export function readPool(file: string, write: (text: string) => void): Result<void, string> {
  const text = readIfThere(file);
  if (text === undefined) return refuse(`${file} does not exist`);
  write(text);
  return accept(undefined);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error });
  }
}

function withLine(old: string | undefined, address: string): string {
  if (old === undefined || old === "") return `${address}\n`;
  return `${old}${old.endsWith("\n") ? "" : "\n"}${address}\n`;
}

function withMember(old: string | undefined, address: string): string {
  const pool = old === undefined ? {} : objectOf(old);
  const list = pool?.["btc_addresses"] ?? [];
  if (pool === undefined || !Array.isArray(list)) return old ?? "";
  return `${JSON.stringify({ ...pool, btc_addresses: [...list, address] }, undefined, 4)}\n`;
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** replace puts a file in the place of another in one step, so that a crash leaves the old one or the new one. */
function replace(file: string, text: string): void {
  const draft = `${file}.${process.pid}.new`;
  try {
    writeFileSync(draft, text, { flush: true });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
