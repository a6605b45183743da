import type { Bucket, Key, Reader, Store } from "#internal/db";
import type { CoinType } from "#internal/money";
import * as buckets from "./buckets.ts";
import type { Deposit, DepositInfo, Payout, SkyRow } from "./mod.ts";
import { anchorOf, attemptsOf, storedStatuses, totalsOf } from "./mod.ts";

const coins: readonly CoinType[] = ["BTC", "ETH"];

function all<K extends Key, V>(reader: Reader, of: Bucket<K, V>): { key: K; value: V }[] {
  return reader.rows(of, { limit: Number.MAX_SAFE_INTEGER });
}

const needsPerson = (info: DepositInfo) =>
  info.settled === "" &&
  info.replaced_by === "" &&
  (info.held !== "" || (info.reversed && info.released !== true));
const isDue = (info: DepositInfo) =>
  (info.status === "waiting_decide" || info.status === "waiting_send") &&
  info.held === "" &&
  !info.reversed &&
  info.replaced_by === "" &&
  info.settled === "";

/** audit compares every index, count and list with a full scan of what they follow from, and gives what differs. */
export function audit(store: Store): string[] {
  return store.read((reader) => {
    const infos = all(reader, buckets.infos).map(({ value }) => value);
    const deposits = all(reader, buckets.deposits);
    const payouts = all(reader, buckets.payouts).map(({ value }) => value);
    const wrong: string[] = [];
    const same = (what: string, got: unknown, want: unknown) => {
      if (!Bun.deepEquals(got, want))
        wrong.push(`${what}: ${Bun.inspect(got)} instead of ${Bun.inspect(want)}`);
    };
    auditTotals(reader, { infos, payouts }, same);
    auditIndices(reader, { infos, deposits, payouts }, same);
    auditPool(reader, same);
    auditStatusLists(reader, { infos, deposits }, same);
    auditMoney({ infos, deposits, payouts }, same);
    return wrong;
  });
}

type Same = (what: string, got: unknown, want: unknown) => void;
type Row = { key: string; value: Deposit };

function auditTotals(reader: Reader, rows: { infos: DepositInfo[]; payouts: Payout[] }, same: Same): void {
  const { infos, payouts } = rows;
  const totals = totalsOf(reader);
  const byStatus = storedStatuses.map((status) => [status, infos.filter((i) => i.status === status).length]);
  same("by_status", totals.by_status, Object.fromEntries(byStatus));
  same("errored", totals.errored, infos.filter((info) => info.error !== "").length);
  same("attention", totals.attention, infos.filter(needsPerson).length);
  for (const coin of coins) {
    const standing = infos.filter((info) => info.coin_type === coin && !info.reversed);
    const sum = standing.reduce((n, info) => n + info.deposit_value, 0n);
    same(`received ${coin}`, totals.received[coin], sum);
    same(`free ${coin}`, totals.free[coin], all(reader, buckets.free(coin)).length);
    same(`bound ${coin}`, totals.bound[coin], all(reader, buckets.bindings(coin)).length);
  }
  const paid = payouts.filter(({ state }) => state === "confirmed").flatMap(({ outputs }) => outputs);
  same(
    "sent",
    totals.sent,
    paid.reduce((n, output) => n + output.coins, 0n),
  );
  const numbers = all(reader, buckets.eventRows).map(({ key }) => key);
  same(
    "events",
    numbers,
    Array.from({ length: totals.next_event - 1 }, (_, i) => i + 1),
  );
  const seqs = infos.map(({ seq }) => seq).sort((a, b) => a - b);
  same(
    "seqs",
    seqs,
    Array.from({ length: totals.next_seq - 1 }, (_, i) => i + 1),
  );
}

