import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

/** One measured command, as it is kept in `bench/results/lab-times.jsonl`. */
interface Sample {
  readonly at: string;
  readonly phase: "cold" | "warm" | "unchanged" | "down";
  readonly seconds: number;
  readonly exitCode: number;
  readonly machine: { readonly cores: number; readonly memoryGiB: number; readonly model: string };
}

const root = join(import.meta.dirname, "..");
const results = join(import.meta.dirname, "results");
const machine = {
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  model: cpus()[0]?.model ?? "unknown",
};

function make(target: string, env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn("make", [target], { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
    child.once("error", reject).once("close", (code) => resolve(code ?? 1));
  });
}

/** Runs a phase and keeps its raw sample; a phase that failed is kept too. */
async function measure(phase: Sample["phase"], target: string, env: NodeJS.ProcessEnv): Promise<Sample> {
  const started = performance.now();
  const exitCode = await make(target, env);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const sample: Sample = { at: new Date().toISOString(), phase, seconds, exitCode, machine };
  mkdirSync(results, { recursive: true });
  appendFileSync(join(results, "lab-times.jsonl"), `${JSON.stringify(sample)}\n`);
  return sample;
}

/** Cold downloads every Go module and builds every binary into empty caches, warm has them, unchanged is the second `make up`. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "3" }, cold: { type: "boolean", default: false } },
  });
  const scratch = mkdtempSync(join(tmpdir(), "carrel-bench-"));
  const samples: Sample[] = [];
  const lab = { LAB_NAME: "bench" };
  try {
    if (values.cold) {
      const caches = {
        CARREL_CACHE_DIR: join(scratch, "cache"),
        GOCACHE: join(scratch, "go-build"),
        GOMODCACHE: join(scratch, "go-modules"),
      };
      samples.push(await measure("cold", "up", { ...lab, ...caches }));
      await make("down", lab);
    }
    for (let round = 0; round < Number(values.rounds); round++) {
      samples.push(await measure("warm", "up", lab));
      samples.push(await measure("unchanged", "up", lab));
      samples.push(await measure("down", "down", lab));
    }
  } finally {
    await make("down", lab);
    rmSync(scratch, { recursive: true, force: true });
  }
  console.log("\nphase      seconds");
  for (const { phase, seconds, exitCode } of samples) {
    console.log(`${phase.padEnd(10)} ${String(seconds).padStart(7)}${exitCode === 0 ? "" : `  exit code ${exitCode}`}`);
  }
}

await main();
