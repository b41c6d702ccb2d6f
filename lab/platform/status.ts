import { KubeClient, type KubeObject, type ResourceRef } from "../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../services/lib/kube/config.ts";
import { findLab, type LabEndpoints } from "../endpoints.ts";
import { partLine, partsHealth, type Workload } from "./parts-health.ts";
import { PLATFORM, type PublicNames, publicNames } from "./public-names.ts";

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

const apps = (kind: string, plural: string): ResourceRef => ({ apiVersion: "apps/v1", kind, plural, namespaced: true });
const workloadKinds = [apps("Deployment", "deployments"), apps("StatefulSet", "statefulsets")];

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

async function workloadsOn(client: KubeClient): Promise<readonly Workload[]> {
  const lists = await Promise.all(
    workloadKinds.map((ref) => client.list<Workload>(ref, undefined, { labelSelector: PLATFORM })),
  );
  return lists.flatMap(({ items }) => items);
}

const section = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [title, ...lines]);

function openLines({ urls, ssh }: PublicNames, hasSsh: boolean): string[] {
  const lines = Object.entries(urls).map(([name, url]) => `  ${name.padEnd(12)} ${url}`);
  const sshLine = `  ${"ssh".padEnd(12)} ssh -p ${ssh?.port} USER@${ssh?.host}`;
  return ssh === undefined || !hasSsh ? lines : [...lines, sshLine];
}

async function linesOf(client: KubeClient, lab: LabEndpoints): Promise<string[]> {
  const [allNodes, allPods, workloads, names] = await Promise.all([
    client.list<Node>(nodes),
    client.list<Pod>(pods),
    workloadsOn(client),
    publicNames(client),
  ]);
  const health = partsHealth(workloads, names.programmed);
  const hasSsh = health.some(({ part }) => part === "ssh");
  return [
    `lab "${lab.name}": ${lab.variant}, ${lab.server}`,
    `kubeconfig: ${lab.kubeconfig}`,
    ...section("open:", openLines(names, hasSsh)),
    ...section("parts:", health.map(partLine)),
    "nodes:",
    ...allNodes.items.map((node) => `  ${node.metadata.name} ${isReady(node) ? "Ready" : "NOT READY"}`),
    "pods:",
    ...allPods.items.map(podLine),
  ];
}

/** What runs in a lab, how it is opened, and what is wrong with it, as lines for people. */
export async function status(labName: string): Promise<string> {
  const lab = findLab(labName);
  if (!lab) return `lab "${labName}" is not running: \`make up\` starts it\n`;
  const client = new KubeClient(kubeConfigFromFile(lab.kubeconfig, lab.context), { timeoutMs: 10_000 });
  try {
    return `${(await linesOf(client, lab)).join("\n")}\n`;
  } finally {
    client.close();
  }
}
