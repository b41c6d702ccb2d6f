import type { EngineName } from "./engine-choice.ts";

/** What a stack is run with, whichever engine runs it. */
export interface StackTarget {
  readonly projectDir: string;
  readonly stack: string;
  readonly configFile: string;
  /** Folder of Pulumi's file backend: `.pulumi/stacks/<project>/<stack>.json` below it. */
  readonly backendDir: string;
  readonly passphraseFile: string;
}

export type EngineAction = "preview" | "up" | "refresh" | "destroy" | "outputs";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** The environment that both engines read: where the state is and what encrypts it. */
export function engineEnvironment(target: StackTarget): Record<string, string> {
  return {
    PULUMI_BACKEND_URL: `file://${target.backendDir}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: target.passphraseFile,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

/** The commands of one action, in order; every one has to succeed. */
export function engineCommands(engine: EngineName, action: EngineAction, target: StackTarget): readonly Command[] {
  return engine === "pulumi" ? pulumiCommands(action, target) : [labCommand(action, target)];
}

const hasPolicies = (action: EngineAction): boolean => action === "preview" || action === "up";

function stackArgs(action: EngineAction, target: StackTarget): string[] {
  const base = ["--stack", target.stack, "--config-file", target.configFile];
  const fields = action === "preview" ? ["--diff"] : [];
  return hasPolicies(action) ? [...base, ...fields, "--policy-pack", "policies"] : base;
}

function labCommand(action: EngineAction, target: StackTarget): Command {
  return {
    file: "node",
    args: ["lab/engine/main.ts", action, "--cwd", target.projectDir, ...stackArgs(action, target)],
  };
}

function pulumiCommands(action: EngineAction, target: StackTarget): readonly Command[] {
  const select: Command = {
    file: "pulumi",
    args: ["stack", "select", "--create", target.stack, "--cwd", target.projectDir],
  };
  if (action === "outputs") {
    return [{ file: "pulumi", args: ["stack", "output", "--stack", target.stack, "--cwd", target.projectDir] }];
  }
  const confirm = action === "preview" ? [] : ["--yes", "--skip-preview"];
  return [
    select,
    {
      file: "pulumi",
      args: [action, "--cwd", target.projectDir, "--non-interactive", ...confirm, ...stackArgs(action, target)],
    },
  ];
}
