import { median, type Row, spread } from "./report.ts";
import { type Bench, keepStore, million, type Wanted, withDaemon } from "./stores.ts";

const idleMs = 3_000;
const mostMs = 400;
const mostMb = 80;

/** started measures starts on a store that has its pool already, and the memory of the idle daemon. */
async function started(bench: Bench, wanted: Wanted): Promise<{ times: number[]; sizes: number[] }> {
  const kept = await keepStore(bench, wanted);
  const times: number[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < bench.rounds; i++) {
    bench.say(`start, pool of ${wanted.size}, round ${i + 1}`);
    await withDaemon(bench, kept, async (daemon) => {
      times.push(daemon.startMs);
      await Bun.sleep(idleMs);
      sizes.push(daemon.rssAnonMb());
    });
  }
  return { times, sizes };
}

/** measureStart measures a start on a store with a large pool and on one with very many bindings. */
export async function measureStart(bench: Bench): Promise<Row[]> {
  const pool = 200_000;
  const { times, sizes } = await started(bench, { size: pool, bound: 0 });
  const large = await started(bench, million);
  const idle = `  RssAnon, idle ${idleMs / 1000} s later`;
  return [
    {
      ...{ name: `start to healthy, pool of ${pool}`, unit: "ms", ...spread(times) },
      ...{ goal: `< ${mostMs}`, met: median(times) < mostMs },
    },
    {
      ...{ name: idle, unit: "MB", ...spread(sizes) },
      ...{ goal: `<= ${mostMb}`, met: median(sizes) <= mostMb },
    },
    { name: `start to healthy, ${million.bound} bound`, unit: "ms", ...spread(large.times) },
    { name: idle, unit: "MB", ...spread(large.sizes) },
  ];
}
