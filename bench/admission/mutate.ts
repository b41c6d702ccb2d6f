import { appendFileSync, mkdirSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Contestants, floorTarget, peprTarget, type Target, targets } from "./contestants.ts";
import { type Case, caseOf, corpus } from "./corpus.ts";
import { median, quantile, seeded, shuffled, spread } from "./statistics.ts";

/** One measured round of one target; raw, as it is kept in `bench/results/admission-mutate.jsonl`. */
interface Sample {
  readonly at: string;
  readonly loop: "closed" | "open";
  readonly round: number;
  readonly target: string;
  readonly review: string;
  readonly calls: number;
  /** Processor time of the server process for one call: the load generator's own speed does not show in it. */
  readonly serverMicrosPerCall: number;
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssMiB: number;
  readonly loadAverage: number;
  readonly machine: string;
  readonly node: string;
}

interface Plan {
  readonly review: string;
  readonly bodies: readonly string[];
  readonly calls: number;
  readonly perSecond: number;
  readonly seconds: number;
}

const round2 = (value: number): number => Math.round(value * 100) / 100;

async function measure(
  all: Contestants,
  target: Target,
  plan: Plan,
  loop: Sample["loop"],
  round: number,
): Promise<Sample> {
  const { server: to, path, name } = target;
  const { review, bodies, calls, perSecond, seconds } = plan;
  const before = await all.usage(to);
  const started = performance.now();
  const order =
    loop === "closed"
      ? ({ kind: "closed", to, path, bodies, calls } as const)
      : ({ kind: "open", to, path, bodies, perSecond, seconds } as const);
  const { times = [] } = await all.order(order);
  const took = (performance.now() - started) / 1000;
  const after = await all.usage(to);
  return {
    at: new Date().toISOString(),
    loop,
    round,
    target: name,
    review,
    calls: times.length,
    serverMicrosPerCall: round2((after.cpuMicros - before.cpuMicros) / times.length),
    callsPerSecond: Math.round(times.length / took),
    p50Ms: round2(quantile(times, 0.5)),
    p99Ms: round2(quantile(times, 0.99)),
    rssMiB: Math.round(after.rssBytes / 1024 / 1024),
    loadAverage: round2(loadavg()[0] ?? 0),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`,
    node: process.version,
  };
}

/** Until then the engine still compiles, which would count as work of whoever has more code. */
const WARM_UP_CALLS = 20_000;

async function warmUp(all: Contestants, of: readonly Target[], plan: Plan, calls: number): Promise<void> {
  for (const target of of) await measure(all, target, { ...plan, calls }, "closed", 0);
}

/** Rounds in which every target has its turn, in another order each. */
async function rounds(
  all: Contestants,
  of: readonly Target[],
  plan: Plan,
  loop: Sample["loop"],
  count: number,
  seed: number,
) {
  const random = seeded(seed);
  const samples: Sample[] = [];
  for (let round = 1; round <= count; round++) {
    for (const target of shuffled(of, random)) samples.push(await measure(all, target, plan, loop, round));
  }
  return samples;
}

/** A figure of one target, divided by that of another in the same round. */
function ratios(samples: readonly Sample[], above: (round: readonly Sample[]) => number): readonly number[] {
  const byRound = Map.groupBy(samples, ({ round }) => round);
  return [...byRound.values()].map(above);
}

const microsOf = (round: readonly Sample[], target: string): number =>
  round.find((each) => each.target === target)?.serverMicrosPerCall ?? Number.NaN;

/** Rounds in which the floor itself was less than half as fast as in its best. */
function noisy(samples: readonly Sample[]): readonly number[] {
  const floors = samples.filter(({ target }) => target === floorTarget.name);
  const best = Math.max(...floors.map(({ callsPerSecond }) => callsPerSecond));
  return floors.filter(({ callsPerSecond }) => callsPerSecond < best / 2).map(({ round }) => round);
}

function printClosed(samples: readonly Sample[]): void {
  const review = samples[0]?.review ?? "";
  console.log(
    `\nclosed loop, ${review}, 25 connections: server µs a call, calls/s, and floor / target of the same round`,
  );
  for (const [name, own] of Map.groupBy(samples, ({ target }) => target)) {
    const micros = median(own.map((each) => each.serverMicrosPerCall)).toFixed(1);
    const rate = median(own.map((each) => each.callsPerSecond)).toFixed(0);
    const share = spread(
      ratios(samples, (round) => microsOf(round, floorTarget.name) / microsOf(round, name)),
      2,
    );
    console.log(`  ${name.padEnd(22)} ${micros.padStart(8)} µs ${rate.padStart(7)}/s   ${share}`);
  }
  const above = (other: string): string =>
    spread(
      ratios(samples, (round) => microsOf(round, other) / microsOf(round, "pipeline")),
      2,
    );
  console.log(`  floor / pipeline       ${above("floor")}   the floor answers a constant`);
  console.log(`  by hand / pipeline     ${above("by-hand")}   the same patches, put together as text without checks`);
  if (samples.some(({ target }) => target === peprTarget.name)) {
    console.log(`  pepr / pipeline        ${above(peprTarget.name)}   one pod, one call each`);
  }
  console.log(`  noisy rounds: ${noisy(samples).join(", ") || "none"}`);
}

function printOpen(samples: readonly Sample[], perSecond: number): void {
  console.log(`\nopen loop, ${perSecond} calls/s: p50 and p99 ms from the moment a call was due, and p99 / floor's`);
  const p99 = (round: readonly Sample[], name: string): number =>
    round.find(({ target }) => target === name)?.p99Ms ?? Number.NaN;
  for (const [name, own] of Map.groupBy(samples, ({ target }) => target)) {
    const [half, most] = [median(own.map(({ p50Ms }) => p50Ms)), median(own.map(({ p99Ms }) => p99Ms))];
    const share = spread(
      ratios(samples, (round) => p99(round, name) / p99(round, floorTarget.name)),
      2,
    );
    console.log(`  ${name.padEnd(22)} ${half.toFixed(2).padStart(6)} ${most.toFixed(2).padStart(7)}   ${share}`);
  }
}

function keep(samples: readonly Sample[]): void {
  const results = join(import.meta.dirname, "..", "results");
  mkdirSync(results, { recursive: true });
  appendFileSync(join(results, "admission-mutate.jsonl"), samples.map((each) => `${JSON.stringify(each)}\n`).join(""));
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    calls: { type: "string", default: "4000" },
    "warm-up": { type: "string", default: String(WARM_UP_CALLS) },
    seed: { type: "string", default: "1" },
    review: { type: "string", default: "create-10k" },
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "3" },
    pepr: { type: "boolean", default: false },
  },
});

