/**
 * exchange: works out what each credited deposit is owed, and lets it be sent.
 * README.md has the promises, the refusals and the states.
 */
import { decide, type DepositInfo, dueDeposits, hold, skyChain } from "#internal/book";
import { type Clock, unixSeconds } from "#internal/clock";
import type { Store, Tx } from "#internal/db";
import { type Bell, bell, type CrashPoints, type Part } from "#internal/life";
import type { Logger } from "#internal/log";
import { parseRate, type Rate, saleAmount, unitsOf } from "#internal/money";

/** ExchangeDeps is what the exchange needs of the house. */
export interface ExchangeDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly crash: CrashPoints;
  readonly periodMs: number;
  /** decided is called after a commit that let something be sent. */
  readonly decided: () => void;
}

/** Exchange is the loop that decides. */
export interface Exchange {
  readonly part: Part;
  readonly bell: Bell;
  /** error is the last deposit's trouble, or empty. */
  error(): string;
}

/** So many deposits are decided in one commit: enough to share it, few enough to keep it short. */
const batch = 250;

/** A Skycoin output's coins never have more decimal places than this, whatever a node allows. */
const dropletDecimals = 6;

/** What is to be done with one deposit. */
type Verdict =
  | { readonly kind: "owed"; readonly id: string; readonly owed: bigint; readonly decimals: number }
  | { readonly kind: "hold"; readonly id: string; readonly reason: string };

/**
 * judge works out what a deposit is owed: its frozen rate, cut to the fewer of its frozen decimals
 * and the node's. `nodeDecimals` is undefined before the node was met.
 */
export function judge(info: DepositInfo, nodeDecimals: number | undefined, rate: Rate): Verdict {
  const id = info.deposit_id;
  if (info.buy_method !== "direct")
    return { kind: "hold", id, reason: `buy method ${info.buy_method} is not built yet` };
  const decimals = Math.min(info.max_decimals, nodeDecimals ?? dropletDecimals);
  return {
    kind: "owed",
    id,
    owed: saleAmount(info.deposit_value, unitsOf(info.coin_type), rate, decimals),
    decimals,
  };
}

/** exchange makes the loop. */
export function exchange(deps: ExchangeDeps): Exchange {
  const { store, clock, log } = deps;
  const wake = bell(clock);
  const rates = new Map<string, Rate>();
  let error = "";

  const rateOf = (text: string): Rate => {
    const known = rates.get(text);
    if (known !== undefined) return known;
    const parsed = parseRate(text);
    if (!parsed.ok) throw new RangeError(`rate ${text}: ${parsed.refusal}`);
    if (rates.size > 100) rates.clear();
    rates.set(text, parsed.value);
    return parsed.value;
  };

  /** A row that cannot be judged is held with its reason; the others go on. */
  const verdictOn = (info: DepositInfo, nodeDecimals: number | undefined): Verdict => {
    try {
      return judge(info, nodeDecimals, rateOf(info.conversion_rate));
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause);
      return { kind: "hold", id: info.deposit_id, reason: error };
    }
  };

  const apply = (tx: Tx, verdict: Verdict, at: number) => {
    if (verdict.kind === "hold") return hold(tx, verdict.id, verdict.reason, at);
    decide(tx, { ...verdict, at });
  };

  const decideDue = (tx: Tx): Verdict[] => {
    const { decimals } = skyChain(tx);
    const due = dueDeposits(tx, "waiting_decide", { limit: batch });
    const verdicts = due.map((info) => verdictOn(info, decimals));
    for (const verdict of verdicts) apply(tx, verdict, unixSeconds(clock));
    return verdicts;
  };

  const step = async (): Promise<number> => {
    const ready = store.read(
      (reader) =>
        // Before the node was met nobody knows how many decimals it takes: amounts are frozen after that.
        skyChain(reader).decimals !== undefined &&
        dueDeposits(reader, "waiting_decide", { limit: 1 }).length > 0,
    );
    if (!ready) return 0;
    deps.crash("decide.due");
    // Looked for in the commit itself: nothing can change in between, and a row is read once.
    const verdicts = await store.write(decideDue);
    deps.crash("decide.committed");
    log.together(() => {
      for (const verdict of verdicts) tell(verdict);
    });
    if (verdicts.length > 0) deps.decided();
    return verdicts.length;
  };

  const tell = (verdict: Verdict) => {
    if (verdict.kind === "hold") log.watch("deposit held", { deposit: verdict.id, reason: verdict.reason });
    else log.info("deposit decided", { deposit: verdict.id, droplets: verdict.owed });
  };

  const run = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      if ((await step()) === 0) await wake.wait(deps.periodMs, signal);
    }
  };

  return { bell: wake, part: { name: "exchange", run }, error: () => error };
}
