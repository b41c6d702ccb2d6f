import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { UserError } from "../../services/lib/user-error.ts";
import { failureText } from "../progress.ts";
import { StackBackend } from "./backend.ts";
import { Display, summaryJson } from "./display.ts";
import { clusterGuard } from "./guard.ts";
import { type Project, readProject } from "./project.ts";
import { providerFactory } from "./providers/index.ts";
import { type Action, runSession, type SessionOptions } from "./session.ts";
import { exportDeployment, importDeployment } from "./state.ts";
import { STACK_TYPE } from "./urn.ts";
import { masked, type Props, revealed } from "./values.ts";

const usage = `usage: node lab/engine/main.ts ACTION [options]

  preview | up | refresh | destroy | outputs | stack export | stack import

  --stack NAME             the stack                                  (required)
  --cwd DIR                folder of Pulumi.yaml                      (.)
  --config-file FILE       the stack's file                           (Pulumi.<stack>.yaml)
  --policy-pack DIR        a pack to check with, may be repeated
  --policy-pack-config F   values for the pack at the same place
  --parallel N             steps at once                              (16)
  --expect-no-changes      fail when anything would change
  --allow-cluster CONTEXT  change a cluster that no lab started
  --diff                   show every field of what is new too
  --show-secrets           with outputs and stack export
  --file FILE              with stack import                          (standard input)
  --json                   one JSON document`;

const options = {
  stack: { type: "string" },
  cwd: { type: "string", default: "." },
  "config-file": { type: "string" },
  "policy-pack": { type: "string", multiple: true, default: [] as string[] },
  "policy-pack-config": { type: "string", multiple: true, default: [] as string[] },
  parallel: { type: "string", default: "16" },
  "expect-no-changes": { type: "boolean", default: false },
  "allow-cluster": { type: "string", multiple: true, default: [] as string[] },
  diff: { type: "boolean", default: false },
  "show-secrets": { type: "boolean", default: false },
  file: { type: "string", default: "/dev/stdin" },
  json: { type: "boolean", default: false },
} satisfies ParseArgsOptionsConfig;

const parsed = () => parseArgs({ options, allowPositionals: true });
type Values = ReturnType<typeof parsed>["values"];

/** Pulumi's CLI ends with -1 for every failure. */
const FAILED = 255;

/** A signal that the first interrupt aborts; the second ends the process. */
function interruptible(): AbortSignal {
  const stop = new AbortController();
  let signals = 0;
  const interrupted = (): void => {
    if (++signals > 1) process.exit(FAILED);
    stop.abort(new Error("interrupted: what is under way is settled by the next run"));
  };
  process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
  return stop.signal;
}

function packsOf(values: Values): SessionOptions["packs"] {
  return values["policy-pack"].map((folder, i) => {
    const file = values["policy-pack-config"][i];
    const text = file === undefined ? "{}" : readFileSync(resolve(values.cwd, file), "utf8");
    return { folder: resolve(values.cwd, folder), config: JSON.parse(text) as Record<string, Props> };
  });
}

async function deploy(action: Action, values: Values, project: Project, backend: StackBackend): Promise<number> {
  const signal = interruptible();
  const write = (text: string): unknown => (values.json ? process.stderr : process.stdout).write(text);
  const color = !values.json && process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
  const display = new Display({ write, color, everyField: values.diff });
  display.say(`${titles[action]} (${project.stack})`);
  const summary = await runSession({
    action,
    project,
    backend,
    providers: providerFactory({ guard: clusterGuard(values["allow-cluster"]), now: () => new Date() }),
    packs: packsOf(values),
    parallel: Number(values.parallel),
    expectNoChanges: values["expect-no-changes"],
    display,
    signal,
  });
  if (action === "preview" || action === "refresh") display.tree(summary);
  display.summary(summary);
  if (values.json) process.stdout.write(`${JSON.stringify(summaryJson(summary), null, 2)}\n`);
  return summary.errors.length > 0 || signal.aborted ? FAILED : 0;
}

const titles: Readonly<Record<Action, string>> = {
  preview: "Previewing update",
  up: "Updating",
  refresh: "Refreshing",
  destroy: "Destroying",
};

function outputs(values: Values, backend: StackBackend): number {
  const stack = backend.deployment.resources.find((resource) => resource.type === STACK_TYPE);
  const all = (values["show-secrets"] ? revealed(stack?.outputs ?? {}) : masked(stack?.outputs ?? {})) as Props;
  if (values.json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  else for (const [key, value] of Object.entries(all)) process.stdout.write(`${key}: ${JSON.stringify(value)}\n`);
  return 0;
}

function stack(action: string | undefined, values: Values, backend: StackBackend): number {
  if (action === "export") {
    process.stdout.write(
      `${JSON.stringify(exportDeployment(backend.deployment, backend.secrets, new Date()), null, 2)}\n`,
    );
    return 0;
  }
  if (action !== "import") throw new UserError("usage", usage);
  const { version, deployment } = JSON.parse(readFileSync(values.file, "utf8")) as {
    version?: number;
    deployment?: Record<string, unknown>;
  };
  if (version !== 3 || deployment === undefined) {
    throw new UserError("import", `${values.file} is not a deployment of version 3, as \`stack export\` prints it`);
  }
  backend.save(importDeployment(deployment, backend.secrets));
  return 0;
}

async function main(): Promise<number> {
  const { values, positionals } = parsed();
  const [action = "", ...rest] = positionals;
  if (values.stack === undefined) throw new UserError("usage", `--stack is missing\n${usage}`);
  const project = readProject(resolve(values.cwd), values.stack, values["config-file"]);
  const backend = new StackBackend(project, process.env);
  if (action === "outputs") return outputs(values, backend);
  if (action === "stack") return stack(rest[0], values, backend);
  if (action in titles) return deploy(action as Action, values, project, backend);
  throw new UserError("usage", usage);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(failureText(error));
  process.exitCode = FAILED;
}
