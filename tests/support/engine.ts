import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { labStateDir } from "../../lab/endpoints.ts";
import {
  type EngineAction,
  engineCommands,
  engineEnvironment,
  type StackTarget,
} from "../../lab/platform/engine-command.ts";
import { stackFileFor } from "../../lab/platform/stack-file.ts";

export const projectDir: string = join(import.meta.dirname, "..", "..");

export interface EngineResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** The stack that `make up` deploys to the lab of this test run. */
export function stackUnderTest(labName: string = process.env["LAB_NAME"] ?? "test"): StackTarget {
  const stateDir = labStateDir(labName);
  return {
    projectDir,
    stack: labName,
    configFile: stackFileFor(labName, projectDir, stateDir),
    backendDir: join(stateDir, "pulumi"),
    passphraseFile: join(stateDir, "passphrase"),
  };
}

/** Where the lab's engine keeps the state of the stack under test. */
export function stateFile(target: StackTarget = stackUnderTest()): string {
  return join(target.backendDir, ".pulumi", "stacks", "carrel", `${target.stack}.json`);
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  /** Read, not made. */
  readonly external?: boolean;
  readonly id?: string;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  readonly dependencies?: readonly string[];
}

/** The resources in the state, or none when there is no state yet. */
export function stateResources(file: string = stateFile()): readonly StateResource[] {
  try {
    const state = JSON.parse(readFileSync(file, "utf8")) as {
      checkpoint: { latest?: { resources?: readonly StateResource[] } };
    };
    return state.checkpoint.latest?.resources ?? [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export interface EngineOptions {
  readonly args?: readonly string[];
  readonly target?: StackTarget;
  readonly env?: Readonly<Record<string, string>>;
  /** In place of the project's own pack. */
  readonly policyPack?: string;
  /** Called with the running process, to interrupt it. */
  readonly whileRunning?: (kill: (signal: NodeJS.Signals) => void) => void;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // It has ended, and this process does not know yet.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Runs the lab's engine as `make` does, in a process group of its own, so that a kill takes all of it. */
export function runEngine(action: EngineAction, options: EngineOptions = {}): Promise<EngineResult> {
  const target = options.target ?? stackUnderTest();
  const command = engineCommands("lab", action, target)[0];
  if (!command) throw new Error(`no command for ${action}`);
  return new Promise((resolve, reject) => {
    const { policyPack } = options;
    const args = command.args.map((arg) => (arg === "policies" && policyPack !== undefined ? policyPack : arg));
    const child = spawn(process.execPath, [...args, ...(options.args ?? [])], {
      cwd: projectDir,
      env: { ...process.env, ...engineEnvironment(target), ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, output: Buffer.concat(chunks).toString("utf8") }));
    options.whileRunning?.((signal) => {
      if (child.pid !== undefined && child.exitCode === null) signalGroup(child.pid, signal);
    });
  });
}
