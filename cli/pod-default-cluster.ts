import { KubeClient, type KubeConfig, type ResourceRef } from "../services/lib/kube/client.ts";
import { KubeError } from "../services/lib/kube/errors.ts";
import { reasonOf } from "../services/lib/log.ts";
import { type Normalised, normalisePodDefault } from "../services/lib/pod-defaults/normalise.ts";
import type { KubeflowPodDefault } from "../services/lib/pod-defaults/types.ts";
import { UserError } from "../services/lib/user-error.ts";

const ref: ResourceRef = {
  apiVersion: "kubeflow.org/v1alpha1",
  kind: "PodDefault",
  plural: "poddefaults",
  namespaced: true,
};
/** A person waits for it. */
const TIMEOUT_MS = 10_000;

const remedies: Readonly<Record<number, string>> = {
  401: "log in to the cluster anew",
  403: "ask for the right to list poddefaults.kubeflow.org there",
  404: "install the definition of PodDefault of kubeflow.org/v1alpha1",
};

function remedyOf(error: unknown): string {
  const known = error instanceof KubeError ? remedies[error.code] : undefined;
  return known ?? "check that the cluster of your kubeconfig runs and can be reached";
}

/** The PodDefaults of one namespace of a cluster. @throws UserError where they cannot be read */
export async function podDefaultsIn(config: KubeConfig, namespace: string): Promise<readonly Normalised[]> {
  let client: KubeClient | undefined;
  try {
    client = new KubeClient(config, { timeoutMs: TIMEOUT_MS, userAgent: "carrel-cli" });
    const { items } = await client.list<KubeflowPodDefault>(ref, namespace);
    return items.map(normalisePodDefault);
  } catch (cause) {
    const what = `PodDefaults of namespace "${namespace}" cannot be read from ${config.server}`;
    const message = `${what}: ${reasonOf(cause)}: ${remedyOf(cause)}, or give PodDefaults by -d`;
    throw new UserError("cluster", message, { cause });
  } finally {
    client?.close();
  }
}
