import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import type { Project, RuntimeConfig } from "./project.ts";

export interface RunnerOptions {
  readonly project: Project;
  readonly config: RuntimeConfig;
  readonly address: string;
  readonly preview: boolean;
  readonly parallel: number;
  readonly signal: AbortSignal;
  /** A line that the program printed. */
  readonly print: (line: string) => void;
}

/** The exit code of a program that has already said what was wrong. */
const ALREADY_SAID = 32;
const require = createRequire(import.meta.url);

/** Runs the program with Pulumi's own language runner; answers what went wrong, if it was not said already. */
export function runProgram(options: RunnerOptions): Promise<{ readonly failed: boolean; readonly reason?: string }> {
  const { project, config, address, preview, parallel, signal } = options;
  const args = [
    `--monitor=${address}`,
    `--engine=${address}`,
    `--project=${project.name}`,
    `--stack=${project.stack}`,
    "--organization=organization",
    `--root-directory=${project.dir}`,
    `--pwd=${project.dir}`,
    `--parallel=${parallel}`,
    ...(preview ? ["--dry-run"] : []),
    ".",
  ];
  const { PULUMI_CONFIG_PASSPHRASE: _passphrase, PULUMI_CONFIG_PASSPHRASE_FILE: _file, ...environment } = process.env;
  const child = spawn(process.execPath, [require.resolve("@pulumi/pulumi/cmd/run"), ...args], {
    cwd: project.dir,
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    env: {
      ...environment,
      PULUMI_CONFIG: JSON.stringify(config.values),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(config.secretKeys),
      PULUMI_NODEJS_TYPESCRIPT: "false",
    },
  });
  const print = (chunk: Buffer): void => {
    for (const line of chunk.toString("utf8").split("\n")) if (line.trim() !== "") options.print(line);
  };
  child.stdout.on("data", print);
  child.stderr.on("data", print);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ failed: true, reason: `the program did not run: ${error.message}` }));
    child.once("close", (code, killedBy) => {
      if (code === 0) resolve({ failed: false });
      else if (code === ALREADY_SAID) resolve({ failed: true });
      else resolve({ failed: true, reason: `the program ended with ${killedBy ?? `exit code ${code}`}` });
    });
  });
}
