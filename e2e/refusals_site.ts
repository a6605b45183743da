import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { events, freeAddresses, totalsOf } from "#internal/book";
import { stringify } from "#internal/json";
import { type Daemon, readStore, startDaemon } from "./daemon.ts";

/** Site is a folder in which the executable is started, with the files that its configuration names. */
export interface Site {
  readonly dir: string;
  put(name: string, content: string | Uint8Array): string;
  /** start starts the executable there and waits until it answers or has ended. */
  start(config: string, ...flags: string[]): Promise<Daemon>;
  /** refusal starts it, expects that it ends with 1 within some seconds, and gives all that it printed. */
  refusal(config: string): Promise<string>;
  /** storeBytes are the bytes of the store; undefined when there is none. */
  storeBytes(): string | undefined;
  /** storeRows are what the store has, as text; undefined when there is none. */
  storeRows(): Promise<string | undefined>;
}

const longestRefusalMs = 15_000;

/** Sites makes sites and takes them away again, with every process that was started there. */
export class Sites {
  readonly #started: Daemon[] = [];
  readonly #dirs: string[] = [];

  async clear(): Promise<void> {
    for (const daemon of this.#started.splice(0)) await daemon.kill();
    for (const dir of this.#dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  }

  /** make makes an empty site, or one in a folder that is there already. */
  make(dir = this.#newDir()): Site {
    const store = join(dir, "app", "teller.db");
    const start = async (config: string, ...flags: string[]) => {
      const daemon = await startDaemon({ dir, config }, ...flags);
      this.#started.push(daemon);
      return daemon;
    };
    return {
      dir,
      start,
      put(name, content) {
        writeFileSync(join(dir, name), content);
        return join(dir, name);
      },
      async refusal(config) {
        const daemon = await start(config);
        const late = Bun.sleep(longestRefusalMs).then(() => undefined);
        const exit = await Promise.race([daemon.exited, late]);
        if (exit?.code !== 1) throw new Error(`not refused, but ${JSON.stringify(exit)}: ${daemon.output()}`);
        return daemon.output();
      },
      storeBytes: () => (existsSync(store) ? readFileSync(store).toString("base64") : undefined),
      async storeRows() {
        if (!existsSync(store)) return undefined;
        return readStore(dir, (reader) =>
          stringify([totalsOf(reader), events(reader, 0, 1000), freeAddresses(reader, "BTC", "", 1000)]),
        );
      },
    };
  }

  #newDir(): string {
    const dir = mkdtempSync(join(tmpdir(), "teller-refusal-"));
    this.#dirs.push(dir);
    return dir;
  }
}

/** lastLineOf gives the line for people that a refused start ends with. */
export function lastLineOf(output: string): string {
  const lines = output.split("\n").filter((line) => line.startsWith("teller: "));
  return lines.at(-1) ?? "";
}
