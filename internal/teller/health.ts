import type { Totals } from "#internal/book";
import type { Clock } from "#internal/clock";
import { formatUnits, unitsOf } from "#internal/money";
import type { CoinHealth, HealthAnswer } from "./types.ts";

/** HealthParts are the workers' own words, asked for at each call; none of them asks a node. */
export interface HealthParts {
  readonly version: string;
  /** Monotonic milliseconds at start. */
  readonly startedAt: number;
  readonly scanners: Readonly<
    Record<
      string,
      () => {
        height: number;
        tip: number;
        blocksPerSecond: number;
        secondsLeft: number;
        error: string;
        errorSince: number;
      }
    >
  >;
  readonly sender: () => { error: string; errorSince: number; balance: { coins: bigint; hours: bigint } };
  readonly processorError: () => string;
  /** What is stuck, by its age, as the watchdog saw it last. */
  readonly troubles: () => readonly string[];
}

/** goDuration writes milliseconds as Go does: `5m32s`, `1h0m5s`, `2.5s`, `20ms`. */
export function goDuration(ms: number): string {
  const total = Math.max(0, Math.floor(ms));
  if (total > 0 && total < 1000) return `${total}ms`;
  const h = Math.floor(total / 3_600_000);
  const m = Math.floor((total % 3_600_000) / 60_000);
  const s = (total % 60_000) / 1000;
  if (h > 0) return `${h}h${m}m${s}s`;
  return m > 0 ? `${m}m${s}s` : `${s}s`;
}

function coinHealth(state: ReturnType<HealthParts["scanners"][string]>): CoinHealth {
  return {
    enabled: true,
    ok: state.error === "",
    height: state.height,
    tip: state.tip,
    blocks_per_second: state.blocksPerSecond,
    seconds_left: state.secondsLeft,
    error: state.error,
    error_since: state.errorSince,
  };
}

/** healthOf puts the answer together from the workers' words and one row of totals. */
export function healthOf(
  parts: HealthParts,
  totals: Totals,
  facts: { clock: Clock; buyMethod: string },
): HealthAnswer {
  const sender = parts.sender();
  const scanners = Object.fromEntries(
    Object.entries(parts.scanners).map(([coin, state]) => [coin, coinHealth(state())]),
  );
  const stuck = parts.troubles();
  const well =
    stuck.length === 0 &&
    sender.error === "" &&
    totals.attention === 0 &&
    Object.values(scanners).every((one) => one.ok);
  return {
    status: well ? "OK" : "ERROR",
    application: "teller",
    version: parts.version,
    uptime: goDuration(facts.clock.mono() - parts.startedAt),
    exchange: {
      buy_method: facts.buyMethod,
      processor_error: parts.processorError(),
      sender_error: sender.error,
      sender_error_since: sender.errorSince,
      deposit_error_count: totals.errored,
      held_count: totals.attention,
      balance: {
        coins: formatUnits(sender.balance.coins, unitsOf("SKY")),
        hours: sender.balance.hours.toString(),
      },
    },
    scanners,
    stuck,
  };
}
