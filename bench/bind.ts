import type { Daemon } from "./daemon.ts";
import { type Loader, withLoader } from "./loader.ts";
import { median, type Row, spread } from "./report.ts";
import { type Bench, keepStore, million, onCopy, poolSize, withDaemon } from "./stores.ts";

/** The slices of a turn: so many requests at each number of clients, a quarter of a second or so. */
const slices = [
  { clients: 1, count: 250 },
  { clients: 8, count: 750 },
  { clients: 64, count: 2_000 },
] as const;
/** Slices on all stores take turns this often in a round, so that a busy moment of the machine meets all of them. */
const turns = 8;
const busiest = slices[2];
const boundBefore = 100_000;
/** Compilers and caches get so many requests to warm up, on every store. */
const warmUp = { clients: 16, count: 4_000 };
const leastSpeedUps: Readonly<Record<number, number>> = { 8: 3, 64: 8 };
const mostBytes = 8_000;
const mostLossPercent = { [boundBefore]: 15, [million.bound]: 20 };

/** Cell is what was measured on one store with one number of clients: requests a second in each turn, CPU and writes. */
interface Cell {
  readonly rates: number[];
  cpuSeconds: number;
  bytes: number;
}

/** Round has a cell for each number of clients. */
type Round = ReadonlyMap<number, Cell>;

/** Place is a store that is measured, and what each round has found. */
interface Place {
  readonly bound: number;
  readonly rounds: Round[];
}

const newRound = (): Round =>
  new Map(slices.map(({ clients }) => [clients, { rates: [], cpuSeconds: 0, bytes: 0 }]));

function ratesOf(round: Round | undefined, clients: number): readonly number[] {
  return round?.get(clients)?.rates ?? [];
}

async function takeTurn(load: Loader, daemon: Daemon, round: Round, seed: number): Promise<void> {
  const url = daemon.publicUrl;
  for (const [i, slice] of slices.entries()) {
    const cell = round.get(slice.clients);
    if (cell === undefined) continue;
    const before = { cpu: daemon.cpuSeconds(), bytes: daemon.writtenBytes() };
    const done = await load.run({ kind: "bind", url, ...slice, seed: seed + i });
    cell.rates.push(done.count / done.seconds);
    cell.cpuSeconds += daemon.cpuSeconds() - before.cpu;
    cell.bytes += daemon.writtenBytes() - before.bytes;
  }
}

/** measureRound measures on all daemons in turns; each turn begins with another one. */
async function measureRound(load: Loader, daemons: readonly Daemon[], seed: number): Promise<Round[]> {
  for (const [i, daemon] of daemons.entries()) {
    await load.run({ kind: "bind", url: daemon.publicUrl, ...warmUp, seed: seed + i });
  }
  const measured = daemons.map((daemon) => ({ daemon, round: newRound() }));
  for (let turn = 0; turn < turns; turn++) {
    const from = turn % measured.length;
    const order = [...measured.slice(from), ...measured.slice(0, from)];
    for (const [i, { daemon, round }] of order.entries()) {
      await takeTurn(load, daemon, round, seed + 20 * (1 + turn) + 4 * i);
    }
  }
  return measured.map(({ round }) => round);
}

/** A ratio is the middle one of those of all turns: what happens beside us for a second changes nothing. */
function ratio(of: readonly number[], to: readonly number[]): number {
  return median(of.map((rate, i) => rate / (to[i] ?? Number.NaN)));
}

function rateRows({ bound, rounds }: Place): Row[] {
  const name = bound === 0 ? "empty store" : `${bound} bound`;
  return slices.flatMap(({ clients }): Row[] => {
    const rates = spread(rounds.map((round) => median(ratesOf(round, clients))));
    const row = {
      name: `bind, ${name}, ${clients} ${clients === 1 ? "client" : "clients"}`,
      unit: "/s",
      ...rates,
    };
    const least = leastSpeedUps[clients];
    if (least === undefined) return [row];
    const speedUps = rounds.map((round) => ratio(ratesOf(round, clients), ratesOf(round, 1)));
    const verdict = { goal: `>= ${least}`, met: median(speedUps) >= least };
    return [row, { name: `  ${clients} clients against 1`, unit: "times", ...spread(speedUps), ...verdict }];
  });
}

function costRows({ bound, rounds }: Place): Row[] {
  const binds = turns * busiest.count;
  const cells = rounds.flatMap((round) => round.get(busiest.clients) ?? []);
  const bytes = cells.map((cell) => cell.bytes / binds);
  const goal = bound === boundBefore ? { goal: `<= ${mostBytes}`, met: median(bytes) <= mostBytes } : {};
  return [
    {
      name: `  CPU of teller a bind, ${busiest.clients} clients`,
      unit: "us",
      ...spread(cells.map((cell) => (cell.cpuSeconds / binds) * 1e6)),
    },
    { name: `  written a bind, ${busiest.clients} clients`, unit: "bytes", ...spread(bytes), ...goal },
  ];
}

/** lossRow compares a store with bindings with the empty one, turn by turn. */
function lossRow({ bound, rounds }: Place, empty: Place): Row {
  const { clients } = busiest;
  const changes = rounds.map(
    (round, i) => (ratio(ratesOf(round, clients), ratesOf(empty.rounds[i], clients)) - 1) * 100,
  );
  const most = mostLossPercent[bound] ?? 0;
  const name = `bind, ${clients} clients, ${bound} bound against none`;
  return {
    ...{ name, unit: "%", ...spread(changes) },
    ...{ goal: `>= -${most}`, met: median(changes) >= -most },
  };
}

/** measureBind measures binding through HTTP on an empty store and on two with many bindings, side by side. */
export function measureBind(bench: Bench): Promise<Row[]> {
  return withLoader(async (load) => {
    const none = await keepStore(bench, { size: poolSize, bound: 0 });
    const many = await keepStore(bench, { size: poolSize, bound: boundBefore });
    const most = await keepStore(bench, million);
    const empty: Place = { bound: 0, rounds: [] };
    const places: Place[] = [empty, { bound: boundBefore, rounds: [] }, { bound: million.bound, rounds: [] }];
    for (let i = 0; i < bench.rounds; i++) {
      bench.say(`bind, round ${i + 1}`);
      const measured = await onCopy(bench, none, (one) =>
        onCopy(bench, many, (two) =>
          // Not on a copy: it would be written back to the disk beside what is measured, and is large already.
          withDaemon(bench, most, async (three) => {
            await three.open();
            return measureRound(load, [one, two, three], 1_000 * (1 + i));
          }),
        ),
      );
      for (const [k, round] of measured.entries()) places[k]?.rounds.push(round);
    }
    return [
      ...places.flatMap((place) => [...rateRows(place), ...costRows(place)]),
      ...places.slice(1).map((place) => lossRow(place, empty)),
    ];
  });
}
