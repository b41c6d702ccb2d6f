import type { KubeObject } from "../../services/lib/kube/types.ts";

/** A Deployment or StatefulSet of the platform. */
export interface Workload extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly readyReplicas?: number; readonly observedGeneration?: number };
}

export interface PartHealth {
  readonly part: string;
  readonly isReady: boolean;
  /** What it is made of, and how much of that runs. */
  readonly detail: string;
}

const PART_LABEL = "app.kubernetes.io/component";

const partOf = ({ metadata }: KubeObject): string => metadata.labels?.[PART_LABEL] ?? metadata.name;
const wantedOf = ({ spec }: Workload): number => spec?.replicas ?? 1;
const readyOf = ({ status }: Workload): number => status?.readyReplicas ?? 0;

/** A change that its controller has not seen is not running yet, whatever the counts say. */
const isReady = (workload: Workload): boolean =>
  readyOf(workload) >= wantedOf(workload) &&
  (workload.status?.observedGeneration ?? 0) >= (workload.metadata.generation ?? 0);

/** The platform's parts by name, each from its workloads; exposure is its Gateway. */
export function partsHealth(workloads: readonly Workload[], programmed: boolean | undefined): PartHealth[] {
  const names = [...new Set(workloads.map(partOf))].sort();
  const parts = names.map((part): PartHealth => {
    const own = workloads.filter((workload) => partOf(workload) === part);
    const counts = own.map((each) => `${each.metadata.name} ${readyOf(each)}/${wantedOf(each)}`).sort();
    return { part, isReady: own.every(isReady), detail: counts.join(", ") };
  });
  if (programmed === undefined) return parts;
  const detail = programmed ? "Gateway programmed" : "Gateway not programmed";
  const bundled = parts.find(({ part }) => part === "exposure");
  const exposure = {
    part: "exposure",
    isReady: programmed && bundled?.isReady !== false,
    detail: bundled === undefined ? detail : `${bundled.detail}, ${detail}`,
  };
  return [...parts.filter((each) => each !== bundled), exposure];
}

export const partLine = ({ part, isReady: ready, detail }: PartHealth): string =>
  `  ${part.padEnd(12)} ${ready ? "ready    " : "NOT READY"}  ${detail}`;
