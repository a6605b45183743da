/** Fields are the facts of a log line. An undefined value is left out. */
export type Fields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** Logger writes lines under one name ("scanner.btc"). */
export interface Logger {
  debug(msg: string, fields?: Fields): void;
  info(msg: string, fields?: Fields): void;
  warn(msg: string, fields?: Fields): void;
  error(msg: string, fields?: Fields): void;
  /** watch writes an error that a person must look at: `notice=WATCH`. */
  watch(msg: string, fields?: Fields): void;
  /** together hands the lines that `fn` writes to the system at once, when it ends: for many lines of one commit. */
  together(fn: () => void): void;
  /** child gives a logger of the same sinks under another name. */
  child(name: string): Logger;
}
