import type { Socket } from "bun";

/** Wire is the sending side of one connection. */
export class Wire {
  readonly #socket: Socket<unknown>;
  #drained: (() => void) | undefined;
  #closed = false;

  constructor(socket: Socket<unknown>) {
    this.#socket = socket;
  }

  /** closed is true once nothing more can be sent. */
  get closed(): boolean {
    return this.#closed;
  }

  /** send resolves when all bytes are handed over, or when the connection is gone. */
  async send(bytes: Uint8Array): Promise<void> {
    let left = bytes;
    while (!this.#closed && left.length > 0) {
      const wrote = this.#socket.write(left);
      if (wrote < 0) return;
      left = left.subarray(wrote);
      if (left.length > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    }
  }

  /** drain goes on sending; the socket calls for more. */
  drain(): void {
    this.#drained?.();
    this.#drained = undefined;
  }

  /** gone is told when the other side has closed, or the connection broke. */
  gone(): void {
    this.#closed = true;
    this.drain();
  }

  /** end closes in good order, after what was sent. */
  end(): void {
    if (!this.#closed) this.#socket.end();
  }

  /** reset breaks the connection. */
  reset(): void {
    if (!this.#closed) this.#socket.terminate();
  }
}
