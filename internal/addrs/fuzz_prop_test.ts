import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { budget, mutatedJson, mutatedText } from "#mutation";
import { checkAddress } from "#internal/bitcoin";
import { freeAddresses, openBook, poolImport } from "#internal/book";
import { Fault } from "#internal/fault";
import { importPool } from "./mod.ts";

const example = readFileSync(join(import.meta.dir, "../../example_btc_addresses.json"), "utf8");
const { btc_addresses: addresses } = JSON.parse(example) as { btc_addresses: string[] };
const few = addresses.slice(0, 12);
const plain = `# a pool\n${few.join("\n")}\n\n`;
const json = { btc_addresses: few };
const words = [
  ...few,
  ...few.map((address) => address.toUpperCase()),
  ...[
    "\n",
    "\r\n",
    "\t",
    " ",
    "#",
    ",",
    '"',
    "[",
    "]",
    "{",
    "}",
    "\u0000",
    "\ufeff",
    "\u2028",
    "1".repeat(40),
    "bc1q",
  ],
];
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const { parameters, timeoutMs } = budget(600);

test(
  "any pool file is imported with nothing but valid addresses, or refused with its name, and then changes nothing",
  async () => {
    const dir = mkdtempSync(join(scratch, "teller-pool-"));
    const stamp = { schema: 1, btc_network: "mainnet", dummy_scanner: false, dummy_sender: false };
    const store = await openBook(join(dir, "a.db"), stamp);
    const free = () => store.read((reader) => freeAddresses(reader, "BTC", "", 10_000));
    const print = () => store.read((reader) => poolImport(reader, "BTC"));
    const seen = { imported: 0, refused: 0 };
    const file = fc.oneof(
      mutatedText([plain], words).map((text) => ({ name: "pool.txt", text })),
      mutatedText([JSON.stringify(json, undefined, 2)], words).map((text) => ({ name: "pool.json", text })),
      mutatedJson([json]).map((text) => ({ name: "pool.json", text })),
    );
    try {
      await fc.assert(
        fc.asyncProperty(file, async ({ name, text }) => {
          const path = join(dir, name);
          writeFileSync(path, text);
          const before = { free: free(), print: print() };
          const check = (address: string) => checkAddress(address, "mainnet");
          const began = performance.now();
          try {
            await importPool(store, { coin: "BTC", path, network: "mainnet", check });
            seen.imported++;
            const now = free();
            expect(now.length).toBeGreaterThan(0);
            for (const address of now) expect(checkAddress(address, "mainnet").ok).toBe(true);
            expect(new Set(now).size).toBe(now.length);
          } catch (error) {
            if (!(error instanceof Fault)) throw error;
            seen.refused++;
            expect(error.fate).toBe("stop");
            expect(error.message).toContain(path);
            expect(error.message.length).toBeLessThan(5000);
            expect({ free: free(), print: print() }).toEqual(before);
          }
          expect(performance.now() - began).toBeLessThan(2000);
        }),
        parameters,
      );
      expect(Math.min(seen.imported, seen.refused)).toBeGreaterThan(0);
    } finally {
      await store.close();
      rmSync(dir, { recursive: true });
    }
  },
  timeoutMs,
);
