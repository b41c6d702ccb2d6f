import { parseArgs } from "node:util";
import { KubeClient, type KubeObject, type ResourceRef } from "../services/lib/kube/client.ts";
import { KubeError } from "../services/lib/kube/errors.ts";
import { reasonOf } from "../services/lib/log.ts";
import { isOfOneNode } from "../services/lib/storage-class.ts";
import { UserError } from "../services/lib/user-error.ts";
import { currentKubeConfig } from "./kubeconfig.ts";

const SYNOPSIS = "carrel storage preflight [--class NAME] [--access-mode MODE]";
const HELP = `usage: ${SYNOPSIS}

Tells whether homes can be kept on a StorageClass of the cluster that kubectl asks. Nothing is changed.

      --class NAME        the class, as carrel:storage.homeClass names it (default: the cluster's default class)
      --access-mode MODE  ReadWriteMany or ReadWriteOnce, as carrel:storage.accessMode (default: ReadWriteMany)
  -h, --help              print this

Exit codes: 0 they can, 1 they cannot, 2 wrong usage or the cluster cannot be read
`;

const IS_DEFAULT = "storageclass.kubernetes.io/is-default-class";
const modes = ["ReadWriteMany", "ReadWriteOnce"] as const;
type AccessMode = (typeof modes)[number];

const classesRef: ResourceRef = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  plural: "storageclasses",
  namespaced: false,
};
const nodesRef: ResourceRef = { apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false };
/** A person waits for it. */
const TIMEOUT_MS = 10_000;

export interface StorageClass extends KubeObject {
  readonly provisioner: string;
}

export interface Preflight {
  readonly outcome: "fits" | "warning" | "refused";
  readonly message: string;
}

const isDefault = ({ metadata }: StorageClass): boolean => metadata.annotations?.[IS_DEFAULT] === "true";

/** The newest of several defaults, as the API server chooses. */
function chosen(classes: readonly StorageClass[], name: string | undefined): StorageClass | undefined {
  if (name !== undefined) return classes.find(({ metadata }) => metadata.name === name);
  const ageOf = ({ metadata }: StorageClass): string => metadata.creationTimestamp ?? "";
  return classes.filter(isDefault).toSorted((a, b) => (ageOf(a) < ageOf(b) ? 1 : -1))[0];
}

/** Whether homes can be on a class. @param nodes how many the cluster has */
export function preflight(
  classes: readonly StorageClass[],
  nodes: number,
  accessMode: AccessMode,
  name?: string,
): Preflight {
  const found = chosen(classes, name);
  const known = classes.map(({ metadata }) => metadata.name).join(", ") || "none";
  if (found === undefined) {
    const missing =
      name === undefined ? "the cluster has no default StorageClass" : `there is no StorageClass "${name}"`;
    return { outcome: "refused", message: `${missing}; there are ${known}: name one of them by --class` };
  }
  const what = `StorageClass "${found.metadata.name}" of ${found.provisioner}`;
  if (!isOfOneNode(found.provisioner)) return { outcome: "fits", message: `${what} is not known to be of one node` };
  if (nodes <= 1) return { outcome: "fits", message: `${what} keeps a volume on one node, and the cluster has one` };
  const where = `${what} keeps a volume on one node, and the cluster has ${nodes}`;
  if (accessMode === "ReadWriteOnce") {
    const message = `${where}: a server starts on the node of its home, and nowhere while that is down or full`;
    return { outcome: "warning", message };
  }
  const fix =
    "name a class of network storage as carrel:storage.homeClass, or set carrel:storage.nfsServer or carrel:storage.nfsSize; with carrel:storage.accessMode ReadWriteOnce each home stays on its node";
  return { outcome: "refused", message: `${where}: ${fix}` };
}

const misuse = (problem: string): UserError => new UserError("usage", `${problem}\nusage: ${SYNOPSIS}`);

const options = {
  class: { type: "string" },
  "access-mode": { type: "string", default: "ReadWriteMany" },
  help: { type: "boolean", short: "h" },
} as const;

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw misuse(reasonOf(error));
  }
}

const remedyOf = (error: unknown): string =>
  error instanceof KubeError && error.code === 403
    ? "ask for the right to list nodes and storageclasses there"
    : "check that the cluster of your kubeconfig runs and that you are logged in";

async function readCluster(): Promise<{ readonly classes: readonly StorageClass[]; readonly nodes: number }> {
  const config = currentKubeConfig();
  let client: KubeClient | undefined;
  try {
    client = new KubeClient(config, { timeoutMs: TIMEOUT_MS, userAgent: "carrel-cli" });
    const classes = await client.list<StorageClass>(classesRef);
    const nodes = await client.list(nodesRef);
    return { classes: classes.items, nodes: nodes.items.length };
  } catch (cause) {
    const message = `StorageClasses and nodes cannot be read from ${config.server}: ${reasonOf(cause)}: ${remedyOf(cause)}`;
    throw new UserError("cluster", message, { cause });
  } finally {
    client?.close();
  }
}

const words: Readonly<Record<Preflight["outcome"], string>> = { fits: "ok", warning: "warning", refused: "refused" };

/** `carrel storage preflight`. @returns the exit code @throws UserError */
export async function storagePreflightCommand(args: readonly string[]): Promise<number> {
  const values = valuesOf(args);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const mode = modes.find((each) => each === values["access-mode"]);
  if (mode === undefined)
    throw misuse(`--access-mode must be one of ${modes.join(", ")}, got "${values["access-mode"]}"`);
  const { classes, nodes } = await readCluster();
  const { outcome, message } = preflight(classes, nodes, mode, values.class);
  process.stdout.write(`${words[outcome]}: ${message}\n`);
  return outcome === "refused" ? 1 : 0;
}
