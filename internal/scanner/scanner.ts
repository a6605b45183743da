import {
  advance,
  type ChainReport,
  type ChainRules,
  clearStopped,
  type Cursor,
  cursorOf,
  headerAt,
  headerBelow,
  knowHeaders,
  markStopped,
  rescanFrom,
  rewind,
  startCursor,
  stoppedCoins,
} from "#internal/book";
import { type Clock, unixSeconds } from "#internal/clock";
import type { Block, BlockRef, ChainSource, Watch } from "#internal/coin";
import type { Store } from "#internal/db";
import { accept, Broken, Fault, messageOf, refuse, type Result } from "#internal/fault";
import { type Bell, bell, type CrashPoints, type Part } from "#internal/life";
import type { Logger } from "#internal/log";
import { findFork, type Reach, readAfter } from "./branch.ts";
import { progress, type ScanState } from "./state.ts";

/** ScannerDeps is what a scanner needs of the house. */
export interface ScannerDeps {
  readonly store: Store;
  readonly source: ChainSource;
  /** watch is asked for once, when the part starts: loading a large pool takes a moment. */
  readonly watch: (signal: AbortSignal) => Promise<Watch>;
  readonly rules: ChainRules;
  /** Where to begin in a new store; undefined = at the tip. */
  readonly initialHeight: number | undefined;
  readonly periodMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly crash: CrashPoints;
  /** credited is called after a commit that credited something. */
  readonly credited: () => void;
}

/** Scanner is one coin's loop. */
export interface Scanner {
  readonly part: Part;
  /** bell makes it look now; without it, it looks every period. */
  readonly bell: Bell;
  state(): ScanState;
  /** caughtUp tells whether it has come to the node's tip since it was started. */
  caughtUp(): boolean;
  /**
   * rescan sets the cursor back, so that the block at this height or one below it is read next, and lets a stopped
   * scanner go on: no block is skipped. It is done between two looks. Refused where the chain differs below.
   */
  rescan(from: number): Promise<Result<string, string>>;
}

interface RescanRequest {
  readonly from: number;
  answer(result: Result<string, string>): void;
}

/** What one look at the node led to: `more` when the next look should follow at once, `unsure` when nothing was compared. */
type Outcome = "more" | "idle" | "unsure";

/** scanner makes the loop of one coin. */
export function scanner(deps: ScannerDeps): Scanner {
  const { clock, log } = deps;
  const { coin } = deps.rules;
  const wake = bell(clock);
  const seen = progress(clock);
  let unchecked = true;
  let caughtUp = false;
  const requests: RescanRequest[] = [];

  const rescanFirst = async (reach: Reach): Promise<void> => {
    // One at a time: those behind one that fails are carried out by the next look.
    for (let request = requests.shift(); request !== undefined; request = requests.shift()) {
      try {
        request.answer(await goBack(deps, reach, request.from));
      } catch (error) {
        request.answer(refuse(messageOf(error)));
        throw error;
      }
    }
  };

  const look = async (reach: Reach): Promise<Outcome> => {
    if (unchecked) await deps.source.check(reach.signal);
    unchecked = false;
    await rescanFirst(reach);
    const outcome = await follow(deps, reach, seen.at);
    seen.well();
    const { height, tip } = seen.state();
    if (!caughtUp && outcome !== "unsure" && height === tip) {
      caughtUp = true;
      log.info("scanner reached the tip", { coin, height });
    }
    return outcome;
  };

  const run = async (signal: AbortSignal) => {
    const watch = await deps.watch(signal);
    const reach = { source: deps.source, watch, signal };
    log.info("scanner started", { coin, watched: watch.size });
    while (!signal.aborted) {
      let outcome: Outcome = "unsure";
      try {
        outcome = await look(reach);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Broken || (error instanceof Fault && error.op.startsWith("db."))) throw error;
        unchecked = true;
        // What is no Fault came of an answer that nobody foresaw: no node may end the process.
        report(
          error instanceof Fault
            ? error
            : new Fault("scanner.read", "retry", messageOf(error), { cause: error }),
        );
      }
      if (outcome !== "more") await wake.wait(deps.periodMs, signal);
    }
  };

  const report = (error: Fault) => {
    const reason = messageOf(error);
    const known = seen.state().error === reason;
    seen.failed(reason);
    if (known) return;
    const fields = { coin, op: error.op, fate: error.fate, err: reason };
    if (error.fate === "stop") log.watch("scanner cannot go on", fields);
    else log.error("scanner waits", fields);
  };

  const rescan = (from: number) =>
    new Promise<Result<string, string>>((answer) => {
      requests.push({ from, answer });
      wake.ring();
    });

  return {
    bell: wake,
    part: { name: `scanner.${coin.toLowerCase()}`, run },
    state: seen.state,
    caughtUp: () => caughtUp,
    rescan,
  };
}

