import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Node } from "#internal/skycoin";
import type { Subject } from "./skynode_contract.ts";
import { build, confirmed, never, onlyUnspent, textOf, until } from "./skynode_contract_build.ts";

const slow = 150_000;
const publisherBurn = 2;

/**
 * publisherContract is what happens when the node that makes the blocks asks for more fee than
 * the node that answers (`money-path.md` rule 5). `start` takes the publisher's burn factor.
 */
export function publisherContract(name: string, start: (burn: number) => Promise<Subject>): void {
  describe(`${name}: a publisher with another burn factor`, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await start(publisherBurn);
    }, slow);
    afterAll(async () => subject?.stop(), slow);
    const node = (): Node => subject.node;
    const genesis = textOf("genesis");
    const hot = textOf("hot");

    test(
      "a transaction that only the answering node likes waits; another on the same input confirms",
      async () => {
        const input = await onlyUnspent(node(), genesis);
        const poor = build([input], [[genesis, input.coins, (input.hours * 8n) / 10n]]);
        expect(await node().inject(poor.raw, never)).toEqual({ ok: true, value: poor.txid });
        // Blocks go on without it: the rich one is in the next.
        const kept = input.coins - 1_000_000_000n;
        const rich = build(
          [input],
          [
            [genesis, kept, input.hours / 3n],
            [hot, 1_000_000_000n, 1_000n],
          ],
        );
        expect(await node().inject(rich.raw, never)).toEqual({ ok: true, value: rich.txid });
        expect(await confirmed(node(), rich.txid)).toBe(1);
        expect(await node().uxout(input.uxid, never)).toMatchObject({ spent: { txid: rich.txid } });
        await until("the end of the poor one", 90, async () =>
          (await node().transaction(poor.txid, never)) === undefined ? true : undefined,
        );
      },
      slow,
    );

    test(
      "alone it stays pending over blocks of others, its input unspent",
      async () => {
        const input = await onlyUnspent(node(), genesis);
        const poor = build([input], [[genesis, input.coins, (input.hours * 7n) / 10n]]);
        expect((await node().inject(poor.raw, never)).ok).toBe(true);
        const { seq } = (await node().health(never)).head;
        const others = await onlyUnspent(node(), hot);
        const foreign = build([others], [[hot, others.coins, others.hours / 2n]]);
        expect((await node().inject(foreign.raw, never)).ok).toBe(true);
        expect(await confirmed(node(), foreign.txid)).toBe(seq + 1);
        expect(await node().transaction(poor.txid, never)).toEqual({ confirmed: false, blockSeq: undefined });
        expect(await node().uxout(input.uxid, never)).toMatchObject({ spent: undefined });
        expect((await node().outputs([genesis], never)).outgoing).toEqual(new Set([input.uxid]));
      },
      slow,
    );
  });
}
