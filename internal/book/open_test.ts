import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault, fateOf } from "#internal/fault";
import { openBook, type Stamp, totalsOf } from "./mod.ts";
import { stamp } from "./testbook.ts";

let dir = "";
let path = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "book-open-"));
  path = join(dir, "teller.db");
});
afterEach(() => rmSync(dir, { recursive: true }));

const refusal = (own: Partial<Stamp>) =>
  openBook(path, { ...stamp, ...own }).then(
    async (store) => {
      await store.close();
      return undefined;
    },
    (error: unknown) => error,
  );

describe("a store", () => {
  test("that is new takes the stamp that it is opened with", async () => {
    expect(await refusal({})).toBeUndefined();
    expect(await refusal({})).toBeUndefined();
  });

  const others: readonly [own: Partial<Stamp>, text: string][] = [
    [{ btc_network: "mainnet" }, "btc_network is simnet in the store and mainnet now"],
    [{ dummy_scanner: true }, "dummy_scanner is false in the store and true now"],
    [{ dummy_sender: true }, "dummy_sender is false in the store and true now"],
    [{ schema: 2 }, "schema is 1 in the store and 2 now"],
    [
      { btc_network: "regtest", dummy_sender: true },
      "btc_network is simnet in the store and regtest now; dummy_sender is false in the store and true now",
    ],
  ];
  for (const [own, text] of others) {
    test(`is refused when ${text}`, async () => {
      await refusal({});
      const refused = await refusal(own);
      expect(refused).toBeInstanceOf(Fault);
      expect(fateOf(refused)).toBe("stop");
      expect((refused as Fault).message).toBe(
        `${path} was made for another set-up: ${text}. Use another -d directory or dbfile`,
      );
      // The refused one has let go of the store, and has not changed its stamp.
      expect(await refusal({})).toBeUndefined();
    });
  }

  test("that is no store is refused and let go", async () => {
    writeFileSync(path, "not a store\n".repeat(1000));
    expect(String(await refusal({}))).toContain("not a store");
    rmSync(path);
    expect(await refusal({})).toBeUndefined();
  });

  test("that is new counts nothing", async () => {
    const store = await openBook(path, stamp);
    expect(store.read(totalsOf)).toMatchObject({
      received: { BTC: 0n, ETH: 0n, SKY: 0n },
      sent: 0n,
      errored: 0,
      attention: 0,
      free: { BTC: 0, ETH: 0, SKY: 0 },
    });
    await store.close();
  });
});
