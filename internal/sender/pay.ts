import { dueDeposits, hold, type PayoutOutput, setSkyHead, signPayout } from "#internal/book";
import { unixSeconds } from "#internal/clock";
import type { Reader } from "#internal/db";
import { invariant, refuse, type Result } from "#internal/fault";
import { balanceOf, buildPayout, type Draft, outputRoom, type Purse, reach } from "./build.ts";
import type { Desk, Meeting, SenderDeps } from "./deps.ts";
import { ask, signDraft } from "./draft.ts";
import { type Plan, planPayout, type Wish, wishOf } from "./plan.ts";

/** Paid tells what a round of paying led to. */
export interface Paid {
  /** A payout is signed and stored; it is sent next. */
  readonly signed: boolean;
  /** A deposit was held, so that the others can be looked at again at once. */
  readonly held: boolean;
  /** Why nothing, or not all, was paid; empty when all is well. */
  readonly trouble: string;
}

const sumOf = (wishes: readonly Wish[]) => wishes.reduce((sum, wish) => sum + wish.coins, 0n);

/** payDue builds, checks, signs and stores one payout for what is due. Nothing leaves the machine here. */
export async function payDue(deps: Desk, meeting: Meeting, purse: Purse): Promise<Paid> {
  const waiting = deps.store.read((reader) => dueDeposits(reader, "waiting_send", { limit: 1 }));
  if (waiting.length === 0) return { signed: false, held: false, trouble: "" };
  // A purse of many outputs may need many inputs, which leaves room for fewer customers; one more input must
  // fit, so that a replacement can take hours that a top-up brings.
  const outputs = outputRoom(meeting.health, 2 + purse.others.length);
  const room = { coins: reach(purse), outputs, overdue: deps.patience.overdue() };
  const plan = deps.store.read((reader) => planPayout(wishesDue(reader), room));
  deps.patience.saw(plan.tooLarge?.id);
  if (plan.wishes.length === 0) return nothingFits(deps, meeting, purse, plan);
  const { tooLarge } = plan;
  const trouble = tooLarge === undefined || isScattered(purse, tooLarge) ? "" : tooLargeText(tooLarge);
  const tested = await testPlan(deps, meeting, purse, plan);
  if (tested === undefined) return { signed: false, held: true, trouble };
  if (!tested.ok) return { signed: false, held: false, trouble: tested.refusal };
  return { signed: await signAndStore(deps, meeting, tested.value), held: false, trouble };
}

const noRoom = "the size that the node allows leaves no room for a payout";

/** So many deposits are read at a time: about as many as one payout has outputs. */
const readAtOnce = 500;

/** wishesDue reads what is due as far as it is asked for: with thousands waiting, a payout has room for a few hundred. */
function* wishesDue(reader: Reader): Generator<Wish> {
  for (let from = 0; ; ) {
    const page = dueDeposits(reader, "waiting_send", { from, limit: readAtOnce });
    yield* page.map(wishOf);
    const last = page.at(-1);
    if (last === undefined || page.length < readAtOnce) return;
    from = last.seq + 1;
  }
}

function tooLargeText(wish: Wish): string {
  return `balance is not sufficient for deposit ${wish.id}, which is owed ${wish.coins} droplets`;
}

/** isScattered tells that a deposit is too large only because the balance lies in more outputs than a payout spends. */
function isScattered(purse: Purse, wish: Wish): boolean {
  return balanceOf(purse) > wish.coins && purse.beyond > 0n;
}

/** Either the balance is too small, or it lies in too many small outputs: those are put together first. */
async function nothingFits(deps: SenderDeps, meeting: Meeting, purse: Purse, plan: Plan): Promise<Paid> {
  const wish = plan.tooLarge;
  if (wish === undefined || !isScattered(purse, wish)) {
    return { signed: false, held: false, trouble: wish === undefined ? noRoom : tooLargeText(wish) };
  }
  const draft = draftFor(deps, meeting, purse, []);
  const answer = await ask(deps, meeting, draft);
  if (!answer.ok) return { signed: false, held: false, trouble: answer.refusal };
  return { signed: await signAndStore(deps, meeting, { draft, wishes: [] }), held: false, trouble: "" };
}

