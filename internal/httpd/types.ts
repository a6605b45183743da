import type { Broken } from "#internal/fault";

/** Remote is the other end of a connection. */
export interface Remote {
  readonly address: string;
  readonly port: number;
}

/** HttpEnv is what a listener hands to an application with every request, and what its handlers may read. */
export interface HttpEnv {
  Bindings: {
    /** Absent where there is no socket, as in a test that calls the application itself. */
    readonly remote?: Remote;
    /** broken tells the listener that an invariant does not hold, so that the process ends. */
    readonly broken?: (error: Broken) => void;
  };
  Variables: {
    /** Whose request it is, for limits: an IPv4 address, an IPv6 network of 64 bits, or `unknown`. */
    client: string;
  };
}