const isMeasured = (each: Case): boolean => each.kind !== "invalid" && each.isCreation;

async function main(all: Contestants): Promise<void> {
  const cases = corpus(Number(values.seed));
  const differences = await all.differences(cases);
  if (differences.length > 0) throw new Error(`not the same work:\n${differences.join("\n")}`);
  console.log(`${cases.length} reviews answered alike by every contestant but the floor, which answers a constant`);
  const bodies = values.review === "corpus" ? cases.filter(isMeasured) : [caseOf(cases, values.review)];
  const plan: Plan = {
    review: values.review,
    bodies: bodies.map(({ body }) => body.toString("base64")),
    calls: Number(values.calls),
    perSecond: Number(values.rate),
    seconds: Number(values.seconds),
  };
  const closedTargets = all.has("pepr") ? [...targets, peprTarget] : targets;
  const [count, seed] = [Number(values.rounds), Number(values.seed)];
  await warmUp(all, closedTargets, plan, Number(values["warm-up"]));
  const closed = await rounds(all, closedTargets, plan, "closed", count, seed);
  keep(closed);
  printClosed(closed);
  if (plan.seconds === 0) return;
  const openTargets = targets.filter(({ name }) => name === floorTarget.name || name === "pipeline");
  const open = await rounds(all, openTargets, plan, "open", count, seed);
  keep(open);
  printOpen(open, plan.perSecond);
}

const contestants = await Contestants.start(values.pepr);
try {
  await main(contestants);
} finally {
  contestants.stop();
}
