import { notBuiltYet } from "./features.ts";
import { load } from "./load.ts";
import { problemLine } from "./mod.ts";

/** A file with a real node, without errors. */
export const real = `
btc_addresses = "pool.json"
[btc_rpc]
user = "the user"
pass = "the password"
cert = "rpc.cert"
[sky_exchanger]
sky_btc_exchange_rate = "500"
wallet = "hot.wlt"
`;

/** A file in dummy mode, without errors; what is tested comes after it. */
export const dummy = `
btc_addresses = "pool.json"
sky_exchanger.sky_btc_exchange_rate = "500"
dummy = { sender = true, scanner = true }
`;

export interface Given {
  readonly text: string;
  readonly absent?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Takes every feature as built. */
  readonly all?: true;
}

function run({ text, absent = [], env = {}, all }: Given) {
  const exists = (path: string) => !absent.includes(path);
  return load({ path: "config.toml", text, env, exists }, all === true ? [] : notBuiltYet);
}

/** The lines of the problems, or none when the file is accepted. */
export function problems(given: Given): readonly string[] {
  const result = run(given);
  return result.ok ? [] : result.refusal.map(problemLine);
}

export function accepted(given: Given) {
  const result = run(given);
  if (!result.ok) throw new Error(result.refusal.map(problemLine).join("\n"));
  return result.value;
}
