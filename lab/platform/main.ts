import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../services/lib/user-error.ts";
import { labStateDir, readLab } from "../endpoints.ts";
import { failureText } from "../progress.ts";
import { chooseEngine, isOnPath } from "./engine-choice.ts";
import {
  type Command,
  type EngineAction,
  engineCommands,
  engineEnvironment,
  type StackTarget,
} from "./engine-command.ts";
import { ensurePassphrase } from "./passphrase.ts";
import { stackFileFor } from "./stack-file.ts";
import { status } from "./status.ts";

const usage = "usage: node lab/platform/main.ts up | preview | status";
const projectDir = join(import.meta.dirname, "..", "..");

function targetOf(labName: string): StackTarget {
  const stateDir = labStateDir(labName);
  const passphraseFile = join(stateDir, "passphrase");
  ensurePassphrase(passphraseFile);
  return {
    projectDir,
    stack: labName,
    configFile: stackFileFor(labName, projectDir, stateDir),
    backendDir: join(stateDir, "pulumi"),
    passphraseFile,
  };
}

/** Runs a command with its output shown; a signal to us is a signal to it. @throws UserError when it fails */
function run({ file, args }: Command, env: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    const command = file === "node" ? process.execPath : file;
    const child = spawn(command, args, { cwd: projectDir, stdio: "inherit", env: { ...process.env, ...env } });
    const pass = (signal: NodeJS.Signals): boolean => child.kill(signal);
    process.on("SIGINT", pass).on("SIGTERM", pass);
    child.once("error", reject);
    child.once("close", (code) => {
      process.off("SIGINT", pass).off("SIGTERM", pass);
      if (code === 0) resolve();
      else
        reject(
          new UserError(
            "failed",
            `${file} ${args.slice(0, 2).join(" ")} ended with exit code ${code}: its output is above`,
          ),
        );
    });
  });
}

/** Brings the lab up, which takes no time when it is up. */
const labUp = (): Promise<void> => run({ file: "node", args: ["lab/main.ts", "up"] }, {});

async function deploy(action: EngineAction, labName: string): Promise<void> {
  const { engine, reason } = chooseEngine(process.env["ENGINE"], isOnPath("pulumi", process.env["PATH"] ?? ""));
  process.stdout.write(`engine: ${engine} (${reason})\n`);
  const target = targetOf(labName);
  const allowed = process.env["ALLOW_CLUSTER"];
  const extra = engine === "lab" && allowed !== undefined ? ["--allow-cluster", allowed] : [];
  for (const { file, args } of engineCommands(engine, action, target)) {
    await run({ file, args: [...args, ...extra] }, engineEnvironment(target));
  }
}

/** What a person can do next. */
function greeting(labName: string): string {
  const { kubeconfig, context } = readLab(labName);
  const prefix = labName === "dev" ? "" : `LAB_NAME=${labName} `;
  const own = join(labStateDir(labName), "kubectl");
  const kubectl = existsSync(own) ? own : "kubectl";
  return [
    "",
    "Carrel is up.",
    `  cluster   ${context}: export KUBECONFIG=${kubeconfig}`,
    `  try it    ${kubectl} apply -f examples/first-group/`,
    `  look      ${prefix}make status`,
    `  stop      ${prefix}make down`,
    "",
  ].join("\n");
}

async function main(command: string | undefined, labName: string): Promise<void> {
  if (command === "up") {
    await labUp();
    await deploy("up", labName);
    process.stdout.write(greeting(labName));
  } else if (command === "preview") {
    await labUp();
    await deploy("preview", labName);
  } else if (command === "status") process.stdout.write(await status(labName));
  else throw new UserError("usage", usage);
}

try {
  await main(process.argv[2], process.env["LAB_NAME"] ?? "dev");
} catch (error) {
  process.stderr.write(failureText(error));
  process.exitCode = 1;
}
