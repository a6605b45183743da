import { recordRescan, releaseDeposit, settleByHand } from "#internal/book";
import { unixSeconds } from "#internal/clock";
import { accept, refuse } from "#internal/fault";
import { anchorCommands } from "./anchor.ts";
import { checkClaim } from "./claims.ts";
import type { Desk, Operator, OperatorDeps } from "./deps.ts";
import { paidTo } from "./find.ts";
import { notTxid, txidText } from "./txid.ts";

/** operator makes the commands. */
export function operator(deps: OperatorDeps): Operator {
  const desk: Desk = {
    ...deps,
    who: (said) => ({ ...said, at: unixSeconds(deps.clock) }),
    done(text, said) {
      deps.log.watch(text, { by: said.who, why: said.why });
      deps.changed();
      return accept(text);
    },
  };
  return { ...anchorCommands(desk), ...depositCommands(desk), ...scanCommands(desk) };
}

function depositCommands({ store, who, done, ...deps }: Desk): Pick<Operator, "paid" | "release"> {
  return {
    async paid(deposit, txid, said, signal) {
      if (!txidText.test(txid)) return notTxid(txid);
      const claim = { deposit, txid };
      const asked = store.read((reader) => checkClaim(reader, claim));
      if (!asked.ok) return asked;
      const { address } = asked.value;
      const amount = address === "" ? accept(0n) : await paidTo(deps, { txid, address }, signal);
      if (!amount.ok) return amount;
      const settled = await store.write((tx) => {
        const still = checkClaim(tx, claim);
        const refusal = still.ok ? still.value.refuses(amount.value) : still.refusal;
        return refusal === undefined ? settleByHand(tx, deposit, txid, who(said)) : refuse(refusal);
      });
      return settled.ok ? done(`${deposit} is settled: paid by ${txid}`, said) : settled;
    },

    async release(deposit, said) {
      const released = await store.write((tx) => releaseDeposit(tx, deposit, who(said)));
      return released.ok ? done(released.value, said) : released;
    },
  };
}

function scanCommands({ store, who, done, rescan }: Desk): Pick<Operator, "rescan"> {
  return {
    async rescan(from, said) {
      if (rescan === undefined) return refuse("no scanner runs");
      if (!Number.isSafeInteger(from)) return refuse("HEIGHT must be a whole number");
      const answer = await rescan(from);
      if (!answer.ok) return answer;
      await store.write((tx) => recordRescan(tx, from, who(said)));
      return done(answer.value, said);
    },
  };
}
