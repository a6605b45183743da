import type { Daemon } from "./daemon.ts";
import { type Loader, withLoader } from "./loader.ts";
import { median, type Row, spread } from "./report.ts";
import { type Bench, keepBound, keepPool, onCopy, poolSize } from "./stores.ts";

/** The slices of a turn: so many requests at each number of clients, a quarter of a second or so. */
const slices = [
  { clients: 1, count: 250 },
  { clients: 8, count: 750 },
  { clients: 64, count: 2_000 },
] as const;
/** Slices on both stores take turns this often in a round, so that a busy moment of the machine meets all of them. */
const turns = 8;
const boundBefore = 100_000;
/** Compilers and caches get so many requests to warm up, on every store. */
const warmUp = { clients: 16, count: 4_000 };
const leastSpeedUp = 6;
const mostLossPercent = 15;

/** Cell is what was measured on one store with one number of clients: requests a second in each turn, and CPU. */
interface Cell {
  readonly rates: number[];
  cpuSeconds: number;
}

/** Round has a cell for each number of clients. */
type Round = ReadonlyMap<number, Cell>;

const newRound = (): Round => new Map(slices.map(({ clients }) => [clients, { rates: [], cpuSeconds: 0 }]));

function ratesOf(round: Round | undefined, clients: number): readonly number[] {
  return round?.get(clients)?.rates ?? [];
}

async function takeTurn(load: Loader, daemon: Daemon, round: Round, seed: number): Promise<void> {
  const url = daemon.publicUrl;
  for (const [i, slice] of slices.entries()) {
    const cell = round.get(slice.clients);
    if (cell === undefined) continue;
    const before = daemon.cpuSeconds();
    const done = await load.run({ kind: "bind", url, ...slice, seed: seed + i });
    cell.rates.push(done.count / done.seconds);
    cell.cpuSeconds += daemon.cpuSeconds() - before;
  }
}

/** measureRound measures on both daemons in turns; every other turn begins with the other one. */
async function measureRound(load: Loader, daemons: readonly Daemon[], seed: number): Promise<Round[]> {
  for (const [i, daemon] of daemons.entries()) {
    await load.run({ kind: "bind", url: daemon.publicUrl, ...warmUp, seed: seed + i });
  }
  const measured = daemons.map((daemon) => ({ daemon, round: newRound() }));
  for (let turn = 0; turn < turns; turn++) {
    const order = turn % 2 === 0 ? measured : measured.toReversed();
    for (const [i, { daemon, round }] of order.entries()) {
      await takeTurn(load, daemon, round, seed + 10 * (1 + turn) + 4 * i);
    }
  }
  return measured.map(({ round }) => round);
}

/** A ratio is the middle one of those of all turns: what happens beside us for a second changes nothing. */
function ratio(of: readonly number[], to: readonly number[]): number {
  return median(of.map((rate, i) => rate / (to[i] ?? Number.NaN)));
}

function rowsOf(name: string, rounds: readonly Round[]): Row[] {
  const speedUps = rounds.map((round) => ratio(ratesOf(round, 64), ratesOf(round, 1)));
  const busiest = slices[2];
  const cpu = rounds.map((round) => ((round.get(64)?.cpuSeconds ?? 0) / (turns * busiest.count)) * 1e6);
  return [
    ...slices.map(({ clients }) => ({
      name: `bind, ${name}, ${clients} ${clients === 1 ? "client" : "clients"}`,
      unit: "/s",
      ...spread(rounds.map((round) => median(ratesOf(round, clients)))),
    })),
    {
      ...{ name: "  64 clients against 1", unit: "times", ...spread(speedUps) },
      ...{ goal: `>= ${leastSpeedUp}`, met: median(speedUps) >= leastSpeedUp },
    },
    { name: "  CPU of teller a bind, 64 clients", unit: "us", ...spread(cpu) },
  ];
}

/** measureBind measures binding through HTTP on an empty store and on one with many bindings, side by side. */
export function measureBind(bench: Bench): Promise<Row[]> {
  return withLoader(async (load) => {
    const empty = await keepPool(bench, poolSize);
    const full = await keepBound(bench, load, empty, boundBefore);
    const onEmpty: Round[] = [];
    const onFull: Round[] = [];
    for (let i = 0; i < bench.rounds; i++) {
      bench.say(`bind, round ${i + 1}`);
      const [first, second] = await onCopy(bench, empty, (one) =>
        onCopy(bench, full, (other) => measureRound(load, [one, other], 1_000 * (1 + i))),
      );
      if (first !== undefined && second !== undefined) {
        onEmpty.push(first);
        onFull.push(second);
      }
    }
    const changes = onFull.map((round, i) => (ratio(ratesOf(round, 64), ratesOf(onEmpty[i], 64)) - 1) * 100);
    return [
      ...rowsOf("empty store", onEmpty),
      ...rowsOf(`${boundBefore} bound`, onFull),
      {
        ...{ name: `bind, 64 clients, ${boundBefore} bound against none`, unit: "%", ...spread(changes) },
        ...{ goal: `>= -${mostLossPercent}`, met: median(changes) >= -mostLossPercent },
      },
    ];
  });
}
