import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { limiter } from "../../../lab/engine/deployer.ts";

/** Each run is a few processes; more than two at once take longer on two cores, not shorter. */
const slots = limiter(2);
const root = join(import.meta.dirname, "..", "..", "..");

export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExpectedResource {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly id?: string;
  readonly parent?: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
  readonly [field: string]: unknown;
}

export interface Deployment {
  readonly resources: readonly ExpectedResource[];
  readonly pending_operations?: readonly { readonly type: string; readonly resource: ExpectedResource }[];
  readonly [field: string]: unknown;
}

/** A small Pulumi project in a folder of its own, with a file backend beside it. */
export class TestProject {
  readonly dir: string;
  readonly backendDir: string;
  readonly stack = "test";
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    const base = mkdtempSync(join(tmpdir(), "carrel-engine-"));
    this.dir = join(base, "program");
    this.backendDir = join(base, "backend");
    mkdirSync(this.dir);
    mkdirSync(this.backendDir);
    // Node strips no types below node_modules, so the program lives outside and only links there.
    symlinkSync(join(root, "node_modules"), join(this.dir, "node_modules"));
    this.write(
      "Pulumi.yaml",
      `name: ${name}\nmain: index.ts\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n`,
    );
    this.write("package.json", JSON.stringify({ name, type: "module", main: "index.ts" }));
    this.stackFile("config: {}\n");
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    writeFileSync(join(this.dir, path), text);
  }

  /** Replaces the program. Every program may use `pulumi`, `random` and `tls`. */
  program(body: string, imports: readonly ("random" | "tls")[] = ["random"]): void {
    const lines = imports.map((name) => `import * as ${name} from "@pulumi/${name}";`);
    this.write("index.ts", ['import * as pulumi from "@pulumi/pulumi";', ...lines, body].join("\n"));
  }

  stackFile(text: string): void {
    this.write(`Pulumi.${this.stack}.yaml`, text);
  }

  get stateFile(): string {
    return join(this.backendDir, ".pulumi", "stacks", this.name, `${this.stack}.json`);
  }

  get stateText(): string {
    return readFileSync(this.stateFile, "utf8");
  }

  get state(): Deployment {
    const file = JSON.parse(this.stateText) as { checkpoint: { latest: Deployment } };
    return file.checkpoint.latest;
  }

  get environment(): NodeJS.ProcessEnv {
    const { PULUMI_CONFIG_PASSPHRASE_FILE: _file, ...inherited } = process.env;
    return {
      ...inherited,
      PULUMI_BACKEND_URL: `file://${this.backendDir}`,
      PULUMI_CONFIG_PASSPHRASE: "correct horse",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      NO_COLOR: "1",
    };
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): { child: ChildProcess; result: Promise<RunResult> } {
    const main = join(root, "lab", "engine", "main.ts");
    return run(process.execPath, [main, ...args, "--stack", this.stack, "--cwd", this.dir], {
      ...this.environment,
      ...env,
    });
  }

  engine(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunResult> {
    return slots(() => this.start(args, env).result);
  }

  remove(): void {
    rmSync(dirname(this.dir), { recursive: true, force: true });
  }
}

/** A project for as long as `work` takes. */
export async function withProject<T>(name: string, work: (project: TestProject) => Promise<T>): Promise<T> {
  const project = new TestProject(name);
  try {
    return await work(project);
  } finally {
    project.remove();
  }
}

/** The URN of a resource by its types from the outermost parent inwards. */
export function urnIn(project: string, qualifiedType: string, name: string): string {
  return `urn:pulumi:test::${project}::${qualifiedType}::${name}`;
}

/** The resource of that name. */
export function byName({ resources }: Deployment, name: string): ExpectedResource {
  const found = resources.filter(({ urn }) => urn.endsWith(`::${name}`));
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} resources are called "${name}"`);
  return found[0];
}

/** Looks again every few milliseconds. @throws Error when it takes too long */
export async function until(what: string, holds: () => boolean, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    await pause(10);
  }
}

const stories: (() => Promise<unknown>)[] = [];

/**
 * Runs of a project that several tests look at. The first test that asks begins the stories of all files, so that both
 * cores are used.
 */
export function story<T>(tell: () => Promise<T>): () => Promise<T> {
  let told: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    told ??= tell();
    return told;
  };
  stories.push(begin);
  return () => {
    for (const each of stories) each().catch(() => undefined);
    return begin();
  };
}

/** What a run printed, without what differs from run to run. */
export function timeless(text: string): string {
  return text.replaceAll(/\(\d+\.\ds\)/g, "(0.0s)").replaceAll(/Duration: \d+\.\ds/g, "Duration: 0.0s");
}

/** The one JSON document on the standard output. */
export function document({ stdout }: RunResult): RunDocument {
  const { durationMs, ...rest } = JSON.parse(stdout) as RunDocument & { durationMs: number };
  if (!(durationMs > 0)) throw new Error(`durationMs is ${durationMs}`);
  return rest;
}

export interface RunDocument {
  readonly stack: string;
  readonly preview: boolean;
  readonly steps: readonly { readonly op: string; readonly urn: string; readonly [field: string]: unknown }[];
  readonly policies: { readonly packs: readonly string[]; readonly results: readonly Record<string, unknown>[] };
  readonly diagnostics: readonly { readonly severity: string; readonly message: string }[];
  readonly outputs: Record<string, unknown>;
  readonly changeSummary: Record<string, number>;
}

/** Runs a command in a process group of its own and collects what it writes. */
export function run(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): { child: ChildProcess; result: Promise<RunResult> } {
  const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const result = new Promise<RunResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({ code, stdout: Buffer.concat(stdout).toString("utf8"), stderr: Buffer.concat(stderr).toString("utf8") }),
    );
  });
  return { child, result };
}
