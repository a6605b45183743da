import {
  depositInfo,
  type DepositInfo,
  depositsOfAddress,
  payoutByTransaction,
  type SkyRow,
  skyStatus,
} from "#internal/book";
import type { Reader } from "#internal/db";
import { accept, refuse, type Result } from "#internal/fault";

/** More lines of one Skycoin address than this are not looked at. */
const mostLines = 10_000;

/**
 * addressOwed tells whether a Skycoin address waits for SKY of ours: a deposit of its was seen and is not done,
 * whatever keeps it from being paid now.
 */
export function addressOwed(reader: Reader, address: string): boolean {
  return skyStatus(reader, address, mostLines).some(({ row }) => isOwed(row));
}

/** One that a reorg took back before it counted may be mined again, so it is owed as well. */
function isOwed(row: SkyRow): boolean {
  return row.deposit_id !== "" && row.status !== "done";
}

/** Claim is what the operator says: this deposit was paid by that transaction. */
export interface Claim {
  readonly deposit: string;
  readonly txid: string;
}

/** Checked is a claim that the store does not contradict. */
export interface Checked {
  /** Where the transaction must have paid; empty where the operator's word is enough. */
  readonly address: string;
  /** refuses says why so many droplets are not enough, or gives undefined. */
  refuses(paid: bigint): string | undefined;
}

/** The operator's word is enough. */
const byWord: Checked = { address: "", refuses: () => undefined };

/**
 * checkClaim holds a claim against the store. Nothing is owed on the Skycoin chain for a deposit without an
 * address or one that is done, so what settled it is the operator's word. One that is held before it
 * was decided is never paid by teller: whatever the transaction paid there settles it.
 */
export function checkClaim(reader: Reader, claim: Claim): Result<Checked, string> {
  const { deposit, txid } = claim;
  const info = depositInfo(reader, deposit);
  if (info === undefined) return refuse(`there is no credited deposit ${deposit}`);
  const { sky_address: address, status, held } = info;
  const own = payoutByTransaction(reader, txid);
  // One that was proved dead and confirmed after all has paid; what of it is not due any more can only be settled so.
  const other =
    own === undefined || own.state === "dead" || own.deposits.includes(deposit) ? undefined : own.seq;
  const elsewhere = `${txid} is payout ${other} of this store, which does not have ${deposit}`;
  if (status === "done" || status === "waiting_confirm") return accept(byWord);
  // All that a payout of this store paid is accounted for by its deposits.
  if (address === "") return other === undefined ? accept(byWord) : refuse(elsewhere);
  if (status !== "waiting_send") {
    if (held === "") return refuse(`${deposit} is not decided yet: nobody knows what it is owed`);
    const nothing = `${txid} pays nothing to ${address}`;
    return accept({ address, refuses: (paid) => (paid > 0n ? undefined : nothing) });
  }
  if (other !== undefined) return refuse(elsewhere);
  const others = paidToOthers(reader, info, txid);
  return accept({ address, refuses: (paid) => tooLittle(info, txid, { paid, others }) });
}

/** paidToOthers sums what this transaction was said to have paid for other deposits of the same customer. */
function paidToOthers(reader: Reader, info: DepositInfo, txid: string): bigint {
  return settledBy(reader, info.sky_address, txid, info.deposit_id);
}

/** paidWith lists the deposits of a Skycoin address that this transaction has paid, as the store knows. */
export function paidWith(reader: Reader, address: string, txid: string): DepositInfo[] {
  // Not by lines: deposits that spend one coin share theirs, which shows one of them.
  const own = new Set(skyStatus(reader, address, mostLines).map(({ row }) => row.address));
  const all = [...own].flatMap((one) => depositsOfAddress(reader, one, mostLines));
  return all.filter((info) => info.sky_address === address && info.txid === txid);
}

/** settledBy sums what this transaction has paid, as the store knows, for deposits of an address; one may be left out. */
export function settledBy(reader: Reader, address: string, txid: string, except = ""): bigint {
  const others = paidWith(reader, address, txid).filter((info) => info.deposit_id !== except);
  return others.reduce((sum, info) => sum + info.sky_sent, 0n);
}

function tooLittle(
  info: DepositInfo,
  txid: string,
  { paid, others }: { paid: bigint; others: bigint },
): string | undefined {
  if (paid - others >= info.sky_owed) return undefined;
  const rest = others === 0n ? "" : `, of which ${others} are for other deposits`;
  return `${txid} pays ${paid} droplets to ${info.sky_address}${rest}; ${info.deposit_id} is owed ${info.sky_owed}`;
}
