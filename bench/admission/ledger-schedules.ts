import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";

const root = join(import.meta.dirname, "..", "..");
const results = join(root, "bench", "results", "ledger-schedules.jsonl");
/** Of the tests: it plays the schedules of a range of seeds. */
const player = join(root, "tests", "services", "admission", "ledger-model", "worker.ts");
/** Seeds of one step: what is lost when the run is interrupted. */
const STEP = 20_000;
const THREADS = 2;
/** How many there are to be in all runs. */
const ALL = 100_000_000;

interface Explored {
  readonly schedules: number;
  readonly found: readonly { readonly seed: number; readonly violations: readonly string[] }[];
}

/** One line of `bench/results/ledger-schedules.jsonl`: seeds `from` until before `to` were played. */
interface Sample {
  readonly at: string;
  readonly from: number;
  readonly to: number;
  readonly failed: Explored["found"];
  readonly seconds: number;
  readonly schedulesPerSecond: number;
  readonly machine: string;
}

async function played(from: number, to: number): Promise<Explored> {
  const workerData = { from, to, most: 10 };
  const worker = new Worker(player, { workerData, resourceLimits: { maxYoungGenerationSizeMb: 64 } });
  const [explored] = (await once(worker, "message")) as [Explored];
  await worker.terminate();
  return explored;
}

/** Where the runs before have come to without a gap. */
function reached(): number {
  try {
    const lines = readFileSync(results, "utf8").trim().split("\n");
    const samples = lines.map((line) => JSON.parse(line) as Sample).sort((a, b) => a.from - b.from);
    return samples.reduce((end, { from, to }) => (from <= end ? Math.max(end, to) : end), 0);
  } catch {
    return 0;
  }
}

function record(sample: Sample): void {
  mkdirSync(join(results, ".."), { recursive: true });
  appendFileSync(results, `${JSON.stringify(sample)}\n`);
}

/** Plays a range of seeds step by step on all threads; what fails does not stop it. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { from: { type: "string" }, schedules: { type: "string" } },
  });
  const from = values.from === undefined ? reached() : Number(values.from);
  const end = values.schedules === undefined ? ALL : from + Number(values.schedules);
  const failed: Explored["found"][number][] = [];
  const started = performance.now();
  let next = from;
  let done = from;
  const write = (): void => {
    const seconds = (performance.now() - started) / 1000;
    const schedulesPerSecond = Math.round((done - from) / seconds);
    const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`;
    const at = new Date().toISOString();
    record({ at, from, to: done, failed, seconds: Math.round(seconds), schedulesPerSecond, machine });
  };
  // What was played until then counts, and the next run goes on from there.
  process.on("SIGINT", () => {
    write();
    process.exit(130);
  });
  while (next < end) {
    const starts = Array.from({ length: THREADS }, (_, i) => next + i * STEP).filter((start) => start < end);
    const parts = await Promise.all(starts.map((start) => played(start, Math.min(end, start + STEP))));
    next = Math.min(end, next + THREADS * STEP);
    done = next;
    failed.push(...parts.flatMap(({ found }) => found));
    const perSecond = Math.round((done - from) / ((performance.now() - started) / 1000));
    console.log(`seeds ${from} to ${done} of ${end}: ${failed.length} failed, ${perSecond} a second`);
  }
  write();
  for (const { seed, violations } of failed) {
    console.log(
      `CARREL_LEDGER_SEED=${seed} mocha tests/services/admission/ledger-model.spec.ts: ${violations.join("; ")}`,
    );
  }
  process.exitCode = failed.length === 0 ? 0 : 1;
}

await main();
