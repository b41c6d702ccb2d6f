import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What one runner counted. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed, each with the stage that ran it. */
  readonly failures: readonly string[];
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

/** What a runner leaves behind: tests/support/reporter.cjs and tests/hub/run.ts. */
interface Report {
  readonly passes: number;
  readonly failures: number;
  readonly pending: number;
  readonly failed?: readonly string[];
}

const none: Counts = { passed: 0, failed: 0, skipped: 0, failures: [] };
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

/** What a stage may take, and what its process may take to end after its last test. */
const limits = { stageMs: 40 * 60_000, endMs: 60_000, killMs: 10_000 };

/** Sends a signal to a stage and to all that it started: mocha's own process, pytest. */
function signalTo({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

/** Ends a process that is at its limit, or that goes on after its last test: one of a hundred open handles would do. */
function guard(child: ChildProcess, counts: string): () => void {
  const end = (why: string): void => {
    console.log(`== ended: ${why}`);
    signalTo(child, "SIGTERM");
    timers.push(setTimeout(() => signalTo(child, "SIGKILL"), limits.killMs));
  };
  const timers = [setTimeout(() => end(`not done after ${limits.stageMs / 60_000} min`), limits.stageMs)];
  const looking = setInterval(() => {
    if (!existsSync(counts)) return;
    clearInterval(looking);
    const why = `its process goes on ${limits.endMs / 1000} s after its last test`;
    timers.push(setTimeout(() => end(why), limits.endMs));
  }, 1000);
  return () => {
    clearInterval(looking);
    for (const timer of timers) clearTimeout(timer);
  };
}

/** Whether somebody wants the run to end: what is under way is ended, what was started is taken down, nothing is begun. */
let isInterrupted = false;

/** Runs a command with its output shown, and answers its exit code. */
function run(command: readonly string[], env: NodeJS.ProcessEnv, counts: string): Promise<number> {
  const [file = "", ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ["ignore", "inherit", "inherit"], env, detached: true });
    const release = guard(child, counts);
    const pass = (signal: NodeJS.Signals): void => {
      isInterrupted = true;
      signalTo(child, signal);
    };
    process.on("SIGINT", pass).on("SIGTERM", pass);
    const done = (code: number): void => {
      release();
      process.off("SIGINT", pass).off("SIGTERM", pass);
      resolve(code);
    };
    child.on("error", () => done(127));
    child.on("exit", (code) => done(code ?? 1));
  });
}

function mochaCounts(file: string, code: number): Counts {
  if (!existsSync(file)) return { ...none, failed: 1, failures: ["ended before its last test"] };
  const { passes, failures, pending, failed } = JSON.parse(readFileSync(file, "utf8")) as Report;
  const unnamed = failures > 0 ? [`${failures} failed, each named in its output`] : [];
  const counted = { passed: passes, failed: failures, skipped: pending, failures: failed ?? unnamed };
  if (code === 0 || failures > 0) return counted;
  // A coverage gate or an exception after the last test fails the run without failing a test.
  return { ...counted, failed: 1, failures: [`exit code ${code} though every test passed`] };
}

function commandCounts(code: number): Counts {
  return code === 0 ? { ...none, passed: 1 } : { ...none, failed: 1, failures: [`exit code ${code}`] };
}

async function runStage(stage: Stage): Promise<Counts> {
  const started = Date.now();
  const file = join(scratch, `${stage.name.replaceAll(/\W+/g, "-")}.json`);
  console.log(`\n== ${stage.name}`);
  const code = await run(stage.command, { ...environment, ...stage.env, CARREL_TEST_COUNTS: file }, file);
  const counts = stage.mocha ? mochaCounts(file, code) : commandCounts(code);
  console.log(`== ${stage.name}: ${counts.failed === 0 ? "ok" : "FAILED"} in ${seconds(started)}`);
  return { ...counts, failures: counts.failures.map((failure) => `${stage.name}: ${failure}`) };
}

function together(some: Counts, more: Counts): Counts {
  return {
    passed: some.passed + more.passed,
    failed: some.failed + more.failed,
    skipped: some.skipped + more.skipped,
    failures: [...some.failures, ...more.failures],
  };
}

async function runStages(stages: readonly Stage[]): Promise<Counts> {
  let total = none;
  for (const stage of stages) {
    if (isInterrupted && stage !== after) continue;
    const counts = await runStage(stage);
    total = together(total, counts);
    if (stage.needed && counts.failed > 0) break;
  }
  return total;
}

async function main(scope: string): Promise<number> {
  // A stage that is needed ends its own list; what comes in another list runs all the same.
  const lists = scope === "all" ? [checks, [schedules, programs, ...servers], [before], lab, [after]] : [checks];
  let total = none;
  for (const stages of lists) total = together(total, await runStages(stages));
  // Once more, at the end: thousands of lines lie between a failure and the line that counts it.
  for (const failure of total.failures) console.log(`\nfailed: ${failure}`);
  if (isInterrupted) console.log("\ninterrupted: not every test was run");
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 && !isInterrupted ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv[2] ?? "all");
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