type At = (height: number, tip: number) => void;

/** follow looks once at the node and takes in what is new. */
async function follow(deps: ScannerDeps, reach: Reach, at: At): Promise<Outcome> {
  const { coin } = deps.rules;
  const tip = await reach.source.tip(reach.signal);
  const cursor = deps.store.read((reader) => cursorOf(reader, coin)) ?? (await begin(deps, reach, tip));
  at(cursor.height, tip.height);
  if (tip.height < cursor.height) {
    throw new Fault(
      "scanner.follow",
      "retry",
      `the node is behind: its tip is ${tip.height}, we are at ${cursor.height}`,
    );
  }
  const [hash] = await reach.source.hashesAt([cursor.height], reach.signal);
  if (hash === undefined) throw notGiven(tip, cursor.height);
  if (hash !== cursor.hash) return reorganise(deps, reach, { cursor, tip });
  await resume(deps);
  return forward(deps, reach, { cursor, tip, at });
}

/** A node that has a tip and not what is below it would stop the scan in silence. */
function notGiven(tip: BlockRef, height: number): Fault {
  const message = `the node is behind or broken: its tip is ${tip.height} and it does not give block ${height}`;
  return new Fault("scanner.follow", "retry", message);
}

/** begin stores the first cursor of a new store. */
async function begin(deps: ScannerDeps, reach: Reach, tip: BlockRef): Promise<Cursor> {
  const { coin } = deps.rules;
  const height = deps.initialHeight === undefined ? tip.height : Math.max(deps.initialHeight - 1, 0);
  const [hash] = height === tip.height ? [tip.hash] : await reach.source.hashesAt([height], reach.signal);
  if (hash === undefined) {
    const message = `initial_scan_height ${deps.initialHeight} is above the node's tip ${tip.height}`;
    throw new Fault("scanner.begin", "retry", message);
  }
  const start = { height, hash };
  const below = await headersBelow(deps, reach, start);
  await deps.store.write((tx) => {
    startCursor(tx, coin, start);
    knowHeaders(tx, coin, below);
  });
  deps.log.watch("the store is new: scanning begins", { coin, after: height, tip: tip.height });
  return start;
}

/**
 * headersBelow asks for the blocks below this one, as many as a reorg may be deep. Throws a `Fault` (`retry`) when they
 * may be of another chain than this one: a fork would be seen where there is none, and what is below it not be scanned.
 */
async function headersBelow(deps: ScannerDeps, reach: Reach, top: BlockRef): Promise<BlockRef[]> {
  const count = Math.min(top.height, deps.rules.window - 1);
  const heights = Array.from({ length: count }, (_, i) => top.height - count + i);
  // It is asked for last: where it still stands, all below it did.
  const hashes = await reach.source.hashesAt([...heights, top.height], reach.signal);
  if (hashes[count] !== top.hash)
    throw new Fault("scanner.read", "retry", `the chain changed at ${top.height} while it was read`);
  return heights.flatMap((height, i) => {
    const hash = hashes[i];
    return hash === undefined ? [] : [{ height, hash }];
  });
}

/** goBack sets the cursor to the block before `from` on the node's chain, or to the last one below that we can compare. */
async function goBack(deps: ScannerDeps, reach: Reach, from: number): Promise<Result<string, string>> {
  const { coin } = deps.rules;
  const start = await startBelow(deps, reach, from - 1);
  if (!start.ok) return start;
  const at = unixSeconds(deps.clock);
  const below = await headersBelow(deps, reach, start.value);
  const report = await deps.store.write((tx) => {
    const done = rescanFrom(tx, deps.rules, start.value, at);
    knowHeaders(tx, coin, below);
    return done;
  });
  const first = start.value.height + 1;
  deps.log.watch("scanning again", { coin, from: first, reversed: report.reversed.length });
  const why = first === from ? "" : `, not ${from}: no block between is known to be ours`;
  return accept(
    `scanning again from ${first}${why}; ${report.reversed.length} deposits wait to be seen again`,
  );
}

/**
 * startBelow finds the block after which scanning can begin again: the highest at this height or below that we hold and
 * the node has as well, so that nothing between our chain and the node's is skipped. Where none is held nothing was
 * ever scanned.
 */
