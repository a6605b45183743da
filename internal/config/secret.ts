import { inspect } from "node:util";

const shown = "[secret]";

/**
 * Secret holds a text that no log, error, metric or answer may show. Printed, joined to a text,
 * written as JSON or inspected it gives `[secret]`; only `reveal` gives the text.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** reveal gives the text to the one call that needs it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [Symbol.toPrimitive](): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}
