import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { binariesDir, binariesKey, goVersion } from "../lab/cluster/binaries.ts";
import { run } from "../lab/cluster/run.ts";

/** Folder of the Go module. */
export const callerModule: string = join(import.meta.dirname, "caller");
const flags = ["-trimpath", "-ldflags", "-s -w"];
/** One folder, and no network: the module needs the standard library only. */
const goEnvironment = { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOTOOLCHAIN: "local", GOPROXY: "off" };

/** What to call, with what, and when; the API server calls every webhook so. Times are real. */
export interface Load {
  /** `host:port` that is called, whatever `serverName` resolves to. */
  readonly address: string;
  /** `SERVICE.NAMESPACE.svc`, which the certificate has to be for. */
  readonly serverName: string;
  /** The webhook's caBundle, PEM. */
  readonly ca: string;
  /** Of the client, PEM; without it the caller is anonymous. */
  readonly certificate?: string;
  readonly key?: string;
  /** Reviews, sent in turn. */
  readonly calls: readonly { readonly path: string; readonly body: string }[];
  /** Stands in the bodies for a uid that is new for each call; the answer has to have it. */
  readonly uid: string;
  /** The webhook's timeoutSeconds. */
  readonly timeoutSeconds: number;
  /** Calls are started at this rate whatever the answers; `seconds` or `limit` calls end them. */
  readonly ratePerSecond?: number;
  readonly seconds?: number;
  readonly limit?: number;
  /** At the beginning; it counts in everything but the latencies. */
  readonly warmupSeconds?: number;
  /** Calls that the caller itself comes later to are left out: a machine that stalled makes no burst then. @default all are made */
  readonly maxLateMs?: number;
  /** In place of a rate: when each call is due after the start, in order, and by which of the clients. */
  readonly moments?: readonly { readonly atMs: number; readonly client: number }[];
  /** API servers, each with a pool of connections of its own. @default 1 */
  readonly clients?: number;
  /** Gives each call a connection of its own. */
  readonly freshConnections?: boolean;
  /** Gets the latency of each call in milliseconds, one a line. */
  readonly latenciesFile?: string;
}

/** What a run came to; latencies are from the moment a call was due, in milliseconds. */
export interface Summary {
  readonly calls: number;
  /** Calls left out for `maxLateMs`. */
  readonly skipped: number;
  /** Calls that the API server would call failed: no answer, another status than 2xx, or no review of this uid. */
  readonly failed: number;
  /** Failed calls by their text, without addresses. */
  readonly errors: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  /** By path. */
  readonly verdicts: Readonly<Record<string, { readonly allowed: number; readonly denied: number }>>;
  /** Calls sent again because an answer asked for it by Retry-After. */
  readonly retries: number;
  readonly latencyMs: Readonly<Record<"p50" | "p90" | "p99" | "p999" | "max", number>>;
  readonly seconds: number;
  readonly ratePerSecond: number;
  /** How late the latest call was started, which is the caller's own fault. */
  readonly lateMs: number;
  readonly connections: number;
  /** Connections by the serial number of the certificate that the server showed, in hexadecimal. */
  readonly certificates: Readonly<Record<string, number>>;
  /** Calls on a connection that was there already, and how long one had been idle at most. */
  readonly reused: number;
  readonly longestIdleMs: number;
}

/** The program's sources, in order. */
function sources(): string[] {
  const files = readdirSync(callerModule).filter((file) => !file.endsWith("_test.go"));
  return files.toSorted().map((file) => `${file}\0${readFileSync(join(callerModule, file), "utf8")}`);
}

/** Runs `go` in the module. @throws StepError with its error output */
export const goInCaller = (...args: string[]): Promise<string> =>
  run("go", args, { cwd: callerModule, env: goEnvironment, timeoutMs: 300_000 });

/** Builds the caller if the cache does not have it, and answers its path. @throws StepError without Go */
export async function ensureCaller(): Promise<string> {
  const folder = binariesDir(binariesKey(await goVersion(), [...flags, ...sources()]));
  const program = join(folder, "caller");
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  // Renamed when whole; whoever builds it at the same time builds the same.
  const built = join(folder, `.new-caller-${process.pid}`);
  await goInCaller("build", ...flags, "-o", built, ".");
  renameSync(built, program);
  return program;
}

export interface Calling {
  /** @throws Error with what the caller said, when it could not run the load */
  readonly summary: Promise<Summary>;
  /** Starts no further call; the summary is of those that were started. */
  readonly stop: () => void;
}

export interface CallerOptions {
  /** Path of a network namespace to call from. */
  readonly netns?: string;
}

/** Starts a load. The process ends by itself: after the load, or when it is stopped. */
export function startCalling(program: string, load: Load, { netns }: CallerOptions = {}): Calling {
  const [file, ...args] = netns === undefined ? [program] : ["nsenter", `--net=${netns}`, program];
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  const out: Buffer[] = [];
  const problems: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => problems.push(chunk));
  // What is wrong then is in its exit code and error output.
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(load));
  const summary = new Promise<Summary>((resolve, reject) => {
    child.once("error", reject).once("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(Buffer.concat(out).toString("utf8")) as Summary);
      else reject(new Error(`the caller ended by ${signal ?? `code ${code}`}: ${Buffer.concat(problems)}`.trim()));
    });
  });
  return { summary, stop: () => child.kill("SIGTERM") };
}

/** Runs a load to its end. */
export function callWebhook(program: string, load: Load, options?: CallerOptions): Promise<Summary> {
  return startCalling(program, load, options).summary;
}
