import type { KubeClient, KubeObject, ResourceRef } from "../../../../services/lib/kube/client.ts";
import { idOf, type KubeJson } from "./object.ts";

const podRef: ResourceRef = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };
const eventRef: ResourceRef = { apiVersion: "v1", kind: "Event", plural: "events", namespaced: true };
const MOST = 3;
const LOG_LINES = 5;
/** What the kubelet answers, with status 200, for the log of a container that it has removed. */
const UNAVAILABLE = "unable to retrieve container logs for ";

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: {
    readonly waiting?: { reason?: string; message?: string };
    readonly terminated?: { reason?: string; exitCode?: number };
  };
  readonly lastState?: { readonly terminated?: { reason?: string; exitCode?: number } };
}
interface Pod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly conditions?: readonly { type: string; status: string; message?: string }[];
  };
}

function stateLines(pod: Pod): string[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const lines = statuses.flatMap(({ name, ready, state, lastState, restartCount }) => {
    if (ready) return [];
    const { waiting, terminated } = state ?? {};
    const last = lastState?.terminated ?? terminated;
    const parts = [
      waiting && `waiting: ${waiting.reason ?? ""} ${waiting.message ?? ""}`.trim(),
      last && `last exit code ${last.exitCode} (${last.reason ?? ""})`,
      restartCount > 0 && `${restartCount} restarts`,
    ].filter((part) => typeof part === "string");
    return [`pod ${pod.metadata.name}, container ${name}: ${parts.join("; ") || "not ready"}`];
  });
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  return unscheduled?.message === undefined ? lines : [`pod ${pod.metadata.name}: ${unscheduled.message}`, ...lines];
}

async function lastLines(client: KubeClient, pod: Pod): Promise<string[]> {
  const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/log`;
  const statuses = pod.status?.containerStatuses ?? [];
  const waiting = statuses.find((status) => !status.ready);
  if (!waiting) return [];
  const logOf = async (previous: boolean): Promise<string> => {
    const query = { container: waiting.name, tailLines: LOG_LINES, previous };
    const text = String(await client.request("GET", path, { query }).catch(() => ""));
    return text.startsWith(UNAVAILABLE) ? "" : text;
  };
  // Between two starts the kubelet may have removed the one before; the last one is told of then.
  const text = (waiting.restartCount > 0 && (await logOf(true))) || (await logOf(false));
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => `  log: ${line}`);
}

function selectorOf(object: KubeJson): string | undefined {
  const spec = object["spec"] as { selector?: { matchLabels?: Record<string, string> } } | undefined;
  const labels = spec?.selector?.matchLabels;
  return (
    labels &&
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(",")
  );
}

async function warnings(client: KubeClient, namespace: string, names: readonly string[]): Promise<string[]> {
  const { items } = await client.list<
    KubeObject & { type?: string; reason?: string; message?: string; involvedObject?: { name?: string } }
  >(eventRef, namespace);
  const about = items.filter(
    (event) => event.type === "Warning" && names.some((name) => event.involvedObject?.name?.startsWith(name)),
  );
  return [...new Set(about.map((event) => `event: ${event.reason}: ${event.message}`))].slice(-MOST);
}

/** Why an object is not ready: the states of its pods, their last log lines, and warning events. Never throws. */
export async function explain(client: KubeClient, object: KubeJson): Promise<string[]> {
  const namespace = object.metadata["namespace"];
  if (typeof namespace !== "string") return [];
  try {
    const selector = object.kind === "Pod" ? undefined : selectorOf(object);
    const pods =
      object.kind === "Pod"
        ? [object as unknown as Pod]
        : selector === undefined
          ? []
          : (await client.list<Pod>(podRef, namespace, { labelSelector: selector })).items;
    const unready = pods.filter((pod) => stateLines(pod).length > 0).slice(0, MOST);
    const logs = await Promise.all(unready.map((pod) => lastLines(client, pod)));
    const names = [object.metadata.name, ...unready.map((pod) => pod.metadata.name)];
    return [
      ...unready.flatMap((pod, i) => [...stateLines(pod), ...(logs[i] ?? [])]),
      ...(await warnings(client, namespace, names)),
    ];
  } catch (error) {
    return [`${idOf(object)} cannot be looked at: ${error instanceof Error ? error.message : error}`];
  }
}
