/** SignalHandlers are what a process does when it is told something from outside. */
export interface SignalHandlers {
  /** graceful is called once, by the first SIGINT or SIGTERM. */
  graceful(signal: string): void;
  /** immediate is called by every later SIGINT or SIGTERM. */
  immediate(signal: string): void;
  /** hangup is called by every SIGHUP. */
  hangup(): void;
}

/**
 * onSignals takes over SIGINT, SIGTERM and SIGHUP. The result gives them back to the system. SIGPIPE needs
 * nobody: the runtime ignores it, so that a reader who went away is an error of the write alone.
 */
export function onSignals(handlers: SignalHandlers): () => void {
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return handlers.immediate(signal);
    stopping = true;
    handlers.graceful(signal);
  };
  const actions = {
    SIGINT: () => stop("SIGINT"),
    SIGTERM: () => stop("SIGTERM"),
    SIGHUP: () => handlers.hangup(),
  } as const;
  for (const [signal, action] of Object.entries(actions)) process.on(signal, action);
  return () => {
    for (const [signal, action] of Object.entries(actions)) process.off(signal, action);
  };
}
