import { execFile } from "node:child_process";
import { UserError } from "../../services/lib/user-error.ts";
import type { EngineName } from "./engine-choice.ts";
import { engineCommands, engineEnvironment, type StackTarget } from "./engine-command.ts";

/** Of a stack that has deployed some of the platform's parts; absent where their part is. */
export interface StackOutputs {
  /** PEM of the platform's own authority. */
  readonly authorityCertificate?: string;
  readonly sshFingerprint?: string;
  /** A secret: whoever opens it first is the administrator. */
  readonly firstAdminLink?: string;
}

const names = ["authorityCertificate", "sshFingerprint", "firstAdminLink"] as const;

/** The outputs that are known here, of what an engine has printed as JSON. */
export function outputsIn(json: string): StackOutputs {
  const all = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const entries = names.flatMap((name) => (typeof all[name] === "string" ? [[name, all[name]]] : []));
  return Object.fromEntries(entries) as StackOutputs;
}

function printed(file: string, args: readonly string[], target: StackTarget): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd: target.projectDir,
      env: { ...process.env, ...engineEnvironment(target) },
      maxBuffer: 16 << 20,
      timeout: 60_000,
    };
    execFile(file === "node" ? process.execPath : file, args, options, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      // Not what it printed: secrets are among it.
      else reject(new UserError("outputs", `${file} ${args.slice(0, 2).join(" ")} failed: ${stderr.trim()}`));
    });
  });
}

/** The outputs of a deployed stack, secrets in clear. @throws UserError with what the engine said */
export async function readOutputs(engine: EngineName, target: StackTarget): Promise<StackOutputs> {
  const [command] = engineCommands(engine, "outputs", target);
  if (command === undefined) throw new Error("an engine has no command for outputs");
  return outputsIn(await printed(command.file, [...command.args, "--json", "--show-secrets"], target));
}
