import type { KubeflowPodDefault } from "../../crds/kubeflow-pod-default.ts";
import type { Clock } from "../lib/clock.ts";
import type { KubeClient, ResourceRef } from "../lib/kube/client.ts";
import { type Logger, reasonOf } from "../lib/log.ts";

type Condition = NonNullable<NonNullable<KubeflowPodDefault["status"]>["conditions"]>[number];

/** What a PodDefault's status says about whether it can be used. */
export interface Usability {
  readonly status: "True" | "False";
  readonly reason: "Read" | "Malformed";
  readonly message: string;
}

const TYPE = "Usable";

/** What has to be reported; nothing where the status says so already, or where there never was anything wrong. */
export function toReport(status: KubeflowPodDefault["status"], reasons: readonly string[]): Usability | undefined {
  const known = status?.conditions?.find(({ type }) => type === TYPE);
  if (reasons.length === 0) {
    if (known === undefined || known.status === "True") return undefined;
    return { status: "True", reason: "Read", message: "" };
  }
  const message = reasons.join("; ");
  return known?.status === "False" && known.message === message
    ? undefined
    : { status: "False", reason: "Malformed", message };
}

export interface StatusOptions {
  readonly client: Pick<KubeClient, "patch">;
  readonly ref: ResourceRef;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Writes a PodDefault's usability into its status. A write that fails is said in the log; the next change tries again. */
export async function reportUsability(
  { client, ref, clock, log }: StatusOptions,
  { name, namespace }: { readonly name: string; readonly namespace: string },
  usability: Usability,
): Promise<void> {
  const condition: Condition = { type: TYPE, ...usability, lastTransitionTime: new Date(clock.now()).toISOString() };
  const object = {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: { name, namespace },
    status: { conditions: [condition] },
  };
  const options = { type: "apply", fieldManager: "carrel-admission", force: true, subresource: "status" } as const;
  await client.patch(ref, namespace, name, object, options).catch((error: unknown) => {
    log.warn("pod-default-status-unwritten", { name, namespace, reason: reasonOf(error) });
  });
}
