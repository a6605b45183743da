import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "#internal/clock";
import { restNode } from "#internal/skycoin";
import { never, until } from "./skynode_contract_build.ts";

/**
 * Starts stock nodes on the private chain, all on loopback: a publisher, a peer of it that is
 * talked to, and one that has no peer. Flags and keys are those of `chains/skycoin`.
 */

/** StockOptions say what differs from the usual. */
export interface StockOptions {
  /** The publisher's burn factor for its blocks, where it is not the usual one. */
  readonly publisherBurn?: number;
}

/** Stock is a set of running stock nodes. */
export interface Stock {
  /** URL of the node to talk to. */
  readonly url: string;
  /** URL of a node of the same chain that has no peers. */
  readonly lonelyUrl: string;
  stop(): Promise<void>;
}

const genesis = [
  "--blockchain-public-key=02c3cb85abc4ffa78234f34dc5e5c7b5f0993a254f8c6828a2cffd60bf8c58e9d6",
  "--genesis-address=pYFPybw6QvtDMMha2tmUcXr4KscZQD7aYw",
  "--genesis-timestamp=1700000000",
  "--genesis-signature=3798a0c6cade0c046767727a5959255e446e4d2b5d5a625d8daac343ba0094c9" +
    "6d6adc349bb440b23b6ee1190d31d336c5c7fbf5d55710c86570608eae7695eb01",
];
const publishing = [
  "--block-publisher=true",
  "--blockchain-secret-key=a03438fc69edbffe23f2ff141a0b113784cb5856acebbc2cd5412c6b7b664c61",
  "--disable-pex=true",
  "--disable-outgoing=true",
];
const quiet = [
  "--localhost-only=true",
  "--disable-default-peers=true",
  "--download-peerlist=false",
  "--enable-all-api-sets=true",
  "--launch-browser=false",
  "--color-log=false",
];

interface Ports {
  readonly api: number;
  readonly p2p: number;
}

/** The kernel names ports that are free now; nobody else is likely to take them before the node does. */
function freePorts(): Ports {
  const [api, p2p] = [0, 0].map((port) =>
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => {} } }),
  );
  if (api === undefined || p2p === undefined) throw new Error("no free ports");
  const ports = { api: api.port, p2p: p2p.port };
  for (const listener of [api, p2p]) listener.stop(true);
  return ports;
}

/** Setup is what one node gets beside the chain. */
interface Setup {
  readonly dir: string;
  readonly ports: Ports;
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

function spawn(executable: string, { dir, ports, flags, env }: Setup) {
  const own = [`--data-dir=${dir}`, `--port=${ports.p2p}`, `--web-interface-port=${ports.api}`];
  const command = [executable, ...own, "--web-interface-addr=127.0.0.1", ...genesis, ...quiet, ...flags];
  const log = Bun.file(`${dir}.log`);
  // The node wants a home, and its data elsewhere.
  return Bun.spawn(command, { stdout: log, stderr: log, env: { HOME: dirname(dir), ...env } });
}

const urlOf = ({ api }: Ports): string => `http://127.0.0.1:${api}`;

/** startStock starts publisher, peer and a lonely node, and waits until the first two have found each other. */
export async function startStock(executable: string, options: StockOptions = {}): Promise<Stock> {
  const dir = mkdtempSync(join(tmpdir(), "skycoin-stock-"));
  const [publisher, peer, lonely] = [freePorts(), freePorts(), freePorts()];
  const peers = join(dir, "peers.txt");
  writeFileSync(peers, `127.0.0.1:${publisher.p2p}\n`);
  const { publisherBurn: burn } = options;
  // A node takes another factor for its blocks only together with one for its users.
  const burnFlags = ["unconfirmed", "create-block"].map((which) => `--burn-factor-${which}=${burn}`);
  const strict = burn === undefined ? {} : { env: { USER_BURN_FACTOR: String(burn) } };
  const at = (name: string): string => join(dir, name);
  const processes = [
    spawn(executable, {
      dir: at("publisher"),
      ports: publisher,
      flags: [...publishing, ...(burn === undefined ? [] : burnFlags)],
      ...strict,
    }),
    spawn(executable, {
      dir: at("lonely"),
      ports: lonely,
      flags: [...publishing, "--disable-incoming=true"],
    }),
  ];
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map(end));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await answering(urlOf(publisher), 0);
    processes.push(
      spawn(executable, { dir: at("peer"), ports: peer, flags: [`--custom-peers-file=${peers}`] }),
    );
    await answering(urlOf(peer), 1);
    await answering(urlOf(lonely), 0);
  } catch (cause) {
    const said = ["publisher", "peer", "lonely"].map((name) => `${name}: ${lastLines(at(`${name}.log`))}`);
    await stop();
    throw new Error(`the stock node does not come up\n${said.join("\n")}`, { cause });
  }
  return { url: urlOf(peer), lonelyUrl: urlOf(lonely), stop };
}

const endMs = 15_000;

/** A node closes its database on SIGINT; one that does not come to an end is killed. */
async function end(node: Bun.Subprocess): Promise<void> {
  node.kill("SIGINT");
  const done = new AbortController();
  const late = systemClock.sleep(endMs, done.signal).then(() => {
    if (!done.signal.aborted) node.kill("SIGKILL");
  });
  await node.exited;
  done.abort();
  await late;
}

function lastLines(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(-10).join("\n") : "not started";
}

/** A node answers a few seconds after its start, and needs some more to find its peer. */
async function answering(url: string, peers: number): Promise<void> {
  const node = restNode({ address: url, clock: systemClock });
  await until(`the node at ${url}`, 60, async () => {
    try {
      const { openConnections } = await node.health(never);
      return openConnections >= peers ? true : undefined;
    } catch {
      return undefined;
    }
  });
}