function auditIndices(
  reader: Reader,
  rows: { infos: DepositInfo[]; deposits: Row[]; payouts: Payout[] },
  same: Same,
): void {
  const { infos, deposits, payouts } = rows;
  const text = (list: { key: unknown; value: unknown }[]) =>
    list.map(({ key, value }) => `${Bun.inspect(key)} ${value}`).sort();
  const bySeq = (of: DepositInfo[], key: (info: DepositInfo) => unknown) =>
    text(of.map((info) => ({ key: key(info), value: info.deposit_id })));
  same(
    "deposit_status",
    text(all(reader, buckets.byStatus)),
    bySeq(infos, (i) => [i.status, i.seq]),
  );
  same(
    "deposit_due",
    text(all(reader, buckets.due)),
    bySeq(infos.filter(isDue), (i) => [i.status, i.seq]),
  );
  const listed = infos.filter((info) => info.error !== "" || needsPerson(info));
  same(
    "deposit_errored",
    text(all(reader, buckets.errored)),
    bySeq(listed, (i) => i.seq),
  );
  const standing = deposits.filter(({ value }) => !value.reversed);
  const place = (list: Row[]) =>
    text(list.map(({ key, value: d }) => ({ key: [d.coin_type, d.height, d.order], value: key })));
  same("deposit_height", text(all(reader, buckets.byHeight)), place(standing));
  const info = new Map(infos.map((one) => [one.deposit_id, one]));
  const waiting = standing.filter(({ key }) => info.get(key)?.reversed ?? true);
  same("deposit_uncredited", text(all(reader, buckets.uncredited)), place(waiting));
  same(
    "btc_txs",
    text(all(reader, buckets.addressDeposits)),
    text(deposits.map(({ key, value: d }) => ({ key: [d.address, d.order], value: key }))),
  );
  const spends = deposits.flatMap(({ key, value }) =>
    value.inputs.map((o) => ({ key: [o, key], value: "" })),
  );
  same("deposit_outpoint", text(all(reader, buckets.byOutpoint)), text(spends));
  const open = payouts.filter(({ state }) => state === "signed");
  same(
    "payout_open",
    text(all(reader, buckets.openPayouts)),
    text(open.map((p) => ({ key: p.seq, value: p.txid }))),
  );
  const attempts = payouts.flatMap((p) =>
    attemptsOf(p).map(({ txid }) => ({ key: txid, value: p.seq.toString() })),
  );
  same("payout_txid", text(all(reader, buckets.payoutByTxid)), text(attempts));
  for (const { key, value: d } of deposits) {
    same(`${key} is credited`, info.has(key), d.processed);
    same(`${key} is at a height`, d.height > 0, !d.reversed);
  }
}

function auditPool(reader: Reader, same: Same): void {
  for (const coin of coins) {
    const names = (of: Bucket<string, unknown>) => new Set(all(reader, of).map(({ key }) => key));
    const used = names(buckets.used(coin));
    const bound = names(buckets.bindings(coin));
    same(
      `${coin} free and used`,
      [...names(buckets.free(coin))].filter((a) => used.has(a)),
      [],
    );
    same(
      `${coin} bound and not used`,
      [...bound].filter((a) => !used.has(a)),
      [],
    );
    const range = { start: ["deposit_addresses", ""], end: ["deposit_addresses", "\uffff"] } as const;
    const scanned = reader.keys(buckets.scanned(coin), { ...range, limit: Number.MAX_SAFE_INTEGER });
    same(`${coin} scanned`, new Set(scanned.map(([, address]) => address)), bound);
  }
}

function auditStatusLists(reader: Reader, rows: { infos: DepositInfo[]; deposits: Row[] }, same: Same): void {
  const lines = all(reader, buckets.skyRows);
  const lists = Map.groupBy(lines, ({ key }) => key[0]);
  const deposits = new Map(rows.deposits.map(({ key, value }) => [key, value]));
  const infos = new Map(rows.infos.map((info) => [info.deposit_id, info]));
  for (const [sky, list] of lists) {
    same(
      `numbers of ${sky}`,
      list.map(({ key }) => key[1]),
      list.map((_, i) => i + 1),
    );
    const addresses = coins.flatMap((coin) =>
      all(reader, buckets.bindings(coin)).filter(({ value }) => value.sky_address === sky),
    );
    same(`bound to ${sky}`, list.at(-1)?.value.bound, addresses.length);
    for (const { value: b } of addresses)
      same(`line of ${b.address}`, list[b.seq - 1]?.value.address, b.address);
  }
  for (const { key, value: line } of lines)
    auditLine(`line ${key.join(" ")}`, line, { deposits, infos, same });
  for (const [id, deposit] of deposits) {
    if (deposit.sky_address === "") continue;
    const line = lists.get(deposit.sky_address)?.[deposit.status_seq - 1]?.value;
    const shown = deposits.get(line?.deposit_id ?? "");
    // Deposits that spend one coin share a line; it shows one of them.
    same(`${id} has a line`, shown?.status_seq, deposit.status_seq);
    same(`${id} has a line of its address`, line?.coin_type, deposit.coin_type);
  }
}

