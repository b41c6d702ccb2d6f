import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Explored } from "./explore.ts";
import type { Share } from "./worker.ts";

const THREADS = 2;
/** Most of what a schedule makes dies with it: a large nursery spares copying it. */
const resourceLimits = { maxYoungGenerationSizeMb: 64 };

async function runShare(share: Share): Promise<Explored> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: share, resourceLimits });
  const [answer] = (await once(worker, "message")) as [Explored];
  await worker.terminate();
  return answer;
}

/** Plays seeds `from` until before `to` on several threads. */
export async function exploreOnThreads({ from, to, ...rest }: Share): Promise<Explored> {
  const each = Math.ceil((to - from) / THREADS);
  const shares = Array.from({ length: THREADS }, (_, i) => ({
    ...rest,
    from: from + i * each,
    to: Math.min(to, from + (i + 1) * each),
  }));
  const explored = await Promise.all(shares.map(runShare));
  const counts: Record<string, number> = {};
  for (const part of explored) {
    for (const [what, count] of Object.entries(part.counts)) counts[what] = (counts[what] ?? 0) + count;
  }
  return {
    schedules: explored.reduce((sum, part) => sum + part.schedules, 0),
    found: explored.flatMap(({ found }) => found),
    counts,
  };
}
