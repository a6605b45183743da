import { systemClock } from "#internal/clock";
import { type Listener, listen, loadAssets } from "#internal/httpd";
import { silent } from "#internal/log";
import { publicApp } from "#internal/public";
import { addressOf, addressText } from "#internal/skycoin";
import { type FakeTeller, fakeTeller } from "../internal/public/testteller.ts";
import type { PageDesk } from "./page_suite.ts";

/** FakeDesk is the real page on a Teller that the test sets as it likes. */
export interface FakeDesk extends PageDesk {
  readonly teller: FakeTeller;
}

/** openFakeDesk opens a public listener on a free port in front of a fake Teller. */
export async function openFakeDesk(): Promise<FakeDesk> {
  const teller = fakeTeller(systemClock);
  teller.settings.max_bound_addrs = 0;
  teller.pools["BTC"] = await bitcoinAddresses(100);
  const owners = new Map<string, { sky: string; seq: number }>();
  const seqs = new Map<string, number>();
  let addresses = 0;
  const bind = teller.bind.bind(teller);
  teller.bind = async (sky, coin) => {
    const bound = await bind(sky, coin);
    if (bound.ok) {
      const seq = (seqs.get(sky) ?? 0) + 1;
      seqs.set(sky, seq);
      owners.set(bound.value.deposit_address, { sky, seq });
    }
    return bound;
  };
  const listener = await start(teller);
  const sent: { sky: string; seq: number }[] = [];
  return {
    teller,
    baseUrl: listener.url,
    skyAddress() {
      const key = new Uint8Array(33);
      new DataView(key.buffer).setUint32(0, ++addresses);
      return addressText(addressOf(key));
    },
    async deposit(address) {
      const owner = owners.get(address);
      if (owner === undefined) throw new Error(`fake desk: nobody has ${address}`);
      teller.change(owner.sky, owner.seq, { status: "waiting_confirm" });
      sent.push(owner);
    },
    async confirm() {
      for (const { sky, seq } of sent.splice(0)) teller.change(sky, seq, { status: "done" });
    },
    async close() {
      await listener.stop(1_000);
    },
  };
}

/** bitcoinAddresses makes valid mainnet addresses that nobody has the keys of. */
async function bitcoinAddresses(count: number): Promise<string[]> {
  const { payments } = await import("bitcoinjs-lib");
  return Array.from({ length: count }, (_, i) => {
    const hash = new Uint8Array(20);
    new DataView(hash.buffer).setUint32(16, i + 1);
    return payments.p2pkh({ hash }).address ?? "";
  });
}

async function start(teller: FakeTeller): Promise<Listener> {
  const app = publicApp({
    teller,
    clock: systemClock,
    logger: silent,
    assets: await loadAssets(),
    linkKey: new Uint8Array(32).fill(7),
    throttle: { max: 100_000, durationMs: 60_000 },
    behindProxy: false,
    corsAllowed: [],
  });
  return listen({ name: "page", address: "127.0.0.1:0", app, clock: systemClock, logger: silent });
}
