import { run } from "../../../lab/cluster/run.ts";
import { chooseEngine, isOnPath } from "../../../lab/platform/engine-choice.ts";
import { engineCommands, engineEnvironment } from "../../../lab/platform/engine-command.ts";
import { projectDir, stackUnderTest } from "../../support/engine.ts";
import { labName } from "../../support/lab.ts";

/** What the stack tells who installed it. */
export interface StackOutputs {
  readonly host: string;
  /** Of the hub, without a slash at the end. */
  readonly url: string;
  readonly namespaces: Readonly<Record<"system" | "identity" | "hub" | "work" | "gateway", string>>;
  /** PEM. */
  readonly authorityCertificate: string;
  readonly firstAdminLink: string;
  /** A line of a known-hosts file. */
  readonly sshKnownHosts: string;
}

const names = ["host", "url", "namespaces", "authorityCertificate", "firstAdminLink", "sshKnownHosts"] as const;

/** Asks the engine that has deployed the stack. @throws Error for a stack without every part */
export async function stackOutputs(): Promise<StackOutputs> {
  const target = stackUnderTest(labName());
  const { engine } = chooseEngine(process.env["ENGINE"], isOnPath("pulumi", process.env["PATH"] ?? ""));
  const [command] = engineCommands(engine, "outputs", target);
  if (command === undefined) throw new Error(`${engine} has no command for outputs`);
  const file = command.file === "node" ? process.execPath : command.file;
  const options = { cwd: projectDir, env: engineEnvironment(target) };
  const outputs = JSON.parse(await run(file, [...command.args, "--show-secrets", "--json"], options));
  const missing = names.filter((name) => outputs[name] === undefined);
  if (missing.length === 0) return outputs as StackOutputs;
  throw new Error(
    `the stack of lab "${labName()}" has no ${missing.join(", ")}: deploy every part with LAB_NAME=${labName()} make up`,
  );
}
