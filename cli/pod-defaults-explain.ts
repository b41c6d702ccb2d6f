import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { type Explanation, explainPodDefaults, explanationText } from "../services/lib/pod-defaults/explain.ts";
import type { Normalised } from "../services/lib/pod-defaults/normalise.ts";
import type { Pod } from "../services/lib/pod-defaults/types.ts";
import { UserError } from "../services/lib/user-error.ts";
import { currentKubeConfig } from "./kubeconfig.ts";
import { textOf } from "./manifests.ts";
import { podOf } from "./pod.ts";
import { podDefaultsIn } from "./pod-default-cluster.ts";
import { podDefaultsFrom } from "./pod-default-files.ts";

const SYNOPSIS = "carrel pod-defaults explain -f POD [-d PATH]... [-n NAMESPACE] [--json]";
const HELP = `usage: ${SYNOPSIS}

Prints what a pod would get from PodDefaults of kubeflow.org/v1alpha1, from which, and why not from the others.

  -f, --filename POD        manifest of the pod, YAML or JSON; - is standard input
  -d, --pod-defaults PATH   manifest of PodDefaults, or a folder of manifests; can be repeated.
                            Without it they are read from the cluster that kubectl uses
  -n, --namespace NAMESPACE where the pod would be created; else its own, that of the kubeconfig, or default
      --json                print JSON
  -h, --help                print this

Exit codes: 0 explained, 1 a conflict refuses the pod, 2 wrong usage or something cannot be read
`;

const options = {
  filename: { type: "string", short: "f", multiple: true },
  "pod-defaults": { type: "string", short: "d", multiple: true },
  namespace: { type: "string", short: "n" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

interface Request {
  readonly filename: string;
  readonly paths: readonly string[];
  readonly namespace: string | undefined;
  readonly json: boolean;
}

const misuse = (problem: string): UserError => new UserError("usage", `${problem}\nusage: ${SYNOPSIS}`);

/** Undefined where only help is asked for. @throws UserError for what is not in the synopsis */
function requestOf(args: readonly string[]): Request | undefined {
  const { values } = parsedArgs(args);
  if (values.help) return undefined;
  const [filename, ...others] = values.filename ?? [];
  if (filename === undefined) throw misuse("-f is not given: name the manifest of a pod, or - for standard input");
  if (others.length > 0) throw misuse(`-f is given ${others.length + 1} times: name one manifest`);
  const { namespace } = values;
  if (namespace !== undefined && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) {
    throw misuse(`--namespace is ${JSON.stringify(namespace)}: write the name of a namespace`);
  }
  return { filename, paths: values["pod-defaults"] ?? [], namespace, json: values.json ?? false };
}

function parsedArgs(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options });
  } catch (error) {
    throw misuse(error instanceof Error ? error.message : String(error));
  }
}

interface Known {
  readonly namespace: string;
  readonly podDefaults: readonly Normalised[];
}

async function known({ paths, namespace }: Request, { metadata }: Pod): Promise<Known> {
  const stated = namespace ?? (metadata?.namespace || undefined);
  if (paths.length > 0) {
    const chosen = stated ?? "default";
    return { namespace: chosen, podDefaults: podDefaultsFrom(paths, chosen) };
  }
  const config = currentKubeConfig();
  const chosen = stated ?? config.namespace ?? "default";
  return { namespace: chosen, podDefaults: await podDefaultsIn(config, chosen) };
}

/** Says of PodDefaults that are elsewhere why they are not in the explanation. */
function remark({ namespace, podDefaults }: Known): string {
  const namespaces = podDefaults.map((item) => (item.ok ? item.podDefault.namespace : item.namespace));
  const others = [...new Set(namespaces)].filter((other) => other !== namespace).sort();
  if (others.length === 0) return "";
  return `note: PodDefaults of other namespaces are left out (${others.join(", ")}): -n chooses another than ${namespace}\n`;
}

const jsonOf = (explanation: Explanation): string => `${JSON.stringify(explanation, null, 2)}\n`;

/** `carrel pod-defaults explain`. @returns the exit code @throws UserError */
export async function explainCommand(args: readonly string[]): Promise<number> {
  const request = requestOf(args);
  if (request === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  const { filename, json } = request;
  const pod = filename === "-" ? podOf(await text(process.stdin), "standard input") : podOf(textOf(filename), filename);
  const found = await known(request, pod);
  const explanation = explainPodDefaults(pod, found.namespace, found.podDefaults);
  process.stderr.write(remark(found));
  process.stdout.write(json ? jsonOf(explanation) : explanationText(explanation));
  return explanation.outcome === "conflict" ? 1 : 0;
}
