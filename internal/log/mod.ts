/**
 * log: one logfmt line an event, the same in every sink.
 *
 * Promise: `grep ERROR` and `grep notice=WATCH` find the same lines on stdout and in the file;
 * values wrapped in `Secret` never appear; amounts print as exact digits; neither a full disk
 * nor a reader of stdout that went away ends the process.
 */
export { createLog, type Log, type LogOptions, type RecordingLog, recordingLog, silent } from "./logger.ts";
export type { Fields, Logger } from "./types.ts";
