import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { kubeConfigFromFile, kubeConfigFromText } from "../services/lib/kube/config.ts";
import { kubeConfigInCluster } from "../services/lib/kube/in-cluster.ts";
import type { KubeConfig } from "../services/lib/kube/types.ts";
import { isObject, type JsonObject } from "../services/lib/pod-defaults/types.ts";
import { UserError } from "../services/lib/user-error.ts";
import { textOf } from "./manifests.ts";

const paths = ["certificate-authority", "client-certificate", "client-key"];

/** The entries of a file, whose paths are relative to it. */
function entriesOf(file: JsonObject, list: string, part: string, folder: string): readonly JsonObject[] {
  const entries: unknown = file[list] ?? [];
  return (Array.isArray(entries) ? entries.filter(isObject) : []).map((entry) => {
    const fields = entry[part];
    if (!isObject(fields)) return entry;
    const absolute = Object.entries(fields).map(([key, value]): [string, unknown] => [
      key,
      paths.includes(key) && typeof value === "string" ? resolve(folder, value) : value,
    ]);
    return { ...entry, [part]: Object.fromEntries(absolute) };
  });
}

function parsed(path: string): JsonObject {
  try {
    const file: unknown = parse(textOf(path));
    return isObject(file) ? file : {};
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError("kubeconfig-syntax", `kubeconfig ${path} is not YAML: correct it, or name another file`, {
      cause,
    });
  }
}

/** Files as one: of two entries with one name, and of two current contexts, the first counts. */
function merged(files: readonly string[]): KubeConfig {
  const read = files.map((path) => ({ file: parsed(path), folder: dirname(resolve(path)) }));
  const all = (list: string, part: string): readonly JsonObject[] =>
    read.flatMap(({ file, folder }) => entriesOf(file, list, part, folder));
  const whole = {
    "current-context": read.map(({ file }) => file["current-context"]).find(Boolean),
    clusters: all("clusters", "cluster"),
    users: all("users", "user"),
    contexts: all("contexts", "context"),
  };
  return kubeConfigFromText(JSON.stringify(whole));
}

/**
 * The cluster that kubectl would ask: by the files of `KUBECONFIG`, of which some may be missing, by the one in the home
 * folder, or by the service account of the pod that this runs in.
 * @throws UserError where there is none, or one that cannot be used
 */
export function currentKubeConfig(env: NodeJS.ProcessEnv = process.env): KubeConfig {
  const named = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  const files = named.length > 0 ? named : [join(homedir(), ".kube", "config")];
  const [first, ...others] = files.filter((path) => existsSync(path));
  if (first !== undefined) return others.length === 0 ? kubeConfigFromFile(first) : merged([first, ...others]);
  if (env["KUBERNETES_SERVICE_HOST"]) return kubeConfigInCluster(env);
  const message = `there is no kubeconfig at ${files.join(", ")}: name one by KUBECONFIG, or give PodDefaults by -d`;
  throw new UserError("no-kubeconfig", message);
}
