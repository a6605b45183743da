import { type Clock, unixSeconds } from "#internal/clock";

/** ScanState is what a scanner tells about itself. */
export interface ScanState {
  readonly height: number;
  readonly tip: number;
  /** Over the last minute of catching up; 0 when idle. */
  readonly blocksPerSecond: number;
  /** Estimated seconds to the tip; 0 when there. */
  readonly secondsLeft: number;
  /** Empty when all is well. */
  readonly error: string;
  /** Unix seconds since when there is an error; 0 when there is none. */
  readonly errorSince: number;
}

/** Progress measures how quickly a scanner comes along. */
export interface Progress {
  readonly state: () => ScanState;
  at(height: number, tip: number): void;
  failed(error: string): void;
  well(): void;
}

const measuredMs = 60_000;

/** progress keeps the state of one scanner in memory: an observation, never a promise about money. */
export function progress(clock: Clock): Progress {
  let height = 0;
  let tip = 0;
  let error = "";
  let errorSince = 0;
  let samples: { at: number; height: number }[] = [];
  const rate = () => {
    const [first] = samples;
    const last = samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    return ((last.height - first.height) * 1000) / (last.at - first.at);
  };
  return {
    at(nowHeight, nowTip) {
      height = nowHeight;
      tip = Math.max(nowTip, nowHeight);
      const now = clock.mono();
      samples = [...samples.filter((sample) => now - sample.at < measuredMs), { at: now, height }].slice(
        -1000,
      );
      if (height >= tip) samples = samples.slice(-1);
    },
    failed(reason) {
      if (error === "") errorSince = unixSeconds(clock);
      error = reason;
    },
    well() {
      error = "";
      errorSince = 0;
    },
    state: () => {
      const blocksPerSecond = rate();
      const secondsLeft =
        height >= tip || blocksPerSecond <= 0 ? 0 : Math.ceil((tip - height) / blocksPerSecond);
      return {
        height,
        tip,
        blocksPerSecond: Math.round(blocksPerSecond * 10) / 10,
        secondsLeft,
        error,
        errorSince,
      };
    },
  };
}
