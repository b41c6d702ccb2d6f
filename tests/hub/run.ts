import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const here = import.meta.dirname;
const service = join(here, "..", "..", "services", "hub");
const requirements = [join(service, "requirements.txt"), join(here, "requirements.txt")];
const settings = join(service, "pyproject.toml");

interface Counts {
  readonly passes: number;
  readonly failures: number;
  readonly pending: number;
}

/** Runs a command with its output shown, and answers whether it succeeded. */
function succeeds(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): boolean {
  const options = { cwd: service, stdio: "inherit", env: { ...process.env, ...env } } as const;
  return spawnSync(file, args, options).status === 0;
}

/** Where Python with the requirements is; outside the checkout, and another one for every change of them. */
function environmentFolder(): string {
  const hash = createHash("sha256").update(`${process.arch} `);
  for (const file of requirements) hash.update(readFileSync(file));
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(cache, "carrel", "hub-tests", hash.digest("hex").slice(0, 16));
}

/** Python 3.11 with the hub's programs and the checks; made once, whole or not at all. */
function environment(): string {
  const folder = environmentFolder();
  const done = join(folder, "complete");
  if (existsSync(done)) return folder;
  rmSync(folder, { recursive: true, force: true });
  const install = ["install", "--quiet", "--require-hashes", "--only-binary", ":all:"];
  const files = requirements.flatMap((file) => ["-r", file]);
  const made =
    succeeds("python3.11", ["-m", "venv", folder]) && succeeds(join(folder, "bin", "pip"), [...install, ...files]);
  if (!made) throw new Error(`no Python 3.11 with ${requirements.join(" and ")}: see pip's words above`);
  appendFileSync(done, "");
  return folder;
}

/** What pytest's report counts, each check being one more test. */
function countsOf(report: string, checks: readonly boolean[]): Counts {
  const found = existsSync(report) ? /<testsuite [^>]*>/.exec(readFileSync(report, "utf8"))?.[0] : undefined;
  const number = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(found ?? "")?.[1] ?? 0);
  const failed = number("failures") + number("errors") + (found === undefined ? 1 : 0);
  const passed = Math.max(0, number("tests") - number("failures") - number("errors") - number("skipped"));
  const failedChecks = checks.filter((passes) => !passes).length;
  return {
    passes: passed + checks.length - failedChecks,
    failures: failed + failedChecks,
    pending: number("skipped"),
  };
}

function main(): number {
  const bin = join(environment(), "bin");
  const scratch = mkdtempSync(join(tmpdir(), "carrel-hub-tests-"));
  try {
    const env = {
      RUFF_CACHE_DIR: join(bin, "..", "ruff"),
      MYPY_CACHE_DIR: join(bin, "..", "mypy"),
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONPATH: here,
    };
    const ruff = join(bin, "ruff");
    const checks = [
      succeeds(ruff, ["format", "--check", ".", here], env),
      succeeds(ruff, ["check", ".", here], env),
      succeeds(join(bin, "mypy"), ["--config-file", settings, "carrel_hub", "jupyterhub_config.py", here], env),
    ];
    const report = join(scratch, "report.xml");
    const pytest = ["-m", "pytest", "-c", settings, "--rootdir", here, `--junitxml=${report}`, here];
    const passes = succeeds(join(bin, "python"), pytest, env);
    const counts = countsOf(report, checks);
    const file = process.env["CARREL_TEST_COUNTS"];
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(counts)}\n`);
    return passes && counts.failures === 0 ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

process.exitCode = main();
