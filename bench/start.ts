import { median, type Row, spread } from "./report.ts";
import { type Bench, keepPool, withDaemon } from "./stores.ts";

const pool = 200_000;
const idleMs = 3_000;
const mostMs = 400;
const mostMb = 80;

/** measureStart measures a start on a store that has its pool already, and the memory of the idle daemon. */
export async function measureStart(bench: Bench): Promise<Row[]> {
  const kept = await keepPool(bench, pool);
  const times: number[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < bench.rounds; i++) {
    bench.say(`start, round ${i + 1}`);
    await withDaemon(bench, kept, async (daemon) => {
      times.push(daemon.startMs);
      await Bun.sleep(idleMs);
      sizes.push(daemon.rssAnonMb());
    });
  }
  return [
    {
      ...{ name: `start to healthy, pool of ${pool}`, unit: "ms", ...spread(times) },
      ...{ goal: `< ${mostMs}`, met: median(times) < mostMs },
    },
    {
      ...{ name: `  RssAnon, idle ${idleMs / 1000} s later`, unit: "MB", ...spread(sizes) },
      ...{ goal: `<= ${mostMb}`, met: median(sizes) <= mostMb },
    },
  ];
}
