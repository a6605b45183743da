import type { Daemon } from "./daemon.ts";
import { type Loader, withLoader } from "./loader.ts";
import { median, type Row, spread } from "./report.ts";
import { type Bench, keepBound, keepPool, onCopy, poolSize } from "./stores.ts";

const count = 20_000;
/** 0.002 BTC buy one SKY at the rate of 500. */
const satoshi = 200_000;
/** Below the limit of requests that one client may have in flight, so that the confirmations get through. */
const clients = 48;
const patienceMs = 300_000;
const pollMs = 10;
const goal = 1_500;

/**
 * confirmAll confirms every payout as soon as it is sent, until the books say that all is paid. It asks for the next one
 * by its number: the list of all of them grows to more than a megabyte, and would be what is measured.
 */
async function confirmAll(daemon: Daemon, sent: string): Promise<void> {
  const limit = performance.now() + patienceMs;
  for (let seq = 0; ; ) {
    const answer = await fetch(`${daemon.dummyUrl}/dummy/sender/confirm?seq=${seq}`);
    if (answer.status === 200) {
      seq++;
      continue;
    }
    const books = (await (await fetch(`${daemon.adminUrl}/api/accounting`)).json()) as { sent: string };
    if (books.sent === sent) return;
    if (performance.now() > limit) throw new Error(`bench: ${books.sent} of ${sent} SKY were sent in time`);
    await Bun.sleep(pollMs);
  }
}

/** checkPaid makes sure that every customer got one SKY: a figure for something else would mean nothing. */
async function checkPaid(daemon: Daemon): Promise<void> {
  const health = (await (await fetch(`${daemon.publicUrl}/api/health`)).json()) as { status: string };
  if (health.status !== "OK") throw new Error(`bench: not healthy: ${JSON.stringify(health)}`);
  const list = await fetch(`${daemon.dummyUrl}/dummy/sender/broadcasts`);
  const payouts = (await list.json()) as { outputs: { coins: string }[]; confirmed: boolean }[];
  const paid = payouts.flatMap(({ confirmed, outputs }) => (confirmed ? outputs : []));
  const right = paid.filter(({ coins }) => coins === "1.000000").length;
  if (right !== count || paid.length !== count)
    throw new Error(`bench: ${right} of ${paid.length} outputs are right`);
}

interface Round {
  readonly rate: number;
  readonly cpuUs: number;
}

async function round(daemon: Daemon, load: Loader): Promise<Round> {
  const cpu = daemon.cpuSeconds();
  const began = performance.now();
  const posting = load.run({ kind: "deposit", url: daemon.dummyUrl, clients, value: satoshi });
  await Promise.all([posting, confirmAll(daemon, `${count}.000000`)]);
  const seconds = (performance.now() - began) / 1000;
  const cpuUs = ((daemon.cpuSeconds() - cpu) / count) * 1e6;
  await checkPaid(daemon);
  return { rate: count / seconds, cpuUs };
}

/** measureDeposits measures how many deposits a second go from the chain to `done`. */
export function measureDeposits(bench: Bench): Promise<Row[]> {
  return withLoader(async (load) => {
    const bound = await keepBound(bench, load, await keepPool(bench, poolSize), count);
    const rounds: Round[] = [];
    for (let i = 0; i < bench.rounds; i++) {
      bench.say(`deposits, round ${i + 1}`);
      rounds.push(await onCopy(bench, bound, (daemon) => round(daemon, load)));
    }
    const rates = rounds.map(({ rate }) => rate);
    const name = `deposit to done, ${count} of as many customers`;
    return [
      {
        ...{ name, unit: "/s", ...spread(rates) },
        ...{ goal: `>= ${goal}`, met: median(rates) >= goal },
      },
      { name: "  CPU of teller a deposit", unit: "us", ...spread(rounds.map(({ cpuUs }) => cpuUs)) },
    ];
  });
}