async function startBelow(
  deps: ScannerDeps,
  reach: Reach,
  height: number,
): Promise<Result<BlockRef, string>> {
  const { cursor, own } = deps.store.read((reader) => ({
    cursor: cursorOf(reader, deps.rules.coin),
    own: headerBelow(reader, deps.rules.coin, height),
  }));
  if (cursor === undefined) return refuse("nothing is scanned yet");
  const outside = refuse(`HEIGHT must be from 1 to ${cursor.height + 1}`);
  if (height < 0) return outside;
  const [shared, hash] = await reach.source.hashesAt([own?.height ?? height, height], reach.signal);
  if (hash === undefined) return height > cursor.height ? outside : refuse(`the node has no block ${height}`);
  if (own === undefined) return accept({ height, hash });
  if (own.hash === shared) return accept(own);
  return refuse(
    `the chain differs from ours already at ${own.height}: HEIGHT must be lower, or blocks would be skipped`,
  );
}

async function resume(deps: ScannerDeps): Promise<void> {
  const { coin } = deps.rules;
  if (!deps.store.read(stoppedCoins).some((stopped) => stopped.coin === coin)) return;
  await deps.store.write((tx) => clearStopped(tx, coin, unixSeconds(deps.clock)));
  deps.log.watch("the node is back on the chain that we know: scanning goes on", { coin });
}

async function forward(
  deps: ScannerDeps,
  reach: Reach,
  place: { cursor: Cursor; tip: BlockRef; at: At },
): Promise<Outcome> {
  const { store, rules, crash } = deps;
  let height = place.cursor.height;
  for await (const blocks of readAfter(reach, place.cursor, place.tip.height)) {
    crash("scan.fetched");
    tell(deps, await store.write((tx) => advance(tx, rules, blocks, unixSeconds(deps.clock))));
    height = blocks.at(-1)?.height ?? height;
    place.at(height, place.tip.height);
    if (reach.signal.aborted) return "idle";
  }
  if (height < place.tip.height) throw notGiven(place.tip, height + 1);
  return height === place.cursor.height ? "idle" : "more";
}

/**
 * reorganise takes back our branch and takes in the node's, in one commit. It first reads the whole
 * new branch, linked block by block from the fork to at least our height: what is not proved is
 * not followed.
 */
async function reorganise(
  deps: ScannerDeps,
  reach: Reach,
  place: { cursor: Cursor; tip: BlockRef },
): Promise<Outcome> {
  const { store, rules, log, clock } = deps;
  const { cursor } = place;
  // Single headers are kept below the window too.
  const ours = (height: number) =>
    height <= cursor.height - rules.window
      ? undefined
      : store.read((reader) => headerAt(reader, rules.coin, height));
  const fork = await findFork(reach, cursor, ours);
  if (fork === undefined) {
    // A node of another network says nothing about ours: no reason to stop payouts.
    await reach.source.check(reach.signal);
    return tooDeep(deps, cursor);
  }
  const branch: Block[] = [];
  for await (const blocks of readAfter(reach, fork, cursor.height)) branch.push(...blocks);
  if ((branch.at(-1)?.height ?? 0) < cursor.height) {
    throw new Fault(
      "scanner.reorganise",
      "retry",
      "the node's branch ends below ours; waiting for the rest of it",
    );
  }
  deps.crash("scan.fetched");
  const at = unixSeconds(clock);
  const taken = await store.write((tx) => {
    const back = rewind(tx, rules, fork, at);
    const on = advance(tx, rules, branch, at);
    return { ...on, reversed: back.reversed, watch: [...back.watch, ...on.watch] };
  });
  const depth = cursor.height - fork.height;
  log.warn("reorg followed", { coin: rules.coin, depth, fork: fork.height, reversed: taken.reversed.length });
  tell(deps, taken);
  return "more";
}

async function tooDeep(deps: ScannerDeps, cursor: Cursor): Promise<never> {
  const { coin, window } = deps.rules;
  const reason = `the node's chain shares none of the last ${window} blocks below ${cursor.height} with ours`;
  await deps.store.write((tx) => markStopped(tx, coin, reason, unixSeconds(deps.clock)));
  throw new Fault("scanner.reorganise", "stop", `${reason}: this scanner and all payouts are stopped`);
}

function tell(deps: ScannerDeps, report: ChainReport): void {
  const { log, rules } = deps;
  const { coin } = rules;
  deps.crash("scan.committed");
  log.together(() => {
    for (const line of report.watch) log.watch(line, { coin });
    for (const id of report.seen) log.info("deposit seen", { coin, deposit: id });
    for (const id of report.credited) log.info("deposit credited", { coin, deposit: id });
  });
  if (report.credited.length > 0) deps.credited();
}
