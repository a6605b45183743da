import { type Event, type Level, line } from "./line.ts";
import { openSink, type Sink } from "./sink.ts";
import type { Fields, Logger } from "./types.ts";

/** LogOptions say what is written and where. */
export interface LogOptions {
  /** Also write debug lines. */
  readonly debug: boolean;
  /** The log file, beside stdout; undefined for none. Relative to the working directory. */
  readonly file: string | undefined;
  /** Wall time in milliseconds since 1970, for the lines. */
  readonly now: () => number;
  /** The file descriptor of stdout. */
  readonly stdout: number;
  /**
   * later calls a function a moment later. Debug lines, of which each request is one, then wait that long for others to
   * be written with, or for a line that matters. Without it none waits.
   */
  readonly later?: (fn: () => void) => void;
}

/** Log is an open log. */
export interface Log {
  /** The logger named `teller`. */
  readonly logger: Logger;
  /** reopen opens the file again after it was rotated. When that fails, the old file is kept and an ERROR line says so. */
  reopen(): void;
  /** close writes what still waits and closes the file. Later lines are dropped. */
  close(): void;
}

/** createLog opens a log that writes each line to stdout and to the file. Throws when the file cannot be opened. */
export function createLog(options: LogOptions): Log {
  const lossLine = (lost: number) =>
    line({ time: options.now(), level: "error", logger: "log", msg: "lines lost", fields: { lines: lost } });
  const sinks: Sink[] = [openSink({ fd: options.stdout }, lossLine)];
  if (options.file !== undefined) sinks.push(openSink({ path: options.file }, lossLine));
  const lines = collector(sinks, options.later);
  const logger = loggerOf("teller", options, lines);
  return {
    logger,
    reopen() {
      lines.handOver();
      try {
        for (const sink of sinks) sink.reopen();
        logger.info("log file reopened");
      } catch (error) {
        logger.error("log file not reopened", {
          err: error instanceof Error ? error.message : String(error),
        });
      }
    },
    close() {
      lines.handOver();
      for (const sink of sinks) sink.close();
    },
  };
}

/** Emit takes the lines of a logger. */
interface Emit {
  line(text: string, level: Level): void;
  together(fn: () => void): void;
}

/** At most so many lines are handed over at once: far less than a sink keeps for a descriptor that takes nothing now. */
const atOnce = 256;

/** collector hands lines over one by one, or many at once: those that come during `together`, and debug lines. */
function collector(
  sinks: readonly Sink[],
  later: LogOptions["later"],
): Emit & { /** handOver hands over what waits. */ handOver(): void } {
  let gathering = false;
  let asked = false;
  let gathered: string[] = [];
  const handOver = () => {
    const lines = gathered;
    gathered = [];
    if (lines.length > 0) for (const sink of sinks) sink.write(lines.join(""), lines.length);
  };
  const waits = (level: Level) => {
    if (level !== "debug" || later === undefined) return false;
    if (!asked) {
      asked = true;
      later(() => {
        asked = false;
        handOver();
      });
    }
    return true;
  };
  return {
    handOver,
    line(text, level) {
      gathered.push(text);
      if (gathered.length >= atOnce || !(gathering || waits(level))) handOver();
    },
    together(fn) {
      const outermost = !gathering;
      gathering = true;
      try {
        fn();
      } finally {
        gathering = !outermost;
        if (outermost) handOver();
      }
    },
  };
}

/** RecordingLog is a log in memory, for tests. */
export interface RecordingLog {
  readonly logger: Logger;
  /** The lines so far, debug lines included, without their newlines. */
  readonly lines: readonly string[];
}

/** recordingLog makes a log that keeps its lines; its clock stands still at the given time. */
export function recordingLog(now = 0): RecordingLog {
  const lines: string[] = [];
  const emit: Emit = {
    line: (text) => lines.push(text.trimEnd()),
    together: (fn) => fn(),
  };
  return { lines, logger: loggerOf("teller", { debug: true, now: () => now }, emit) };
}

function loggerOf(name: string, options: Pick<LogOptions, "debug" | "now">, emit: Emit): Logger {
  const write = (level: Level, msg: string, fields: Fields = {}) => {
    const event: Event = { time: options.now(), level, logger: name, msg, fields };
    emit.line(line(event), level);
  };
  return {
    debug(msg, fields) {
      if (options.debug) write("debug", msg, fields);
    },
    info: (msg, fields) => write("info", msg, fields),
    warn: (msg, fields) => write("warn", msg, fields),
    error: (msg, fields) => write("error", msg, fields),
    watch: (msg, fields) => write("error", msg, { ...fields, notice: "WATCH" }),
    together: (fn) => emit.together(fn),
    child: (child) => loggerOf(child, options, emit),
  };
}

/** silent drops every line; for tests. */
export const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  watch: () => {},
  together: (fn) => fn(),
  child: () => silent,
};
