import { expect, test } from "bun:test";
import { Transaction as ScureTransaction } from "@scure/btc-signer";
import type { Block as Decoded } from "bitcoinjs-lib";
import fc from "fast-check";
import type { SeenOutput, Watch } from "#internal/coin";
import { hasForm, witnessProgram } from "./forms.ts";
import { scriptSet } from "./mod.ts";
import { blockScanner } from "./scan.ts";
import { type Random, randomBlock, randomScript, seeded } from "./testblocks.ts";
import { BadBlock } from "./walk.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const reversed = (bytes: Uint8Array) => Buffer.from(bytes).reverse().toString("hex");

/** expected is what bitcoinjs-lib finds in a block for the watched scripts. */
function expected(block: Decoded, watched: (script: Uint8Array) => boolean): SeenOutput[] {
  return (block.transactions ?? []).flatMap((tx) => {
    const coinbase = tx.isCoinbase();
    const inputs = coinbase ? [] : tx.ins.map(({ hash, index }) => `${reversed(hash)}:${index}`);
    return tx.outs.flatMap(({ script, value }, n) =>
      watched(script) ? [{ txid: tx.getId(), n, value, address: hex(script), inputs, coinbase }] : [],
    );
  });
}

/** One watched script that outputs pay now and then. */
const ours = witnessProgram(0, new Uint8Array(20).fill(7));
const oftenOurs = (random: Random) => (random(4) === 0 ? ours : randomScript(random));

test("a thousand generated blocks are read as bitcoinjs-lib reads them, by either kind of watch", () => {
  const seed = fc.integer();
  const scan = blockScanner();
  const set = scriptSet({ resolve: hex });
  set.add(ours);
  const all: Watch = { size: 1, addressOf: hex };
  fc.assert(
    fc.property(seed, (start) => {
      const random = seeded(start);
      const block = randomBlock(random, 1 + random(20), oftenOurs);
      const raw = Buffer.from(block.toBuffer());
      const ref = { height: 5, hash: block.getId() };
      const place = { ...ref, parent: reversed(block.prevHash ?? new Uint8Array(0)) };
      const form = (script: Uint8Array) => hasForm(script, 0, script.length);
      expect(scan(raw, ref, all)).toEqual({ ...place, outputs: expected(block, form) });
      const isOurs = (script: Uint8Array) => Buffer.from(ours).equals(script);
      expect(scan(raw, ref, set)).toEqual({ ...place, outputs: expected(block, isOurs) });
    }),
    { numRuns: 1000 },
  );
});

test("txids are those of a second library", () => {
  const lenient = { allowUnknownInputs: true, allowUnknownOutputs: true, disableScriptCheck: true };
  fc.assert(
    fc.property(fc.integer(), (start) => {
      const random = seeded(start);
      const block = randomBlock(random, 1 + random(6), () => ours);
      const { outputs } = blockScanner()(
        Buffer.from(block.toBuffer()),
        { height: 0, hash: block.getId() },
        { size: 1, addressOf: hex },
      );
      const [coinbase, ...rest] = block.transactions ?? [];
      const theirs = rest.map((tx) => ScureTransaction.fromRaw(tx.toBuffer(), lenient).id);
      expect(Array.from(new Set(outputs.map(({ txid }) => txid)))).toEqual([
        coinbase?.getId() ?? "",
        ...theirs,
      ]);
    }),
    { numRuns: 100 },
  );
});

test("every truncated prefix of a generated block is refused", () => {
  const scan = blockScanner();
  fc.assert(
    fc.property(fc.integer(), (start) => {
      const random = seeded(start);
      const block = randomBlock(random, 1 + random(4));
      const raw = Buffer.from(block.toBuffer());
      const ref = { height: 0, hash: block.getId() };
      for (let length = 0; length < raw.length; length++) {
        expect(() => scan(raw.subarray(0, length), ref, { size: 1, addressOf: hex })).toThrow(BadBlock);
      }
    }),
    { numRuns: 20 },
  );
});

test("a changed byte is refused, or lies in a witness and changes nothing that is found", () => {
  const scan = blockScanner();
  fc.assert(
    fc.property(fc.integer(), fc.nat(), fc.integer({ min: 1, max: 255 }), (start, place, change) => {
      const random = seeded(start);
      const block = randomBlock(random, 1 + random(6));
      const raw = Buffer.from(block.toBuffer());
      const ref = { height: 0, hash: block.getId() };
      const all: Watch = { size: 1, addressOf: hex };
      const honest = scan(raw, ref, all);
      const at = place % raw.length;
      raw[at] = (raw[at] ?? 0) ^ change;
      let found: unknown;
      try {
        found = scan(raw, ref, all);
      } catch (error) {
        expect(error).toBeInstanceOf(BadBlock);
        return;
      }
      expect(found).toEqual(honest);
    }),
    { numRuns: 1000 },
  );
});
