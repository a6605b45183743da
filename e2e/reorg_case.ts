import { get, type Daemon, depositsOf, type ShownDeposit } from "./daemon.ts";
import type { Row } from "./reorg_table.ts";
import type { Paid } from "../standin/btcd/mod.ts";

/** Payment is one transaction to one address of a customer. */
export interface CasePayment extends Paid {
  readonly sky: string;
  readonly satoshi: bigint;
}

/** Case is a row that is played: the deposit, and what else spends its coin. */
export interface Case {
  readonly row: Row;
  readonly own: CasePayment;
  /** The rival that pays a customer; without one the coin stays or goes elsewhere. */
  readonly other: CasePayment | undefined;
  /** What spends the coin on the branch that wins, where anything does. */
  readonly instead: Paid | undefined;
}

/** Books are both ledgers as they are now: teller's rows and list, and what customers have. */
export interface Books {
  readonly rows: ReadonlyMap<string, ShownDeposit>;
  /** The ids on the operator's list. */
  readonly listed: ReadonlySet<string>;
  received(sky: string): bigint;
}

/** readBooks asks teller for its rows and its list. */
export async function readBooks(daemon: Daemon, received: (sky: string) => bigint): Promise<Books> {
  const rows = await depositsOf(daemon);
  const list = await get<{ deposits: ShownDeposit[] }>(`${daemon.adminUrl}/api/deposits/errored?limit=10000`);
  return {
    rows: new Map(rows.map((row) => [row.deposit_id, row])),
    listed: new Set(list.deposits.map(({ deposit_id }) => deposit_id)),
    received,
  };
}

/** idOf gives the deposit's key: every payment is the first output of its transaction. */
export const idOf = ({ txid }: Paid) => `${txid}:0`;

/** owedFor is what a payment brings, in droplets: 500 SKY for a bitcoin, cut to three decimals. */
export const owedFor = (satoshi: bigint) => ((satoshi * 500n * 1000n) / 10n ** 8n) * 1000n;

const done = (...marks: string[]) => ({ status: "done", marks });

/** Wanted is what a payment must have come to; undefined where teller must have no row of it. */
type Wanted = { readonly status: string; readonly marks: readonly string[] } | undefined;

function wantedOf({ row, own, other }: Case): { own: Wanted; other: Wanted } {
  const reversed = { status: "waiting_send", marks: ["reversed"] };
  const rival = other === undefined ? "" : idOf(other);
  switch (row.end) {
    case "paid once":
      return { own: done(), other: undefined };
    case "never seen again":
      return { own: undefined, other: undefined };
    case "taken back":
      return { own: reversed, other: undefined };
    case "paid and listed":
      return { own: done("reversed"), other: undefined };
    case "other paid": {
      const replaced = { ...reversed, marks: ["reversed", `replaced by ${rival}`] };
      return { own: row.stage === "seen" ? undefined : replaced, other: done() };
    }
    case "other held": {
      const why = `held: spends the same coin as ${idOf(own)}, which has a payout`;
      return { own: done("reversed"), other: { status: "waiting_decide", marks: [why] } };
    }
  }
}

/** A row is on the list when a person must look: it is held, or reversed and nothing has taken its place. */
const isListed = (wanted: Wanted) =>
  wanted?.marks.some((mark) => mark === "reversed" || mark.startsWith("held")) === true &&
  !wanted.marks.some((mark) => mark.startsWith("replaced"));

/** wrongIn compares a case with both ledgers and gives what is not as its end says. */
export function wrongIn(one: Case, books: Books): string[] {
  const wrong: string[] = [];
  const same = (what: string, got: unknown, want: unknown) => {
    if (!Bun.deepEquals(got, want))
      wrong.push(`${what}: ${Bun.inspect(got)} instead of ${Bun.inspect(want)}`);
  };
  const wanted = wantedOf(one);
  const owed = new Map<string, bigint>();
  for (const which of ["own", "other"] as const) {
    const payment = one[which];
    if (payment === undefined) continue;
    const row = books.rows.get(idOf(payment));
    const want = wanted[which];
    same(`row of ${which}`, row && { status: row.status, marks: row.marks }, want);
    same(`${which} is listed`, books.listed.has(idOf(payment)), isListed(want));
    const brings = want?.status === "done" ? owedFor(payment.satoshi) : 0n;
    if (row !== undefined) same(`sent for ${which}`, BigInt(row.sky_sent), brings);
    owed.set(payment.sky, (owed.get(payment.sky) ?? 0n) + brings);
  }
  for (const [sky, sum] of owed) same(`ledger of ${sky}`, books.received(sky), sum);
  return wrong;
}
