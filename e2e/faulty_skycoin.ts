import { z } from "zod";
import { decodeTransactionHex, txidOf } from "#internal/skycoin";
import { type Deed, type Fault, first, onPath } from "../standin/proxy/mod.ts";
import { type Arm, type Cure, faultsOfAll, oneOfThree, plain } from "./faulty_btcd.ts";
import type { World } from "./faulty_world.ts";

const health = "/api/v1/health";
const block = "/api/v1/block";
const outputs = "/api/v1/outputs";
const uxout = "/api/v1/uxout";
const transaction = "/api/v1/transaction";
const verify = "/api/v2/transaction/verify";
const inject = "/api/v1/injectTransaction";

const arm =
  (deed: Deed, ...paths: string[]): Arm =>
  (world) =>
    world.sky.arm(onPath(deed, ...paths));

/** changed changes the text of the node's good answers. */
const changed = (by: (text: string) => string): Deed => ({
  kind: "change",
  change: (answer) => ({ ...answer, text: by(answer.text) }),
});

const refusal = "Transaction violates soft constraint: Transaction coinhour fee minimum not met";
const expired = plain(403, "403 Forbidden - csrf token expired\n");
const refused = plain(422, JSON.stringify({ error: { message: refusal, code: 422 } }));

/** waiting keeps sent transactions out of blocks, so that what the node answers to them stays to be seen. */
const waiting =
  (deed: Deed): Arm =>
  ({ sky, chains }) => {
    chains.sky.pause();
    sky.arm(onPath(deed, inject));
    return () => chains.sky.resume();
  };

/** answeredLater lets the node do what it was asked to, and answers this. */
const answeredLater = (status: number, text: string): Deed => ({
  kind: "change",
  change: (answer) => ({ ...answer, status, text }),
});

/** Answers about an output as the node gives them for one that it has never seen. */
const unknownOutput: Deed = {
  kind: "change",
  change: (answer, { target }) => {
    const uxid = target.split("uxid=")[1] ?? "";
    return { ...answer, status: 400, text: `400 Bad Request - uxout of ${uxid} does not exist\n` };
  },
};

/** goBack pays somebody and then puts the node, or the whole chain, back to before that payment. */
async function goBack(world: World, which: "node" | "chain"): Promise<void> {
  const { sky } = world.chains;
  sky.remember(which);
  await world.paid(await world.pay(await world.bind()));
  sky.pause();
  const back = sky.setBack(which, which);
  if (!back.ok) throw new Error(back.refusal);
}

async function olderCopy(world: World): Promise<Cure> {
  const { sky } = world.chains;
  await goBack(world, "node");
  return () => {
    const caught = sky.catchUp();
    if (!caught.ok) throw new Error(caught.refusal);
    sky.resume();
  };
}

/** Blocks of others take the place of those that are gone, and some more. */
async function otherBranch(world: World): Promise<Cure> {
  const { sky } = world.chains;
  const { seq } = sky.world.chain.head();
  await goBack(world, "chain");
  while (sky.world.chain.head().seq <= seq + 5) sky.foreignBlock(10);
  return () => sky.resume();
}

const injected = z.object({ rawtx: z.string() });

/** forgets takes a transaction, as it says, and does nothing with it. */
const forgets: Fault = (question) => {
  if (question.target !== inject) return undefined;
  const tx = decodeTransactionHex(injected.parse(JSON.parse(question.body)).rawtx);
  return tx.ok ? plain(200, JSON.stringify(txidOf(tx.value))) : undefined;
};

/** Every transaction is said to be in the first block, sent or not; and there are no blocks. */
function falseConfirm({ sky, chains }: World): Cure {
  chains.sky.pause();
  const deed: Deed = {
    kind: "change",
    change: (answer, { target }) => {
      const txid = target.split("txid=")[1];
      const status = { confirmed: true, unconfirmed: false, height: 1, block_seq: 1 };
      return { ...answer, status: 200, text: JSON.stringify({ status, time: 1, txn: { txid } }) };
    },
  };
  sky.arm(onPath(deed, transaction));
  return () => chains.sky.resume();
}

/** The publisher wants all hours of ours burned, and blocks of others come and go. */
function otherBurn({ chains: { sky } }: World): Cure {
  const foreign = () => {
    sky.setRules({ publisher: { burnFactor: 10n } });
    sky.foreignBlock(10);
    sky.setRules({ publisher: { burnFactor: 1n } });
  };
  foreign();
  const blocks = setInterval(foreign, 60);
  return () => {
    clearInterval(blocks);
    sky.setRules({ publisher: { burnFactor: 10n } });
  };
}

