import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { customerAddress } from "./chains.ts";
import { get, startDaemon } from "./daemon.ts";
import { type PageDesk, pageSuite } from "./page_suite.ts";

const config = `
btc_addresses = "pool.json"
[teller]
max_bound_addrs = 0
[sky_exchanger]
sky_btc_exchange_rate = "500"
tx_confirmation_check_wait = "100ms"
[dummy]
scanner = true
sender = true
`;

/** openDaemonDesk is the executable in dummy mode: real pages, and a chain that does what it is told. */
async function openDaemonDesk(): Promise<PageDesk> {
  const dir = mkdtempSync(join(tmpdir(), "teller-page-"));
  copyFileSync(join(import.meta.dir, "../example_btc_addresses.json"), join(dir, "pool.json"));
  const daemon = await startDaemon({ dir, config });
  let deposits = 0;
  let customers = 0;
  return {
    baseUrl: daemon.publicUrl,
    skyAddress() {
      customers += 1;
      return customerAddress(customers);
    },
    async deposit(addr) {
      deposits += 1;
      const tx = deposits.toString(16).padStart(64, "0");
      const query = new URLSearchParams({ addr, value: "100000000", height: "1", tx, n: "0" });
      const answer = await fetch(`${daemon.dummyUrl}/dummy/scanner/deposit?${query}`);
      if (!answer.ok) throw new Error(`deposit: ${answer.status} ${await answer.text()}`);
    },
    async confirm() {
      const sent = await get<{ txid: string; confirmed: boolean }[]>(
        `${daemon.dummyUrl}/dummy/sender/broadcasts`,
      );
      for (const { txid } of sent.filter(({ confirmed }) => !confirmed)) {
        await fetch(`${daemon.dummyUrl}/dummy/sender/confirm?txid=${txid}`);
      }
    },
    async close() {
      await daemon.stop();
      rmSync(dir, { recursive: true });
    },
  };
}

pageSuite("the page of the executable", openDaemonDesk);