function auditLine(
  what: string,
  line: SkyRow,
  rows: { deposits: Map<string, Deposit>; infos: Map<string, DepositInfo>; same: Same },
): void {
  const deposit = rows.deposits.get(line.deposit_id);
  const info = rows.infos.get(line.deposit_id);
  if (info !== undefined && info.replaced_by !== "") return;
  rows.same(`${what} status`, line.status, info?.status ?? "waiting_deposit");
  const pending = deposit !== undefined && !deposit.reversed && info === undefined;
  rows.same(`${what} height`, line.height, pending ? deposit.height : 0);
}

/** Nothing is paid twice: not a deposit, and not a coin that two transactions spend. */
function auditMoney(rows: { infos: DepositInfo[]; deposits: Row[]; payouts: Payout[] }, same: Same): void {
  const standing = rows.payouts.filter(({ state }) => state !== "dead");
  const paid = standing.flatMap(({ deposits }) => deposits);
  same(
    "deposits in two payouts",
    paid.filter((id, i) => paid.indexOf(id) !== i),
    [],
  );
  for (const payout of standing) {
    const shares = rows.infos.filter(({ deposit_id: id }) => payout.deposits.includes(id));
    same(
      `payout of ${payout.seq}`,
      new Set(shares.map((info) => info.payout)),
      new Set(shares.map(() => payout.seq)),
    );
    const owed = shares.reduce((n, info) => n + info.sky_sent, 0n);
    same(
      `sum of ${payout.seq}`,
      payout.outputs.reduce((n, o) => n + o.coins, 0n),
      owed,
    );
    const status = payout.state === "confirmed" ? "done" : "waiting_confirm";
    same(
      `status in ${payout.seq}`,
      new Set(shares.map((info) => info.status)),
      new Set(shares.map(() => status)),
    );
  }
  auditReversed(rows, same);
  const states = standing.map(({ state }) => state);
  same("order of the open payouts", states, [...states].sort());
  // What a person paid although it was held was looked at by that person.
  const byHand = rows.infos.filter((info) => info.settled !== "" && info.held === "");
  const gone = new Set([...paid, ...byHand.map((info) => info.deposit_id)]);
  const spenders = new Map<string, Set<string>>();
  for (const { key, value } of rows.deposits) {
    if (!gone.has(key)) continue;
    for (const outpoint of value.inputs) {
      spenders.set(outpoint, (spenders.get(outpoint) ?? new Set()).add(value.tx));
    }
  }
  same(
    "coins paid for twice",
    [...spenders].filter(([, txs]) => txs.size > 1).map(([o]) => o),
    [],
  );
}

/** What a reorg took back waits for a person, or for one that has its place and is itself on the chain or waits. */
function auditReversed(rows: { infos: DepositInfo[]; deposits: Row[] }, same: Same): void {
  const infos = new Map(rows.infos.map((info) => [info.deposit_id, info]));
  const deposits = new Map(rows.deposits.map(({ key, value }) => [key, value]));
  for (const { deposit_id: id, reversed, settled } of rows.infos) {
    if (!reversed || settled !== "") continue;
    let last = id;
    for (let next = id; next !== ""; next = deposits.get(next)?.replaced_by ?? "") last = next;
    const told = deposits.get(last)?.reversed === false || infos.has(last);
    same(`${id} is told or has its place taken`, told, true);
  }
}

/** anchorText names the anchor for a comparison. */
export function anchorText(store: Store): string {
  return store.read((reader) => anchorOf(reader))?.uxid ?? "";
}
