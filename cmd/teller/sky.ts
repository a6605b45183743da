import { readFileSync } from "node:fs";
import { anchorOf, doneSince, skyChain } from "#internal/book";
import type { Config } from "#internal/config";
import type { Store } from "#internal/db";
import type { DummyBroadcast, DummySender } from "#internal/dummy";
import { Fault, messageOf } from "#internal/fault";
import { formatUnits, hours, unitsOf } from "#internal/money";
import {
  type Broadcast,
  type DummyLedger,
  dummyLedger,
  type DummyRestore,
  dummySigner,
  type Node,
  openWallet,
  restNode,
  type Signer,
} from "#internal/skycoin";
import type { House } from "./house.ts";

/** SkyDesk is the Skycoin side: a node, a wallet, and in dummy mode the ledger behind both. */
export interface SkyDesk {
  readonly node: Node;
  readonly signer: Signer;
  readonly dummy: DummyLedger | undefined;
}

const op = "teller.wallet";

function passwordOf(config: Config): string | undefined {
  const { walletPassword, walletPasswordFile } = config.skyExchanger;
  if (walletPasswordFile === undefined) return walletPassword?.reveal();
  try {
    return readFileSync(walletPasswordFile, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new Fault(
      op,
      "stop",
      `sky_exchanger.wallet_password_file ${walletPasswordFile}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function walletSigner(config: Config): Signer {
  const path = config.skyExchanger.wallet ?? "";
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new Fault(op, "stop", `sky_exchanger.wallet file ${path} failed to load: ${messageOf(cause)}`, {
      cause,
    });
  }
  const password = passwordOf(config);
  const opened = openWallet(text, password);
  if (!opened.ok) {
    const hint =
      password === undefined
        ? "; a password comes from sky_exchanger.wallet_password_file or from TELLER_WALLET_PASSWORD"
        : "";
    throw new Fault(op, "stop", `sky_exchanger.wallet file ${path} is invalid: ${opened.refusal}${hint}`);
  }
  return opened.value;
}

/** So many hours the restored wallet has for each payout to come: the dummy's hours are worth nothing. */
const restoredHours = hours(1_000_000_000_000n);

/** A dummy chain goes on where the store's payouts ended: with the anchor, at the head that the store has seen. */
function restoreFrom(store: Store): DummyRestore | undefined {
  const { anchor, head, last } = store.read((reader) => ({
    anchor: anchorOf(reader),
    head: skyChain(reader).head,
    last: doneSince(reader, 10),
  }));
  if (anchor === undefined || head === undefined || head.seq === 0) return undefined;
  const { uxid, address, coins } = anchor;
  return {
    head,
    outputs: [{ uxid, address, coins, hours: restoredHours, blockSeq: head.seq, srcTx: "0".repeat(64) }],
    blocks: last.flatMap(({ block }) => (block === undefined || block.seq === head.seq ? [] : [block])),
  };
}

/** skyDesk opens the wallet and the way to the node, or the dummies of both. Throws a `Fault` (`stop`) that names the file and the reason. */
export function skyDesk(config: Config, house: House): SkyDesk {
  if (!config.dummy.sender) {
    const node = restNode({ address: config.skyRpc.address, clock: house.clock });
    return { node, signer: walletSigner(config), dummy: undefined };
  }
  const restore = restoreFrom(house.store);
  const dummy = dummyLedger({ clock: house.clock, ...(restore === undefined ? {} : { restore }) });
  return { node: dummy.node, signer: dummySigner(), dummy };
}

/** dummySender is the door by which people look at the dummy's payouts and confirm them. */
export function dummySender(desk: SkyDesk, confirmed: () => void): DummySender | undefined {
  const { dummy } = desk;
  if (dummy === undefined) return undefined;
  // What a payout pays never changes, and people ask for the whole list again and again.
  const texts = new WeakMap<Broadcast["outputs"], DummyBroadcast["outputs"]>();
  const shown = (outputs: Broadcast["outputs"]) => {
    const known = texts.get(outputs);
    if (known !== undefined) return known;
    const made = outputs.map(({ address, coins }) => ({
      address,
      coins: formatUnits(coins, unitsOf("SKY")),
    }));
    texts.set(outputs, made);
    return made;
  };
  return {
    async broadcasts() {
      return dummy.broadcasts().map(({ txid, outputs, confirmed: done }) => ({
        txid,
        outputs: shown(outputs),
        confirmed: done,
      }));
    },
    async confirm(which) {
      const known = dummy.confirm(which);
      if (known) confirmed();
      return known;
    },
  };
}
