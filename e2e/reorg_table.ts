/**
 * The matrix of reorgs: every depth with everything that can become of a deposit, at every stage of it, in every
 * circumstance. Nothing is pruned: many deposits share one reorg, so the whole product costs no more than its reorgs.
 * `e2e/reorg_test.ts` plays each of them, and fails when one combination has no row.
 */

/** depths are how many blocks lose their place. */
export const depths = [1, 2, 6, 100] as const;
export type Depth = (typeof depths)[number];

/** fates are what becomes of a deposit on the branch that wins. */
export const fates = {
  vanishes: "is never mined again",
  moves: "is mined in another block",
  returns: "vanishes, and is mined again later",
  "returns by a reorg": "vanishes, and a second reorg brings it back",
  malleated: "comes with the same inputs and outputs under another txid",
  elsewhere: "loses its coin to an address that is none of ours",
  "other address": "loses its coin to another address of the same customer",
  "other customer": "loses its coin to an address of another customer",
} as const;
export type Fate = keyof typeof fates;
export const fateNames = Object.keys(fates) as Fate[];

/** stages are how far a deposit is when the reorg comes. */
export const stages = {
  seen: "in a block, not deep enough",
  due: "credited, nothing signed",
  signed: "in a payout that no block has",
  paid: "done",
} as const;
export type Stage = keyof typeof stages;
export const stageNames = Object.keys(stages) as Stage[];

/** circumstances are what teller and its node are doing meanwhile. */
export const circumstances = {
  live: "teller is at the tip and looks",
  "catch-up": "teller is behind and reading when the chain changes",
  outage: "btcd is down and comes back on the other branch",
  restart: "teller is down and starts on the other branch",
} as const;
export type Circumstance = keyof typeof circumstances;
export const circumstanceNames = Object.keys(circumstances) as Circumstance[];

/** End is what must have become of a deposit, and of the one that spends its coin instead, on both chains. */
export type End =
  /** Paid once, and nobody has to look. */
  | "paid once"
  /** Never credited, never paid. */
  | "never seen again"
  /** Credited once, taken back, never paid; on the operator's list. */
  | "taken back"
  /** Paid once, and on the operator's list: no money is clawed back. */
  | "paid and listed"
  /** Not paid; the other took its place and is paid once. */
  | "other paid"
  /** Paid once and on the operator's list; the other is held, on the list as well. */
  | "other held";

const lost = {
  seen: "never seen again",
  due: "taken back",
  signed: "paid and listed",
  paid: "paid and listed",
} as const;
const kept = { seen: "paid once", due: "paid once", signed: "paid once", paid: "paid once" } as const;
const rivalled = { seen: "other paid", due: "other paid", signed: "other held", paid: "other held" } as const;

/** ends say how each fate ends, by the stage at which it strikes. Depth and circumstance change nothing about it. */
export const ends: Readonly<Record<Fate, Readonly<Record<Stage, End>>>> = {
  vanishes: lost,
  moves: kept,
  returns: kept,
  "returns by a reorg": kept,
  malleated: rivalled,
  elsewhere: lost,
  "other address": rivalled,
  "other customer": rivalled,
};

/** Plan is one reorg. */
export interface Plan {
  readonly depth: Depth;
  readonly confirmations: 1 | 2;
  /** The blocks that it replaces, oldest first: one with deposits of a stage, or so many empty ones. */
  readonly blocks: readonly (Stage | number)[];
  /**
   * So many of the last of them a teller that is behind has not read yet. Where it must have read them all, it is
   * behind on a third branch, which it reads when the chain changes once more.
   */
  readonly unread: number;
  /** What such a teller is waiting for when the chain changes. */
  readonly reading: "blocks" | "hashes";
}

/**
 * Two confirmations let a deposit be in a block and not credited. One confirmation lets it be credited, even paid, in
 * the only block that a reorg of depth 1 replaces. Within one block all deposits are at the same stage.
 */
const plans: readonly Plan[] = [
  { depth: 1, confirmations: 2, blocks: ["seen"], unread: 1, reading: "blocks" },
  { depth: 2, confirmations: 2, blocks: ["due", "seen"], unread: 0, reading: "blocks" },
  {
    ...{ depth: 6, confirmations: 2, unread: 1, reading: "blocks" },
    blocks: ["paid", 1, "signed", "due", 1, "seen"],
  },
  {
    ...{ depth: 100, confirmations: 2, unread: 95, reading: "hashes" },
    blocks: ["paid", 1, "signed", "due", 1, 94, "seen"],
  },
  { depth: 1, confirmations: 1, blocks: ["due"], unread: 0, reading: "blocks" },
  { depth: 1, confirmations: 1, blocks: ["signed"], unread: 0, reading: "blocks" },
  { depth: 1, confirmations: 1, blocks: ["paid"], unread: 0, reading: "blocks" },
  { depth: 2, confirmations: 1, blocks: ["paid", "signed"], unread: 0, reading: "blocks" },
];

/** Campaign is one reorg in one circumstance, with all rows that it plays. */
export interface Campaign extends Plan {
  readonly name: string;
  readonly circumstance: Circumstance;
  readonly rows: readonly Row[];
}

/** Row is one combination and its end. */
export interface Row {
  readonly depth: Depth;
  readonly circumstance: Circumstance;
  readonly stage: Stage;
  readonly fate: Fate;
  readonly end: End;
}

function campaign(plan: Plan, circumstance: Circumstance): Campaign {
  const staged = plan.blocks.filter((block) => typeof block === "string");
  const rows = staged.flatMap((stage) =>
    fateNames.map((fate) => ({ depth: plan.depth, circumstance, stage, fate, end: ends[fate][stage] })),
  );
  const name = `depth ${plan.depth}, ${circumstance}, of what is ${staged.join(" or ")}`;
  return { ...plan, name, circumstance, rows };
}

/** campaigns are all of them; those with the same confirmations follow one another, so that teller restarts once. */
export const campaigns: readonly Campaign[] = plans
  .toSorted((a, b) => b.confirmations - a.confirmations)
  .flatMap((plan) => circumstanceNames.map((circumstance) => campaign(plan, circumstance)));
