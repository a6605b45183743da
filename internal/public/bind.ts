import { type Result, refuse } from "#internal/fault";
import type { CoinType } from "#internal/money";
import { coinTypes } from "#internal/money";
import type { BindRefusal, Bound, Teller } from "#internal/teller";

/** Asked is what a customer sends to bind, as it came. */
export interface Asked {
  readonly skyaddr: string;
  readonly coin: string;
}

/** Refused says why nothing was bound: a documented text for programs, and a kind for everybody else. */
export interface Refused {
  readonly kind: BindRefusal["kind"] | "missing_address" | "missing_coin" | "coin_disabled";
  readonly status: 400 | 403 | 503;
  readonly text: string;
}

const statuses: Readonly<Record<BindRefusal["kind"], Refused["status"]>> = {
  invalid: 400,
  disabled: 403,
  limit: 403,
  empty: 503,
  not_ready: 503,
  closed: 503,
};

/** bind checks what was asked in the documented order (`spec/teller.md` §8.3) and binds. */
export async function bind(teller: Teller, { skyaddr, coin }: Asked): Promise<Result<Bound, Refused>> {
  if (trimmed(skyaddr) === "") return bad("missing_address", "Missing skyaddr");
  const known = coinTypes.find((name) => name === coin);
  if (known !== undefined && !teller.coinEnabled(known)) return bad("coin_disabled", `${known} not enabled`);
  if (coin === "") return bad("missing_coin", "Missing coin_type");
  if (known === undefined) return bad("missing_coin", "Invalid coin_type");
  return bindKnown(teller, skyaddr, known);
}

async function bindKnown(teller: Teller, skyaddr: string, coin: CoinType): Promise<Result<Bound, Refused>> {
  const bound = await teller.bind(skyaddr, coin);
  if (bound.ok) return bound;
  const { kind, text } = bound.refusal;
  return refuse({ kind, status: statuses[kind], text: kind === "invalid" ? invalidAddress(text) : text });
}

function bad(kind: Refused["kind"], text: string): Result<never, Refused> {
  return refuse({ kind, status: 400, text });
}

/** trimmed takes off what people copy along: the white space that the original forgives in its first check. */
export function trimmed(skyaddr: string): string {
  return skyaddr.replaceAll(/^[\n\t\r ]+|[\n\t\r ]+$/g, "");
}

/** invalidAddress puts the documented words before a reason that does not have them yet. */
export function invalidAddress(reason: string): string {
  return reason.startsWith("Invalid skycoin address") ? reason : `Invalid skycoin address: ${reason}`;
}
