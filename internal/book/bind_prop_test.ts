import { expect, test } from "bun:test";
import fc from "fast-check";
import { bind, importAddresses, retireAddresses } from "./mod.ts";
import { audit } from "./testaudit.ts";
import { paying, poolOf, testBook } from "./testbook.ts";

type Step =
  | {
      readonly kind: "bind";
      readonly skies: readonly number[];
      readonly limit: number;
      readonly eth: boolean;
    }
  | { readonly kind: "import"; readonly from: number; readonly count: number }
  | { readonly kind: "retire"; readonly from: number; readonly count: number }
  | { readonly kind: "pay"; readonly address: number }
  | { readonly kind: "reopen" };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("bind" as const),
      skies: fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
      limit: fc.nat(6),
      eth: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("import" as const),
      from: fc.nat(20),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("retire" as const),
      from: fc.nat(20),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pay" as const), address: fc.nat(25) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const) }) },
);

test("for any binds, pools and restarts no address is given twice, none that was paid, and no limit is passed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 3, maxLength: 15 }), async (script) => {
      const book = await testBook(3);
      try {
        const given = new Set<string>();
        const paid = new Set<string>();
        const bound = new Map<string, number>();
        for (const [i, step] of script.entries()) {
          if (step.kind === "reopen") await book.reopen();
          else if (step.kind === "import") {
            const entries = poolOf("BTC", step.count, step.from);
            await book.store.write((tx) => importAddresses(tx, "BTC", entries));
          } else if (step.kind === "retire") {
            const names = poolOf("BTC", step.count, step.from).map(({ address }) => address);
            await book.store.write((tx) => retireAddresses(tx, "BTC", names));
          } else if (step.kind === "pay") {
            const name = poolOf("BTC", 1, step.address)[0]?.address ?? "";
            paid.add(name);
            await book.mine([paying(name, `t${i}`)]);
          } else {
            const coin = step.eth ? ("ETH" as const) : ("BTC" as const);
            const requests = step.skies.map((sky) => ({ sky: `sky${sky}`, coin, method: "direct" as const }));
            const asked = await Promise.all(
              requests.map((request) =>
                book.store.write((tx) => bind(tx, { ...request, limit: step.limit, at: i })),
              ),
            );
            for (const [n, answer] of asked.entries()) {
              if (!answer.ok) continue;
              const sky = requests[n]?.sky ?? "";
              const count = (bound.get(sky) ?? 0) + 1;
              expect(given.has(answer.value.address) || paid.has(answer.value.address)).toBe(false);
              if (step.limit > 0) expect(count).toBeLessThanOrEqual(step.limit);
              given.add(answer.value.address);
              bound.set(sky, count);
            }
          }
          expect(audit(book.store)).toEqual([]);
        }
      } finally {
        await book.close();
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
