import { appendFileSync, mkdirSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { seeded, shuffled, spread } from "../admission/statistics.ts";

const results = join(import.meta.dirname, "..", "results");
const rounded = (value: number): number => Math.round(value * 100) / 100;

export type Figures = Readonly<Record<string, number>>;

/** What is measured against others in the same rounds. */
export interface Contestant {
  readonly name: string;
  /** Measures once and leaves everything as it was. */
  readonly measure: () => Promise<Figures>;
}

/** One measurement; raw, as it is kept in `bench/results/`. */
export interface Sample {
  readonly bench: string;
  readonly contestant: string;
  readonly round: number;
  readonly figures: Figures;
  /** Whether the floor of this round was less than half of its best. */
  readonly isNoisy: boolean;
  readonly at: string;
  readonly loadAverage: number;
}

/** Appends samples to `bench/results/cluster-NAME.jsonl`. */
export function keep(name: string, samples: readonly object[]): void {
  mkdirSync(results, { recursive: true });
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`;
  const lines = samples.map((sample) => `${JSON.stringify({ ...sample, machine, node: process.version })}\n`);
  appendFileSync(join(results, `cluster-${name}.jsonl`), lines.join(""));
}

export function sampleOf(bench: string, contestant: string, round: number, figures: Figures): Sample {
  const kept = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)]));
  const loadAverage = rounded(loadavg()[0] ?? 0);
  return { bench, contestant, round, figures: kept, isNoisy: false, at: new Date().toISOString(), loadAverage };
}

/** Rounds in which every contestant has its turn, in another order each. The first one is the floor. */
export async function rounds(
  bench: string,
  contestants: readonly Contestant[],
  count: number,
  seed: number,
): Promise<readonly Sample[]> {
  const random = seeded(seed);
  const samples: Sample[] = [];
  for (let round = 1; round <= count; round++) {
    for (const { name, measure } of shuffled(contestants, random)) {
      const sample = sampleOf(bench, name, round, await measure());
      samples.push(sample);
      console.log(`  round ${round} ${name.padEnd(20)} ${JSON.stringify(sample.figures)} load ${sample.loadAverage}`);
    }
  }
  return marked(samples, contestants[0]?.name ?? "");
}

const rateOf = ({ figures }: Sample): number => figures["perSecond"] ?? Number.NaN;

function marked(samples: readonly Sample[], floor: string): Sample[] {
  const floors = new Map(samples.flatMap((each) => (each.contestant === floor ? [[each.round, rateOf(each)]] : [])));
  const best = Math.max(...floors.values());
  return samples.map((each) => ({ ...each, isNoisy: (floors.get(each.round) ?? 0) < best / 2 }));
}

/** A rate divided by that of another in the same round, for every round. */
export function ratios(samples: readonly Sample[], contestant: string, to: string): number[] {
  const rate = (of: readonly Sample[], name: string): number => {
    const found = of.find((each) => each.contestant === name);
    return found ? rateOf(found) : Number.NaN;
  };
  return [...Map.groupBy(samples, ({ round }) => round).values()].map((of) => rate(of, contestant) / rate(of, to));
}

/** Rates of all contestants, and their share of the first one's. */
export function printRatios(samples: readonly Sample[], contestants: readonly Contestant[]): void {
  const floor = contestants[0]?.name ?? "";
  const loads = samples.map(({ loadAverage }) => loadAverage);
  const noisy = [...new Set(samples.filter(({ isNoisy }) => isNoisy).map(({ round }) => round))];
  for (const { name } of contestants) {
    const rate = spread(samples.filter(({ contestant }) => contestant === name).map(rateOf), 0);
    console.log(`${name.padEnd(24)} ${rate.padStart(22)}/s   x ${spread(ratios(samples, name, floor), 2)}`);
  }
  console.log(`load average ${spread(loads, 1)}; noisy rounds: ${noisy.join(", ") || "none"}`);
}
