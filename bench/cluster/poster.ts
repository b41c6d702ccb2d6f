import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { binariesDir, binariesKey } from "../../lab/cluster/binaries.ts";
import { run } from "../../lab/cluster/run.ts";

const module = join(import.meta.dirname, "poster");
const flags = ["-trimpath", "-ldflags", "-s -w"];
/** No network: the module needs the standard library only. */
const env = { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOTOOLCHAIN: "local", GOPROXY: "off" };
/** Beyond the load itself, before it is ended. */
const PATIENCE_MS = 60_000;

/** What is sent where; every connection waits for its answer before it sends again. */
export interface PostLoad {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Sent in turn. */
  readonly bodies: readonly string[];
  /** Stands in the bodies for a uid that is new for each request. */
  readonly uid?: string;
  /** Wants an AdmissionReview of the request's uid as the answer. */
  readonly isReview?: boolean;
  readonly connections: number;
  readonly warmupSeconds?: number;
  readonly seconds: number;
  /** Ends the load after this many requests, warm-up included. */
  readonly limit?: number;
}

/** What the requests after the warm-up came to; errors count from the beginning. */
export interface PostSummary {
  readonly answered: number;
  readonly sent: number;
  readonly denied: number;
  /** What one of the refusals said. */
  readonly denial?: string;
  readonly errors: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

function sources(): string[] {
  const files = readdirSync(module).filter((file) => !file.endsWith("_test.go"));
  return files.toSorted().map((file) => `${file}\0${readFileSync(join(module, file), "utf8")}`);
}

/** Builds the program if the cache does not have it, and answers its path. @throws StepError without Go */
export async function ensurePoster(): Promise<string> {
  const go = (...args: string[]): Promise<string> => run("go", args, { cwd: module, env, timeoutMs: 300_000 });
  const version = await go("env", "GOVERSION", "GOOS", "GOARCH");
  const folder = binariesDir(binariesKey(version, [...flags, ...sources()]));
  const program = join(folder, "poster");
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  // Renamed when whole; whoever builds it at the same time builds the same.
  const built = join(folder, `.new-poster-${process.pid}`);
  await go("build", ...flags, "-o", built, ".");
  renameSync(built, program);
  return program;
}

/** Runs a load to its end. @throws Error with what the program said when it could not, and on any failed request */
export function post(program: string, load: PostLoad, signal: AbortSignal): Promise<PostSummary> {
  const timeout = ((load.warmupSeconds ?? 0) + load.seconds) * 1000 + PATIENCE_MS;
  const child = spawn(program, { stdio: ["pipe", "pipe", "pipe"], timeout, signal });
  const [out, problems]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => problems.push(chunk));
  // What is wrong then is in its exit code and error output.
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(load));
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("close", (code, signal) => {
      if (code !== 0) {
        reject(new Error(`the poster ended by ${signal ?? `code ${code}`}: ${Buffer.concat(problems)}`.trim()));
        return;
      }
      const summary = JSON.parse(Buffer.concat(out).toString("utf8")) as PostSummary;
      const failures = Object.entries(summary.errors).map(([text, count]) => `${count} x ${text}`);
      if (failures.length === 0) resolve(summary);
      else reject(new Error(`requests to ${load.url} failed: ${failures.join("; ")}`));
    });
  });
}
