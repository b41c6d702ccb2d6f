import { KubeClient, type KubeObject, type ResourceRef } from "../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../services/lib/kube/config.ts";
import { findLab } from "../endpoints.ts";

interface Pod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly ready: boolean;
      readonly restartCount: number;
      readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
    }[];
  };
}

interface Node extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const pods: ResourceRef = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };
const nodes: ResourceRef = { apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false };

const isReady = ({ status }: Node): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;

function podLine({ metadata, status }: Pod): string {
  const statuses = status?.containerStatuses ?? [];
  const ready = statuses.filter((item) => item.ready).length;
  const restarts = statuses.reduce((sum, item) => sum + item.restartCount, 0);
  const waiting = statuses.flatMap(({ name, state }) =>
    state?.waiting ? [`${name}: ${state.waiting.reason ?? ""} ${state.waiting.message ?? ""}`.trim()] : [],
  );
  const wrong = waiting.length === 0 ? "" : `  ${waiting.join("; ")}`;
  const name = `${metadata.namespace}/${metadata.name}`;
  return `  ${name.padEnd(56)} ${status?.phase ?? ""}  ${ready}/${statuses.length} ready  ${restarts} restarts${wrong}`;
}

/** What runs in a lab, and what is wrong with it, as lines for people. */
export async function status(labName: string): Promise<string> {
  const lab = findLab(labName);
  if (!lab) return `lab "${labName}" is not running: \`make up\` starts it\n`;
  const client = new KubeClient(kubeConfigFromFile(lab.kubeconfig, lab.context), { timeoutMs: 10_000 });
  try {
    const [allNodes, allPods] = await Promise.all([client.list<Node>(nodes), client.list<Pod>(pods)]);
    const nodeLines = allNodes.items.map((node) => `  ${node.metadata.name} ${isReady(node) ? "Ready" : "NOT READY"}`);
    const head = [`lab "${labName}": ${lab.variant}, ${lab.server}`, `kubeconfig: ${lab.kubeconfig}`];
    return `${[...head, "nodes:", ...nodeLines, "pods:", ...allPods.items.map(podLine)].join("\n")}\n`;
  } finally {
    client.close();
  }
}