function noPeers({ chains: { sky } }: World): Cure {
  sky.world.peers = 0;
  return () => {
    sky.world.peers = 1;
  };
}

function noBlocks({ chains: { sky } }: World): Cure {
  sky.pause();
  return () => sky.resume();
}

/** skycoinFaults lets each row about a Skycoin node begin. */
export const skycoinFaults: Readonly<Record<string, Arm>> = {
  "sky-refuse": ({ sky }) => sky.refuse(),
  "sky-hang": arm({ kind: "half", then: "hang" }, health),
  "sky-end-before": waiting(faultsOfAll.end),
  "sky-end-after": waiting(faultsOfAll["end-after"]),
  "sky-half": waiting(faultsOfAll.half),
  "sky-half-outputs": arm(faultsOfAll.half, outputs),
  "sky-kept": ({ sky }) =>
    sky.arm(({ earlier, method }) => (earlier > 0 && method === "GET" ? faultsOfAll.end : undefined)),
  "sky-end-verify": arm(faultsOfAll.end, verify),
  "sky-slow": arm(faultsOfAll.slow),
  "sky-wrong-txid": waiting(changed(() => JSON.stringify("00".repeat(32)))),
  "sky-wrong-type": arm(
    changed((text) => text.replace(/"seq": ?(\d+)/, '"seq": "$1"')),
    health,
  ),
  "sky-false-hash": arm(
    changed((text) => text.replace(/"fee": ?\d+/, '"fee": 4711')),
    block,
  ),
  "sky-other-chain": ({ sky, otherSky }) => sky.point(otherSky.url),
  "sky-no-block-0": arm(plain(404, "404 Not Found\n"), block),
  "sky-no-block": ({ sky }) => {
    const fault = onPath(plain(404, "404 Not Found\n"), block);
    sky.arm((question) => (question.target.endsWith("seq=0") ? undefined : fault(question)));
  },
  "sky-stale": noBlocks,
  "sky-older-copy": olderCopy,
  "sky-other-branch": otherBranch,
  "sky-publisher-burn": otherBurn,
  "sky-no-anchor": arm(unknownOutput, uxout),
  "sky-no-outputs": arm(
    changed((text) => JSON.stringify({ ...JSON.parse(text), head_outputs: [] })),
    outputs,
  ),
  "sky-no-transaction": arm(plain(404, "404 Not Found\n"), transaction),
  "sky-forgets": ({ sky }) => sky.arm(forgets),
  "sky-false-confirm": falseConfirm,
  "sky-anchor-spent": arm(
    changed((text) => JSON.stringify({ ...JSON.parse(text), spent_tx: "ab".repeat(32), spent_block_seq: 1 })),
    uxout,
  ),
  "sky-verify-all": arm(refused, verify),
  "sky-verify-flaps": ({ sky }) => sky.arm(oneOfThree(onPath(refused, verify))),
  "sky-inject-400": waiting(answeredLater(400, `400 Bad Request - ${refusal}\n`)),
  "sky-401": arm(plain(401, "401 Unauthorized\n")),
  "sky-csrf-once": ({ sky }) => sky.arm(first(1, onPath(expired, verify))),
  "sky-csrf-always": arm(expired, verify, inject),
  "sky-429": arm(faultsOfAll["429"]),
  "sky-500-html": arm(faultsOfAll["500-html"]),
  "sky-503-after": waiting(answeredLater(503, "503 Service Unavailable - No addresses provided\n")),
  "sky-503-before": noPeers,
  "sky-200-empty": arm(faultsOfAll["200-empty"]),
  "sky-large": arm({ kind: "large", bytes: 64 * 1024 * 1024 }, outputs),
  "sky-no-http": arm(faultsOfAll["no-http"]),
  "sky-redirect": arm(faultsOfAll.redirect),
};

/** anySkycoinFaults are those that can come and go with each request. */
export const anySkycoinFaults: readonly Fault[] = [
  ...Object.values(faultsOfAll).map((deed) => onPath(deed)),
  onPath(plain(401, "401 Unauthorized\n")),
  onPath(plain(404, "404 Not Found\n")),
  onPath(expired, verify, inject),
  onPath(faultsOfAll["end-after"], inject),
  onPath(answeredLater(400, `400 Bad Request - ${refusal}\n`), inject),
  onPath(answeredLater(503, "503 Service Unavailable - No addresses provided\n"), inject),
  onPath(unknownOutput, uxout),
  onPath(plain(500, "500 Internal Server Error - gateway.GetUnspentOutputsSummary failed\n"), outputs),
];
