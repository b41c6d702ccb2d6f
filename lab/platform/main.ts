import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../services/lib/user-error.ts";
import { labStateDir, readLab } from "../endpoints.ts";
import { failureText, Progress } from "../progress.ts";
import { provideStandIns } from "../stand-ins/push.ts";
import { chooseEngine, type EngineName, isOnPath } from "./engine-choice.ts";
import {
  type Command,
  type EngineAction,
  engineCommands,
  engineEnvironment,
  type StackTarget,
} from "./engine-command.ts";
import { entranceOf, publicNamesOn } from "./entrance.ts";
import { type Entrance, greetingText } from "./greeting.ts";
import { isExposed, needsStandIns } from "./parts.ts";
import { ensurePassphrase } from "./passphrase.ts";
import { chosenParts, stackFileFor } from "./stack-file.ts";
import { readOutputs } from "./stack-outputs.ts";
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

const partsOf = ({ configFile }: StackTarget): readonly string[] | undefined =>
  chosenParts(readFileSync(configFile, "utf8"));

interface Deployed {
  readonly engine: EngineName;
  readonly target: StackTarget;
}

/** Brings the lab up with the images that the stack needs, and runs the stack on it. */
async function deploy(action: EngineAction, labName: string): Promise<Deployed> {
  const { engine, reason } = chooseEngine(process.env["ENGINE"], isOnPath("pulumi", process.env["PATH"] ?? ""));
  await labUp();
  const target = targetOf(labName);
  if (needsStandIns(partsOf(target))) await provideStandIns(labName, new Progress());
  process.stdout.write(`engine: ${engine} (${reason})\n`);
  const allowed = process.env["ALLOW_CLUSTER"];
  const extra = engine === "lab" && allowed !== undefined ? ["--allow-cluster", allowed] : [];
  for (const { file, args } of engineCommands(engine, action, target)) {
    await run({ file, args: [...args, ...extra] }, engineEnvironment(target));
  }
  return { engine, target };
}

async function entrance(labName: string, { engine, target }: Deployed): Promise<Entrance | undefined> {
  if (!isExposed(partsOf(target))) return undefined;
  return entranceOf(labName, await publicNamesOn(readLab(labName)), await readOutputs(engine, target));
}

async function up(labName: string): Promise<void> {
  const open = await entrance(labName, await deploy("up", labName));
  const { kubeconfig, context } = readLab(labName);
  const own = join(labStateDir(labName), "kubectl");
  const kubectl = existsSync(own) ? own : "kubectl";
  const greeting = { labName, kubeconfig, context, kubectl, ...(open === undefined ? {} : { entrance: open }) };
  process.stdout.write(greetingText(greeting));
}

async function main(command: string | undefined, labName: string): Promise<void> {
  if (command === "up") await up(labName);
  else if (command === "preview") await deploy("preview", labName);
  else if (command === "status") process.stdout.write(await status(labName));
  else throw new UserError("usage", usage);
}

try {
  await main(process.argv[2], process.env["LAB_NAME"] ?? "dev");
} catch (error) {
  process.stderr.write(failureText(error));
  process.exitCode = 1;
}
