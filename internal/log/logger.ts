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
  const emit = (text: string) => {
    for (const sink of sinks) sink.write(text);
  };
  const logger = loggerOf("teller", options, emit);
  return {
    logger,
    reopen() {
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
      for (const sink of sinks) sink.close();
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
  const emit = (text: string) => {
    lines.push(text.trimEnd());
  };
  return { lines, logger: loggerOf("teller", { debug: true, now: () => now }, emit) };
}

function loggerOf(
  name: string,
  options: Pick<LogOptions, "debug" | "now">,
  emit: (text: string) => void,
): Logger {
  const write = (level: Level, msg: string, fields: Fields = {}) => {
    const event: Event = { time: options.now(), level, logger: name, msg, fields };
    emit(line(event));
  };
  return {
    debug(msg, fields) {
      if (options.debug) write("debug", msg, fields);
    },
    info: (msg, fields) => write("info", msg, fields),
    warn: (msg, fields) => write("warn", msg, fields),
    error: (msg, fields) => write("error", msg, fields),
    watch: (msg, fields) => write("error", msg, { ...fields, notice: "WATCH" }),
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
  child: () => silent,
};
