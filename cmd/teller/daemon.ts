import { writeSync } from "node:fs";
import { openBook } from "#internal/book";
import { systemClock } from "#internal/clock";
import { describe } from "#internal/config";
import { commitFailure } from "#internal/db";
import { fateOf, messageOf } from "#internal/fault";
import { crashAt, noCrash, onSignals, type Part, supervise, writePidFile } from "#internal/life";
import { createLog, type Log } from "#internal/log";
import { build as assemble } from "./assemble.ts";
import type { Flags } from "./flags.ts";
import { loadSettings, type Settings } from "./settings.ts";
import { build } from "./version.ts";

const exitOk = 0;
const exitRefused = 1;
const exitDead = 2;
/** All parts together get so long to stop; the whole shutdown stays below 45 s. */
const stopMs = 40_000;
const schema = 1;

/** runDaemon runs teller until it is told to stop. Gives the exit code: 0 asked, 1 refused to start, 2 a part died. */
export async function runDaemon(flags: Flags): Promise<number> {
  let settings: Settings;
  let log: Log;
  try {
    settings = loadSettings(flags, process.env);
    const { debug, logfile } = settings.config;
    const later = (fn: () => void) => void systemClock.sleep(0).then(fn);
    log = createLog({ debug, file: logfile, now: systemClock.now, stdout: 1, later });
  } catch (error) {
    return refused(messagesOf(error));
  }
  try {
    return await serve(flags, settings, log);
  } catch (error) {
    log.logger.error("teller cannot start", { err: messageOf(error) });
    return refused(messagesOf(error));
  } finally {
    log.close();
  }
}

function messagesOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function refused(reason: string): number {
  writeSync(2, `teller: ${reason}\n`);
  return exitRefused;
}

/** storePart ends the process when a commit could not be made durable. */
function storePart(failed: Promise<Error>): Part {
  return {
    name: "store",
    run: async (signal) => {
      const stopped = new Promise<undefined>((resolve) => {
        signal.addEventListener("abort", () => resolve(undefined), { once: true });
      });
      const reason = await Promise.race([failed, stopped]);
      if (reason !== undefined) throw reason;
    },
  };
}

async function serve(flags: Flags, settings: Settings, log: Log): Promise<number> {
  const { config } = settings;
  const { logger } = log;
  const { version, commit } = build();
  logger.info("teller starts", {
    version,
    commit,
    config: settings.configPath,
    store: settings.dbPath,
    pid: process.pid,
  });
  for (const warning of settings.warnings) logger.warn(warning);
  logger.info("configuration", describe(config));
  const store = await openBook(settings.dbPath, {
    schema,
    btc_network: config.btcRpc.network,
    dummy_scanner: config.dummy.scanner,
    dummy_sender: config.dummy.sender,
  });
  const pidFile = config.pidfile === undefined ? undefined : writePidFile(config.pidfile);
  const starting = whileStarting(log);
  try {
    const crash = flags.crashAt === undefined ? noCrash : crashAt(flags.crashAt);
    const house = { store, clock: systemClock, log: logger, crash };
    const teller = await Promise.race([assemble(settings, house, commit), starting.stopped]);
    starting.over();
    if (teller === undefined) return exitOk;
    const running = supervise([...teller.parts, storePart(store.failed)], systemClock);
    return await untilStopped(running, log, teller.hangup);
  } finally {
    await store.close();
    pidFile?.remove();
  }
}

/**
 * whileStarting answers signals until the parts run: a large pool may take a minute to import. A start may be
 * left at any point, so being told to stop ends it at once.
 */
function whileStarting(log: Log): { readonly stopped: Promise<undefined>; over(): void } {
  let stop: () => void = () => {};
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
  });
  const over = onSignals({
    graceful: (signal) => {
      log.logger.info("stopping before the start was complete", { signal });
      stop();
    },
    immediate: () => process.exit(exitDead),
    hangup: () => log.reopen(),
  });
  return { stopped, over };
}

type Running = ReturnType<typeof supervise>;

async function untilStopped(running: Running, log: Log, hangup: () => Promise<void>): Promise<number> {
  const { logger } = log;
  let asked: (signal: string) => void = () => {};
  const stop = new Promise<string>((resolve) => {
    asked = resolve;
  });
  let dead: (reason: string) => void = () => {};
  const uncaught = new Promise<string>((resolve) => {
    dead = resolve;
  });
  const stray = (error: unknown) => dead(messagesOf(commitFailure(error) ?? error));
  process.on("uncaughtException", stray);
  process.on("unhandledRejection", stray);
  onSignals({
    graceful: asked,
    immediate: () => process.exit(exitDead),
    hangup: () => {
      log.reopen();
      hangup().catch((error: unknown) => logger.error("hangup failed", { err: messageOf(error) }));
    },
  });
  const ended = await Promise.race([
    stop.then((signal) => ({ exit: exitOk, reason: signal })),
    uncaught.then((reason) => ({ exit: exitDead, reason })),
    running.failed.then(({ part, cause }) => ({
      exit: exitDead,
      reason: `${part} died: ${messageOf(cause)} (${fateOf(cause)})`,
    })),
  ]);
  if (ended.exit === exitOk) logger.info("stopping", { signal: ended.reason });
  else logger.watch("a part died: stopping", { reason: ended.reason });
  running.stop();
  const inTime = await running.ended(stopMs);
  if (!inTime) logger.error("not every part stopped in time");
  logger.info("stopped", { exit: ended.exit });
  return ended.exit;
}
