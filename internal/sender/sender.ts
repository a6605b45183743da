import { dueDeposits, stoppedCoins } from "#internal/book";
import { unixSeconds } from "#internal/clock";
import { Broken, Fault, messageOf } from "#internal/fault";
import { type Bell, bell, type Part, type Reminder, reminder } from "#internal/life";
import { droplet, hours } from "#internal/money";
import { fewHours, type Purse } from "./build.ts";
import type { Held, LedgerView, Meeting, SenderDeps } from "./deps.ts";
import { compareHeads, meet } from "./meet.ts";
import { followOpen } from "./open.ts";
import { patience } from "./patience.ts";
import { payDue } from "./pay.ts";
import { sendings } from "./sendings.ts";
import { type Balance, takePurse, viewOf, wealth } from "./purse.ts";

export type { LedgerView, SenderDeps } from "./deps.ts";

/** SenderState is what the sender tells about itself: an observation, never a promise about money. */
export interface SenderState {
  /** Why something is not paid now; empty when all is well. */
  readonly error: string;
  /** Unix seconds since when there is an error; 0 when there is none. */
  readonly errorSince: number;
  readonly balance: Balance;
  readonly ledger: LedgerView;
}

/** Sender is the loop that pays. */
export interface Sender {
  readonly part: Part;
  readonly bell: Bell;
  state(): SenderState;
}

/** What a round led to: its trouble, and whether the next round should follow at once. */
interface Round {
  readonly trouble: string;
  readonly more: boolean;
  readonly balance?: Balance;
  readonly ledger?: LedgerView;
  /** A person must act: the trouble is told with `notice=WATCH`. */
  readonly watch: boolean;
}

/** With few coin hours left, payouts are at least this far apart. */
const sparingMs = 600_000;

const sparing = "coin hours are low: payouts are rarer until the wallet has more";
const noHours =
  "the wallet has no coin hours, which every payment burns: only a block of somebody else, or a top-up, brings some";

/** checkNode asks once, at start, whether the node is the right one. Throws as `meet` does. */
export async function checkNode(deps: SenderDeps, signal: AbortSignal): Promise<void> {
  await meet(deps, signal);
}

/** sender makes the loop. */
export function sender(deps: SenderDeps): Sender {
  const { clock, log } = deps;
  const wake = bell(clock);
  const spoken = reminder(clock);
  const desk = { ...deps, sendings: sendings(clock), patience: patience(clock) };
  const nothing: Balance = { coins: droplet(0n), hours: hours(0n) };
  let state: SenderState = { error: "", errorSince: 0, balance: nothing, ledger: "unseen" };
  let lastBuilt: number | undefined;

  const note = (round: Round) => {
    const since = round.trouble === "" ? 0 : state.error === "" ? unixSeconds(clock) : state.errorSince;
    const balance = round.balance ?? state.balance;
    const over = round.trouble === "" && state.error !== "";
    state = { error: round.trouble, errorSince: since, balance, ledger: round.ledger ?? state.ledger };
    if (over) log.info("payouts go on");
    speak(spoken, deps, round);
  };

  const round = async (signal: AbortSignal): Promise<Round> => {
    const meeting = await meet(deps, signal);
    const behind = await compareHeads(deps, meeting);
    const followed = await followOpen(desk, { ...meeting, behind: behind !== undefined });
    if (followed.kind === "settled") return { trouble: "", more: true, watch: false };
    const now = await wealth(deps, meeting);
    const { balance } = now;
    if (behind !== undefined) return { trouble: behind.reason, more: false, watch: !behind.passing, balance };
    if (followed.kind === "waiting") {
      const ledger = await viewOf(deps, meeting, followed.payout);
      const waiting = { trouble: followed.trouble, more: false, watch: true, balance };
      return ledger === undefined ? waiting : { ...waiting, ledger };
    }
    // Whether or not anything may be paid now: the first anchor is chosen before anybody is owed, and an old copy is told.
    const purse = await takePurse(deps, meeting, now);
    if ("reason" in purse) return { ...heldOr(purse), balance };
    return { ...(await pay(meeting, purse, balance.hours)), balance, ledger: "agrees" };
  };

  /** Where nothing may be built anyway only what concerns the whole store is told, and what keeps binding closed. */
  const heldOr = (held: Held): Round => {
    const stopped = held.ledger === "agrees" ? whyNotBuild(deps) : undefined;
    const round = stopped ?? { trouble: held.reason, more: false, watch: !held.passing };
    return held.ledger === undefined ? round : { ...round, ledger: held.ledger };
  };

  const pay = async (meeting: Meeting, purse: Purse, left: bigint): Promise<Round> => {
    const stopped = whyNotBuild(deps);
    if (stopped !== undefined) return stopped;
    if (left === 0n) return { trouble: noHours, more: false, watch: true };
    if (left < fewHours && lastBuilt !== undefined && clock.mono() - lastBuilt < sparingMs)
      return { trouble: sparing, more: false, watch: true };
    const paid = await payDue(desk, meeting, purse);
    if (paid.signed) lastBuilt = clock.mono();
    return { trouble: paid.trouble, more: paid.signed || paid.held, watch: true };
  };

  const run = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      let more = false;
      try {
        const done = await round(signal);
        note(done);
        more = done.more;
      } catch (error) {
        if (signal.aborted) return;
        if (endsProcess(error)) throw error;
        // What is no Fault came of an answer that nobody foresaw: no node may end the process.
        const watch = !(error instanceof Fault) || error.fate === "stop";
        const trouble = error instanceof Fault ? troubleOf(error) : messageOf(error);
        note({ trouble, more: false, watch });
      }
      if (!more) await wake.wait(deps.waitMs, signal);
    }
  };

  log.debug("sender made", { addresses: deps.signer.addresses.length });
  return { bell: wake, part: { name: "sender", run }, state: () => state };
}

/** What a client of the node says names its address or its path, not what it is. */
function troubleOf(error: Fault): string {
  const text = messageOf(error);
  return error.op.startsWith("skycoin.") ? `Skycoin node: ${text}` : text;
}

/** endsProcess tells an error of ours, or of the store, from one that a node has caused. */
function endsProcess(error: unknown): boolean {
  return error instanceof Broken || (error instanceof Fault && error.op.startsWith("db."));
}

function whyNotBuild(deps: SenderDeps): Round | undefined {
  const [stopped] = deps.store.read(stoppedCoins);
  if (stopped !== undefined) {
    return { trouble: `payouts are stopped: ${stopped.coin}: ${stopped.reason}`, more: false, watch: true };
  }
  const unseen = deps.unseen();
  if (unseen.length > 0) {
    const due = deps.store.read((reader) => dueDeposits(reader, "waiting_send", { limit: 1 }));
    if (due.length === 0) return { trouble: "", more: false, watch: false };
    const trouble = `payouts wait until the chain of ${unseen.join(" and ")} was looked at again`;
    return { trouble, more: false, watch: false };
  }
  if (!deps.sendEnabled) return { trouble: "", more: false, watch: false };
  return undefined;
}

function speak(spoken: Reminder, deps: SenderDeps, round: Round): void {
  if (round.trouble === "") return spoken.over();
  spoken.stands(round.trouble, () => {
    if (round.watch) deps.log.watch("payouts wait", { reason: round.trouble });
    else deps.log.error("payouts wait", { reason: round.trouble });
  });
}
