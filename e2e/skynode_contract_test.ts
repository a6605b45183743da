import { systemClock } from "#internal/clock";
import { memoryNode, newLedger, restNode, stockRules } from "#internal/skycoin";
import { privateGenesis, startSkynode } from "#skynode";
import { nodeContract, type Subject } from "./skynode_contract.ts";
import { type RawSubject, rawContract } from "./skynode_contract_raw.ts";
import { publisherContract } from "./skynode_contract_publisher.ts";
import { startStock } from "./skynode_contract_stock.ts";

/** One contract, three nodes: in memory, the stand-in, and the stock node where there is one. */

const quick = { blockSeconds: 0.2, cleanSeconds: 0.5 };

async function memory(): Promise<Subject> {
  const ledger = newLedger(privateGenesis());
  const stopping = new AbortController();
  let held = false;
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await systemClock.sleep(quick.blockSeconds * 1000, stopping.signal);
      if (held || ledger.makeBlock(stockRules, systemClock.now()) === undefined) continue;
      ledger.dropInvalid();
    }
  };
  const running = run();
  return {
    node: memoryNode(ledger, { clock: systemClock, rules: stockRules }),
    hold: () => {
      held = true;
    },
    release: () => {
      held = false;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function standin(): Promise<Subject> {
  const skynode = startSkynode({ ...quick, cleanSeconds: 0 });
  return {
    node: restNode({ address: skynode.url, clock: systemClock }),
    hold: skynode.pause,
    release: skynode.resume,
    stop: skynode.stop,
  };
}

async function rawStandin(): Promise<RawSubject> {
  const skynode = startSkynode(quick);
  const lonely = startSkynode({ ...quick, peers: 0 });
  return {
    url: skynode.url,
    lonelyUrl: lonely.url,
    async stop() {
      await Promise.all([skynode.stop(), lonely.stop()]);
    },
  };
}

nodeContract("the memory node", memory);
nodeContract("the stand-in", standin);
rawContract("the stand-in", rawStandin);
publisherContract("the stand-in", async (burn) => {
  const skynode = startSkynode({ ...quick, publisher: { burnFactor: BigInt(burn) } });
  return { node: restNode({ address: skynode.url, clock: systemClock }), stop: skynode.stop };
});

const executable = process.env["SKYCOIN_BIN"] ?? "";
if (executable === "") {
  console.log("skipped: the contract of the stock Skycoin node (SKYCOIN_BIN names no executable)");
} else {
  nodeContract("the stock node", async () => {
    const stock = await startStock(executable);
    return { node: restNode({ address: stock.url, clock: systemClock }), stop: stock.stop };
  });
  rawContract("the stock node", () => startStock(executable));
  publisherContract("the stock node", async (burn) => {
    const stock = await startStock(executable, { publisherBurn: burn });
    return { node: restNode({ address: stock.url, clock: systemClock }), stop: stock.stop };
  });
}
