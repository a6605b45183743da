import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../bench/random.ts";
import { binary, type Exit } from "./daemon.ts";
import type { KillChains } from "./kill_chains.ts";

/** Post is where a teller lives on, however often it is killed: always the same folder and ports. */
export interface Post {
  readonly publicUrl: string;
  readonly adminUrl: string;
  /** start starts the executable and does not wait for it. */
  start(...flags: string[]): Running;
  /** news gives what was logged since it was asked last. */
  news(): Promise<string>;
}

/** Running is the executable from its start to its end. */
export interface Running {
  readonly exited: Promise<Exit>;
  ended(): boolean;
  /** answering resolves with true when it answers, with false when it ended before or too much time has passed. */
  answering(ms: number): Promise<boolean>;
  kill(): Promise<Exit>;
  stop(): Promise<Exit>;
}

/** Ports that the system gives to nobody who asks for any port, so that they are free again after each kill. */
const lowestPort = 12_000;
const ports = 18_000;

function portFrom(random: Random): number {
  for (;;) {
    const port = lowestPort + random(ports);
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
      return port;
    } catch {}
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(1000) })).ok;
  } catch {
    return false;
  }
}

const pollMs = 10;

/** newPost prepares the configuration of a teller on these chains. */
export function newPost(chains: KillChains, random: Random): Post {
  const { dir } = chains;
  const [web, admin, dummy] = [portFrom(random), portFrom(random), portFrom(random)];
  const publicUrl = `http://127.0.0.1:${web}`;
  const config = join(dir, "config.toml");
  const log = join(dir, "teller.log");
  writeFileSync(log, "");
  writeFileSync(
    config,
    `${chains.config}
[web]
http_addr = "127.0.0.1:${web}"
throttle_max = 1000000
[admin_panel]
host = "127.0.0.1:${admin}"
[dummy]
http_addr = "127.0.0.1:${dummy}"
`,
  );
  let read = 0;
  return {
    publicUrl,
    adminUrl: `http://127.0.0.1:${admin}`,
    start(...flags) {
      const output = openSync(log, "a");
      const child = Bun.spawn([binary(), "-c", config, "-d", join(dir, "app"), ...flags], {
        cwd: dir,
        stdin: "ignore",
        stdout: output,
        stderr: output,
      });
      closeSync(output);
      const exited = child.exited.then(() => ({
        code: child.exitCode,
        signal: child.signalCode === null ? null : String(child.signalCode),
      }));
      const ended = () => child.exitCode !== null || child.signalCode !== null;
      const end = async (signal: NodeJS.Signals) => {
        child.kill(signal);
        return exited;
      };
      return {
        exited,
        ended,
        async answering(ms) {
          const late = performance.now() + ms;
          while (!ended() && performance.now() < late) {
            if (await answers(publicUrl)) return true;
            await Bun.sleep(pollMs);
          }
          return false;
        },
        kill: () => end("SIGKILL"),
        stop: () => end("SIGTERM"),
      };
    },
    async news() {
      const fresh = await Bun.file(log).slice(read).bytes();
      read += fresh.length;
      return Buffer.from(fresh).toString();
    },
  };
}
