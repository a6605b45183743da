/** Budget is for how long a test goes on: parameters of `fc.assert`, and a limit for the test's runner. */
export interface Budget {
  readonly parameters: {
    readonly numRuns: number;
    readonly interruptAfterTimeLimit: number;
    readonly markInterruptAsFailure: boolean;
  };
  readonly timeoutMs: number;
}

const usualMs = 4_000;
const graceMs = 60_000;
const endless = 1_000_000_000;

/** budget allows so many runs, in four seconds at most; or, with `FUZZ_MS`, as many as fit into that time. */
export function budget(runs: number): Budget {
  const longer = Number(process.env["FUZZ_MS"] || 0);
  const ms = longer > 0 ? longer : usualMs;
  return {
    parameters: {
      numRuns: longer > 0 ? endless : runs,
      interruptAfterTimeLimit: ms,
      markInterruptAsFailure: false,
    },
    timeoutMs: ms + graceMs,
  };
}
