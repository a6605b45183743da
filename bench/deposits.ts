import type { Daemon } from "./daemon.ts";
import { type Loader, withLoader } from "./loader.ts";
import { median, type Row, spread } from "./report.ts";
import { type Bench, keepStore, onCopy, poolSize } from "./stores.ts";

const few = 20_000;
const many = 100_000;
/** 0.002 BTC buy one SKY at the rate of 500. */
const satoshi = 200_000;
/** Below the limit of requests that one client may have in flight, so that the confirmations get through. */
const clients = 48;
const patienceMs = 300_000;
const pollMs = 10;
const sampleMs = 50;
const leastRate = 2_500;
const mostMb = 200;

/**
 * confirmAll confirms every payout as soon as it is sent, until the books say that all is paid. It asks for the next one
 * by its number: the list of all of them grows to more than a megabyte, and would be what is measured.
 */
async function confirmAll(daemon: Daemon, count: number): Promise<void> {
  const limit = performance.now() + patienceMs;
  for (let seq = 0; ; ) {
    const answer = await fetch(`${daemon.dummyUrl}/dummy/sender/confirm?seq=${seq}`);
    if (answer.status === 200) {
      seq++;
      continue;
    }
    const books = (await (await fetch(`${daemon.adminUrl}/api/accounting`)).json()) as { sent: string };
    if (books.sent === `${count}.000000`) return;
    if (performance.now() > limit) throw new Error(`bench: ${books.sent} of ${count} SKY were sent in time`);
    await Bun.sleep(pollMs);
  }
}

/** checkPaid makes sure that every customer got one SKY: a figure for something else would mean nothing. */
async function checkPaid(daemon: Daemon, count: number): Promise<void> {
  const health = (await (await fetch(`${daemon.publicUrl}/api/health`)).json()) as { status: string };
  if (health.status !== "OK") throw new Error(`bench: not healthy: ${JSON.stringify(health)}`);
  const list = await fetch(`${daemon.dummyUrl}/dummy/sender/broadcasts`);
  const payouts = (await list.json()) as { outputs: { coins: string }[]; confirmed: boolean }[];
  const paid = payouts.flatMap(({ confirmed, outputs }) => (confirmed ? outputs : []));
  const right = paid.filter(({ coins }) => coins === "1.000000").length;
  if (right !== count || paid.length !== count)
    throw new Error(`bench: ${right} of ${paid.length} outputs are right`);
}

/** peakOf looks at the memory of a daemon again and again, and gives the most that it saw. */
function peakOf(daemon: Daemon): () => number {
  let peak = daemon.rssAnonMb();
  const timer = setInterval(() => {
    peak = Math.max(peak, daemon.rssAnonMb());
  }, sampleMs);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

interface Round {
  readonly rate: number;
  readonly cpuUs: number;
  readonly peakMb: number;
}

async function round(daemon: Daemon, load: Loader, what: { list: string; count: number }): Promise<Round> {
  const { list, count } = what;
  const cpu = daemon.cpuSeconds();
  const peak = peakOf(daemon);
  const began = performance.now();
  const posting = load.run({ kind: "deposit", url: daemon.dummyUrl, clients, list, value: satoshi });
  await Promise.all([posting, confirmAll(daemon, count)]);
  const seconds = (performance.now() - began) / 1000;
  const cpuUs = ((daemon.cpuSeconds() - cpu) / count) * 1e6;
  const peakMb = peak();
  await checkPaid(daemon, count);
  return { rate: count / seconds, cpuUs, peakMb };
}

/** measureDeposits measures how many deposits a second go from the chain to `done`. */
export function measureDeposits(bench: Bench): Promise<Row[]> {
  return withLoader(async (load) => {
    const kept = await keepStore(bench, { size: poolSize, bound: few });
    const rounds: Round[] = [];
    for (let i = 0; i < bench.rounds; i++) {
      bench.say(`deposits, round ${i + 1}`);
      const what = { list: kept.list, count: few };
      rounds.push(await onCopy(bench, kept, (daemon) => round(daemon, load, what)));
    }
    const rates = rounds.map(({ rate }) => rate);
    const name = `deposit to done, ${few} of as many customers`;
    return [
      {
        ...{ name, unit: "/s", ...spread(rates) },
        ...{ goal: `>= ${leastRate}`, met: median(rates) >= leastRate },
      },
      { name: "  CPU of teller a deposit", unit: "us", ...spread(rounds.map(({ cpuUs }) => cpuUs)) },
    ];
  });
}

/** measureMemory measures the memory of the daemon while very many deposits go from the chain to `done`, once. */
export function measureMemory(bench: Bench): Promise<Row[]> {
  return withLoader(async (load) => {
    const kept = await keepStore(bench, { size: poolSize, bound: many });
    bench.say(`${many} deposits`);
    const what = { list: kept.list, count: many };
    const { rate, peakMb } = await onCopy(bench, kept, (daemon) => round(daemon, load, what));
    return [
      {
        ...{ name: `RssAnon, most while ${many} deposits go to done`, unit: "MB", ...spread([peakMb]) },
        ...{ goal: `<= ${mostMb}`, met: peakMb <= mostMb },
      },
      { name: "  deposits", unit: "/s", ...spread([rate]) },
    ];
  });
}