function draftFor(deps: SenderDeps, meeting: Meeting, purse: Purse, outputs: readonly PayoutOutput[]): Draft {
  const [changeAddress] = deps.signer.addresses;
  invariant(changeAddress !== undefined, "sender: the wallet has no address");
  return buildPayout(purse, { outputs, changeAddress, health: meeting.health });
}

interface Tested {
  readonly draft: Draft;
  readonly wishes: readonly Wish[];
}

/**
 * testPlan asks our rules and then the node. Where a payout is refused it is halved until the
 * culprit is alone; only that one is held, and only when a payout without it is not refused and
 * one with it is refused again: a single false answer holds nobody.
 * Gives undefined when deposits were held and another look is needed.
 */
async function testPlan(
  deps: SenderDeps,
  meeting: Meeting,
  purse: Purse,
  plan: Plan,
): Promise<Result<Tested, string> | undefined> {
  let wishes = plan.wishes;
  let refused = "";
  let draft: Draft | undefined;
  while (wishes.length > 0) {
    const room = { coins: sumOf(wishes), outputs: wishes.length };
    draft = draftFor(deps, meeting, purse, planPayout(wishes, room).outputs);
    const answer = await ask(deps, meeting, draft);
    if (answer.ok) return { ok: true, value: { draft, wishes } };
    refused = answer.refusal;
    if (wishes.length === 1) break;
    wishes = await worseHalf(deps, meeting, purse, wishes);
  }
  const [culprit] = wishes;
  invariant(culprit !== undefined && draft !== undefined, "sender: a plan without deposits");
  const control = await ask(deps, meeting, draftFor(deps, meeting, purse, []));
  if (!control.ok) return refuse(`the Skycoin node refuses every payout: ${control.refusal}`);
  const again = await ask(deps, meeting, draft);
  if (again.ok) return refuse(`the Skycoin node refused a payout and a moment later did not: ${refused}`);
  const reason = `the payout is refused: ${again.refusal}`;
  await deps.store.write((tx) => hold(tx, culprit.id, reason, unixSeconds(deps.clock)));
  deps.log.watch("deposit held", { deposit: culprit.id, reason });
  return undefined;
}

/** worseHalf gives the first half if that is refused on its own, else the second. */
async function worseHalf(
  deps: SenderDeps,
  meeting: Meeting,
  purse: Purse,
  wishes: readonly Wish[],
): Promise<readonly Wish[]> {
  const half = Math.ceil(wishes.length / 2);
  const first = wishes.slice(0, half);
  const room = { coins: sumOf(first), outputs: first.length };
  const answer = await ask(deps, meeting, draftFor(deps, meeting, purse, planPayout(first, room).outputs));
  return answer.ok ? wishes.slice(half) : first;
}

/** signAndStore signs and makes the bytes durable, if nothing has changed since they were planned. */
async function signAndStore(deps: SenderDeps, meeting: Meeting, tested: Tested): Promise<boolean> {
  const { store, crash, log } = deps;
  const { draft, wishes } = tested;
  crash("payout.built");
  const [anchor] = draft.inputs;
  invariant(anchor !== undefined, "sender: a payout without its anchor");
  const attempt = signDraft(deps, meeting, draft);
  const shares = wishes.map(({ id, coins }) => ({ id, coins }));
  const payout = await store.write((tx) => {
    const stored = signPayout(tx, { ...attempt, anchor: anchor.uxid, outputs: draft.outputs, shares });
    if (stored !== undefined) setSkyHead(tx, meeting.head);
    return stored;
  });
  if (payout === undefined) return false;
  crash("payout.signed");
  const facts = {
    payout: payout.seq,
    txid: payout.txid,
    deposits: wishes.length,
    outputs: draft.outputs.length,
  };
  log.info("payout signed", facts);
  return true;
}
