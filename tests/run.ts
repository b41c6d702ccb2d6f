import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What one runner counted. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Mocha stages count their own tests; any other stage counts as one. */
  readonly mocha?: boolean;
  /** Whether later stages make sense after this one failed. */
  readonly needed?: boolean;
}

const none: Counts = { passed: 0, failed: 0, skipped: 0 };
const scratch = mkdtempSync(join(tmpdir(), "carrel-tests-"));
const environment = { ...process.env, LAB_NAME: process.env["CARREL_TEST_LAB"] ?? "test" };

const everySpec = "tests/**/*.spec.ts";
const except = (...patterns: string[]): string[] => patterns.flatMap((pattern) => ["--ignore", pattern]);

/** Specs that start servers of their own, or need a lab; each has a stage. */
const onRealServers = ["tests/identity/**", "tests/ssh/**", "tests/lab/**", "tests/platform/**"];

const checks: readonly Stage[] = [
  { name: "format and lint", command: ["biome", "check", "--error-on-warnings", "."] },
  { name: "types", command: ["tsc", "-p", "."] },
  { name: "configuration reference", command: ["node", "config/docs.ts", "--check", "README.md"] },
  {
    name: "quota tests, every line and branch",
    command: ["c8", "--config", "tests/coverage.json", "mocha", "tests/quota/**/*.spec.ts"],
    mocha: true,
  },
  {
    name: "unit tests",
    command: [
      "mocha",
      "--parallel",
      "--jobs",
      "2",
      ...except("tests/quota/**", "tests/engine/program/**", ...onRealServers),
      everySpec,
    ],
    // A look at the protocol here; the long one is a stage of its own.
    env: { CARREL_LEDGER_SCHEDULES: process.env["CARREL_LEDGER_SCHEDULES"] ?? "20000" },
    mocha: true,
  },
];

const schedules: Stage = {
  name: "ledger: a million schedules",
  command: ["mocha", "tests/services/admission/ledger-model.spec.ts"],
  mocha: true,
};

/** Whole programs through the engine's command line: offline too, but each takes a second or two. */
const programs: Stage = {
  name: "engine: programs",
  command: ["mocha", "--timeout", "120000", "tests/engine/program/**/*.spec.ts"],
  mocha: true,
};

const mochaOn = (name: string, timeout: string, ...patterns: string[]): Stage => ({
  name,
  command: ["mocha", "--timeout", timeout, ...patterns],
  mocha: true,
});

/** Parts of the platform on the real programs that they speak to, without a cluster. */
const servers: readonly Stage[] = [
  { name: "hub: Python", command: ["node", "tests/hub/run.ts"], mocha: true },
  mochaOn("identity: Keycloak", "120000", "tests/identity/**/*.spec.ts"),
  mochaOn("ssh: hub and OpenSSH", "120000", "tests/ssh/*.spec.ts"),
];

/** Of the parts, admission alone: what else would run would only be in the way of these. */
const admissionAlone = { LAB_PARTS: "" };
const everyPart = { LAB_PARTS: "identity,api,hub,ssh,exposure" };
const up = ["node", "lab/platform/main.ts", "up"];

const lab: readonly Stage[] = [
  { name: "lab: up", command: up, env: admissionAlone, needed: true },
  {
    name: "lab: tests",
    command: ["mocha", "--timeout", "180000", ...except("tests/lab/lifecycle/**"), "tests/lab/**/*.spec.ts"],
    env: admissionAlone,
    mocha: true,
  },
  {
    name: "lab: lifecycle",
    command: ["mocha", "--timeout", "900000", "tests/lab/lifecycle/**/*.spec.ts"],
    env: admissionAlone,
    mocha: true,
  },
  { name: "platform: up", command: up, env: everyPart, needed: true },
  mochaOn("platform: people", "300000", "tests/platform/**/*.spec.ts"),
];

const before: Stage = { name: "lab: nothing left of an earlier run", command: ["node", "lab/main.ts", "down"] };
const after: Stage = { name: "lab: down", command: ["node", "lab/main.ts", "down"] };

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

/** Runs a command with its output shown, and answers its exit code. */
function run(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [file = "", ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ["ignore", "inherit", "inherit"], env });
    const pass = (signal: NodeJS.Signals): boolean => child.kill(signal);
    process.on("SIGINT", pass).on("SIGTERM", pass);
    child.on("error", () => resolve(127));
    child.on("exit", (code) => {
      process.off("SIGINT", pass).off("SIGTERM", pass);
      resolve(code ?? 1);
    });
  });
}

function mochaCounts(file: string, code: number): Counts {
  if (!existsSync(file)) return { ...none, failed: 1 };
  const { passes, failures, pending } = JSON.parse(readFileSync(file, "utf8")) as Record<string, number>;
  const counted = { passed: passes ?? 0, failed: failures ?? 0, skipped: pending ?? 0 };
  // A coverage gate or an exception after the last test fails the run without failing a test.
  return code !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
}

async function runStage(stage: Stage): Promise<Counts> {
  const started = Date.now();
  const file = join(scratch, `${stage.name.replaceAll(/\W+/g, "-")}.json`);
  console.log(`\n== ${stage.name}`);
  const code = await run(stage.command, { ...environment, ...stage.env, CARREL_TEST_COUNTS: file });
  const counts = stage.mocha
    ? mochaCounts(file, code)
    : { ...none, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
  console.log(`== ${stage.name}: ${counts.failed === 0 ? "ok" : "FAILED"} in ${seconds(started)}`);
  return counts;
}

async function runStages(stages: readonly Stage[]): Promise<Counts> {
  let total = none;
  for (const stage of stages) {
    const counts = await runStage(stage);
    total = {
      passed: total.passed + counts.passed,
      failed: total.failed + counts.failed,
      skipped: total.skipped + counts.skipped,
    };
    if (stage.needed && counts.failed > 0) break;
  }
  return total;
}

async function main(scope: string): Promise<number> {
  const stages: Counts[] = [await runStages(checks)];
  if (scope === "all") {
    stages.push(await runStages([schedules, programs, ...servers]));
    stages.push(await runStages([before]));
    stages.push(await runStages(lab));
    stages.push(await runStages([after]));
  }
  const sum = (key: keyof Counts): number => stages.reduce((total, counts) => total + counts[key], 0);
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
  return sum("failed") === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv[2] ?? "all");
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
